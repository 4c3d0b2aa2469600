"""DeciLM: its multiplier says every size that it can say, and no other."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export.decilm import AUTO_MAP, decilm_config, ffn_mult, fits, readers_width
from puzzle_widgets.export.parent_config import read_parent_config
from puzzle_widgets.library import SubBlock
from tests.support.export import (
    HIDDEN,
    LINEAR,
    LLAMA,
    NO_OP,
    OTHER,
    PARENT,
    Subblocks,
    chosen,
    export_library,
)

HIDDEN_SIZES = (576, 1024, 2048, 3072, 4096, 5120, 6144, 8192, 16384)


def readers_build(multiplier: float, hidden: int) -> int:
    """Size by the published rule, in words of our own: two thirds, cut, up to a multiple of 256."""
    cut = int(2 * multiplier * hidden / 3)
    return cut if cut % 256 == 0 else cut + 256 - cut % 256


@pytest.mark.parametrize("hidden", HIDDEN_SIZES)
def test_multiples_of_256_are_exact(hidden: int) -> None:
    """Readers build the very size, for each multiple of 256 up to 65,280."""
    for width in range(256, 256 * 256, 256):
        assert readers_build(ffn_mult(width, hidden), hidden) == width


@pytest.mark.parametrize("hidden", HIDDEN_SIZES)
def test_other_sizes_are_refused(hidden: int) -> None:
    """Sizes between two multiples would come out greater."""
    for width in (255, 1000, 9000, 11008 + 1, 14336 - 8):
        assert not fits(width, hidden)
        with pytest.raises(pw.ExportError, match="multiple of 256"):
            ffn_mult(width, hidden)
    assert readers_width(9000, hidden) == 9216


def test_published_multipliers() -> None:
    """Multipliers published for Nemotron-Super-49B, and ours for their sizes, build the same."""
    published = {2816: 0.5, 5632: 1.0, 7168: 1.3125, 14336: 2.625, 17920: 3.28125, 28672: 5.25}
    for width, multiplier in published.items():
        assert readers_build(multiplier, 8192) == width
        assert readers_build(ffn_mult(width, 8192), 8192) == width


def test_the_configuration() -> None:
    """Blocks by group and multiplier, null where there is none; sizes for all layers are null."""
    library = export_library(
        (SubBlock("sized", 2), SubBlock("sized", 1024)), (NO_OP, PARENT[1]), (PARENT[0], LINEAR)
    )
    config = decilm_config(chosen(library, [0, 1, 2, 3]), read_parent_config(LLAMA))
    assert config["architectures"] == ["DeciLMForCausalLM"]
    assert config["model_type"] == "nemotron-nas"
    assert config["auto_map"] == AUTO_MAP
    assert config["num_hidden_layers"] == 4
    assert config["intermediate_size"] is None
    assert config["num_key_value_heads"] is None
    attention = [block["attention"] for block in config["block_configs"]]
    ffn = [block["ffn"] for block in config["block_configs"]]
    assert [subblock["n_heads_in_group"] for subblock in attention] == [2, 8, None, 2]
    assert [subblock["no_op"] for subblock in attention] == [False, False, True, False]
    assert [subblock["ffn_mult"] for subblock in ffn] == [6.0, 1.5, 6.0, None]
    assert [subblock["replace_with_linear"] for subblock in ffn] == [False, False, False, True]
    for block in config["block_configs"]:
        assert set(block["ffn"]) == {"ffn_mult", "no_op", "replace_with_linear", "sparsify"}
        assert set(block["attention"]) == {
            "n_heads_in_group",
            "no_op",
            "replace_with_linear",
            "sparsify",
            "window_length",
            "num_sink_tokens",
            "use_prefill_window_in_sink_attention",
            "unshifted_sink",
        }
    kept = ("hidden_size", "num_attention_heads", "rope_theta", "vocab_size", "rms_norm_eps")
    assert {key: config[key] for key in kept} == {key: LLAMA[key] for key in kept}
    assert config["hidden_size"] == HIDDEN


@pytest.mark.parametrize(
    "subblocks",
    [
        (SubBlock("sized", 3), PARENT[1]),
        (PARENT[0], SubBlock("sized", 1000)),
        (OTHER, PARENT[1]),
    ],
)
def test_what_it_cannot_say_is_never_written(subblocks: Subblocks) -> None:
    """Even without the check a wrong file does not come about."""
    solution = chosen(export_library(subblocks), [1, 0, 0, 0])
    with pytest.raises(pw.ExportError):
        decilm_config(solution, read_parent_config(LLAMA))
