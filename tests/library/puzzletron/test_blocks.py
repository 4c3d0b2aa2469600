"""The one adapter: the same block in every schema, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import SubBlock
from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.puzzletron.blocks import Shape, deci_width, read_block
from puzzle_widgets.library.puzzletron.model_config import names_blocks, read_blocks
from tests.support.puzzletron_run import block, second_block

SHAPE = Shape(8192, 64)
HERE = Location("x.json")

DECI = {
    "attention": {"n_heads_in_group": 8, "no_op": False, "window_length": None},
    "ffn": {"ffn_mult": 2.625, "no_op": False},
}
EARLY = {
    "attention": {"n_heads_in_group": 8, "no_op": False, "mamba": None, "llama4": None},
    "ffn": {"intermediate_size": 14336, "ffn_mult": None, "gated": True, "hidden_act": "silu"},
}
FIRST = block(8, 14336)
SECOND = {
    "subblock_configs": [
        {"kind": "attention", "name": "a", "num_kv_heads": 8, "num_query_heads": 64}
        | {"sliding_window_size": "full", "qk_head_dim": 128},
        {"kind": "ffn", "name": "f", "intermediate_size": 14336},
    ]
}


@pytest.mark.parametrize("config", [DECI, EARLY, FIRST, SECOND])
def test_four_schemas_say_the_same_block(config: dict[str, Any]) -> None:
    """8 KV heads and a width of 14,336, whoever wrote it."""
    found = read_block(config, SHAPE, HERE)
    assert found.fits(read_block(FIRST, SHAPE, HERE))
    assert found.name == "attention kv_heads_8, ffn intermediate_14336"
    assert found.attention.subblock == SubBlock("sized", 8)
    assert found.ffn.subblock == SubBlock("sized", 14336)


def test_the_fifth_says_what_differs() -> None:
    """``per_layer_config``: the model's sizes, but for what a layer skips or changes."""
    config = {
        "hidden_size": 8192,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "intermediate_size": 28672,
        "num_hidden_layers": 3,
        "per_layer_config": {
            "1": {"skip": ["attention"], "intermediate_size": 14336},
            "2": {"skip": ["mlp"], "num_key_value_heads": 4},
        },
    }
    assert [found.name for found in read_blocks(config, HERE)] == [
        "attention kv_heads_8, ffn intermediate_28672",
        "attention no_op, ffn intermediate_14336",
        "attention kv_heads_4, ffn no_op",
    ]


def test_sparse_mixtures_of_experts() -> None:
    """A layer with fewer experts than the model."""
    config = {
        "num_attention_heads": 64,
        "num_hidden_layers": 2,
        "num_local_experts": 128,
        "num_experts_per_tok": 4,
        "intermediate_size": 2880,
        "per_layer_config": {"1": {"num_local_experts": 96}},
    }
    names = [found.name for found in read_blocks(config, HERE)]
    assert names == [
        f"attention kv_heads_64, ffn moe experts_{n} top_4 width_2880" for n in (128, 96)
    ]


@pytest.mark.parametrize(
    ("mult", "width"), [(5.25, 28672), (3.28125, 17920), (2.625, 14336), (1.3125, 7168)]
)
def test_widths_of_deci_lm(mult: float, width: int) -> None:
    """Two thirds of the share of the model's width, up to a multiple of 256."""
    assert deci_width(mult, 8192) == width
    assert deci_width(round(3 * width / (2 * 8192), 6), 8192) == width


def test_odd_widths_of_deci_lm_are_rounded_up() -> None:
    """As all that run such models do: 9,000 is not a multiple of 256, 9,216 is the next."""
    assert deci_width(1.0, 8192) == 5632
    assert deci_width(0.5, 8192) == 2816
    assert deci_width(3 * 9000 / (2 * 8192), 8192) == 9216


def test_no_ops_linears_and_what_is_left_out() -> None:
    """A part that is missing does nothing."""
    linear = {"attention": {"replace_with_linear": True}, "ffn": {"no_op": True}}
    assert read_block(linear, SHAPE, HERE).name == "attention linear, ffn no_op"
    assert read_block({"ffn": {"intermediate_size": 8}}, SHAPE, HERE).attention.kind == "no_op"
    mamba = {"subblock_configs": [{"kind": "mamba", "state_dim": 128, "num_heads": 4}]}
    found = read_block(mamba, SHAPE, HERE)
    assert found.name == "attention mamba heads_4 state_128, ffn no_op"


def test_windows_and_fewer_query_heads_make_another_block() -> None:
    """The number of KV heads alone would not tell them apart."""
    full = read_block(SECOND, SHAPE, HERE)
    window = read_block(
        {"attention": {"num_key_value_heads": 8, "window_length": 512}, "ffn": FIRST["ffn"]},
        SHAPE,
        HERE,
    )
    assert not window.fits(full)
    assert window.attention.words == "kv_heads_8 window_512"
    assert window.attention.subblock == SubBlock("other")
    parts = SECOND["subblock_configs"]
    fewer = {"subblock_configs": [{**parts[0], "num_query_heads": 32}, parts[1]]}
    assert read_block(fewer, SHAPE, HERE).attention.words == "kv_heads_8 query_heads_32"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "at least one entry"),
        ({"attention": 3, "ffn": None}, "is not a block config"),
        ({"attention": {"no_op": True, "replace_with_linear": True}}, "Only one can be true"),
        ({"attention": {"no_op": "yes"}}, "neither true nor false"),
        ({"attention": {"no_op": False}}, "number of KV heads"),
        ({"attention": {"n_heads_in_group": 7}}, "groups of 7 do not divide 64"),
        ({"ffn": {"no_op": False}, "attention": None}, "needs its intermediate size"),
        ({"ffn": {"intermediate_size": -5}}, "is not a count"),
        ({"ffn": {"ffn_mult": "wide"}}, "is not a number"),
        ({**FIRST, "parallel_blocks": [FIRST]}, "parallel blocks"),
        ({"subblock_configs": [{"kind": "conv"}]}, "the kind 'conv' is not supported"),
        ({"subblock_configs": []}, "at least one entry"),
    ],
)
def test_what_is_no_block_is_refused(config: dict[str, Any], words: str) -> None:
    """The message names the field and the fix."""
    with pytest.raises(pw.LibraryError, match=words):
        read_block(config, SHAPE, HERE)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_hidden_layers": 3}, "2 blocks for 3 layers"),
        ({"block_configs": [FIRST, 3]}, "layer 1.*the block config is 3"),
        ({"block_configs": None}, "field 'intermediate_size': missing"),
        ({"block_configs": None, "per_layer_config": {"7": {}}}, "'7' is not a layer of 2"),
        ({"block_configs": None, "per_layer_config": {"0": {"skip": ["x"]}}}, "cannot be skipped"),
        (
            {"block_configs": None, "per_layer_config": {"0": {}}, "num_hidden_layers": 10**9},
            "at most 10,000",
        ),
    ],
)
def test_what_is_no_architecture_is_refused(changes: dict[str, Any], words: str) -> None:
    """File, layer and field are named."""
    config: dict[str, Any] = {"num_hidden_layers": 2, "block_configs": [FIRST, FIRST]}
    with pytest.raises(pw.LibraryError, match=words):
        read_blocks({**config, **changes}, HERE)


def test_a_multimodal_models_text_part_is_found() -> None:
    """The blocks may stand within ``text_config``."""
    config = {"text_config": {"block_configs": [second_block(FIRST)], "num_attention_heads": 32}}
    assert names_blocks(config)
    assert not names_blocks({"text_config": {}})
    assert not names_blocks([])
    assert len(read_blocks(config, HERE)) == 1
