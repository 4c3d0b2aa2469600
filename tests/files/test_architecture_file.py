"""Architectures as scenarios: from a model's config.json, and published ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import read_scenarios
from tests.support.libraries import EMBEDDED, PARENT_NAME, published_files, published_folder
from tests.support.puzzletron_run import (
    block,
    deci_config,
    second_block,
    small_run,
    sparse_config,
)

RUN = small_run()
LIBRARY = pw.load_files(RUN.encoded())
NARROW = "attention kv_heads_8, ffn intermediate_3072"
WHOLE = "attention kv_heads_8, ffn intermediate_14336"


def any_model(*blocks: dict[str, Any]) -> bytes:
    """An AnyModel config of these blocks."""
    config = {"num_hidden_layers": len(blocks), "num_attention_heads": 32, "hidden_size": 4096}
    return json.dumps({**config, "block_configs": list(blocks)}).encode()


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (json.dumps(deci_config(RUN)).encode(), NARROW),
        (any_model(block(8, 3072), block(8, 14336)), NARROW),
        (any_model(second_block(block(8, 3072)), second_block(block(8, 14336))), NARROW),
        (json.dumps(sparse_config(RUN)).encode(), "attention no_op, ffn intermediate_14336"),
    ],
    ids=["DeciLM", "AnyModel", "version 2", "per layer"],
)
def test_a_config_opens_as_a_scenario(content: bytes, first: str) -> None:
    """The library's variants with these blocks, summed by the library."""
    scenario = pw.open_architecture(content, LIBRARY, name="child")
    assert scenario.name == "child"
    assert dict(scenario.solution.architecture or {}) == {0: first, 1: WHOLE}
    assert scenario.solution.totals == LIBRARY.totals({0: first, 1: WHOLE})
    assert scenario.solution.status == "feasible"
    (loaded,) = read_scenarios(content, "config.json", LIBRARY)
    assert loaded.solution.architecture == scenario.solution.architecture


def test_every_layer_that_does_not_match_is_named() -> None:
    """Layers that want the same block stand together."""
    content = any_model(block(4, 3072), block(4, 3072))
    with pytest.raises(pw.ScenarioError, match="layers 0, 1: 'attention kv_heads_4, ffn interm"):
        pw.open_architecture(content, LIBRARY)
    with pytest.raises(pw.ScenarioError, match="layer 1: 'attention no_op, ffn intermediate_5888'"):
        pw.open_architecture(any_model(block(8, 3072), block(None, 5888)), LIBRARY)


def test_another_number_of_layers_is_refused() -> None:
    """A model of another parent."""
    with pytest.raises(pw.ScenarioError, match=r"1 layers, where .* has 2"):
        pw.open_architecture(any_model(block(8, 3072)), LIBRARY)


def test_a_library_of_another_form_is_matched_by_sizes() -> None:
    """No configs there: KV heads and widths tell the blocks."""
    library = pw.load_files(published_files())
    scenario = pw.open_architecture(any_model(*[block(8, 64)] * 3), library)
    assert set((scenario.solution.architecture or {}).values()) == {PARENT_NAME}


def test_a_folder_or_file_is_opened(tmp_path: Path) -> None:
    """The folder's name is the scenario's."""
    folder = tmp_path / "my-child"
    folder.mkdir()
    (folder / "config.json").write_bytes(any_model(block(8, 3072), block(8, 14336)))
    for source in (folder, folder / "config.json", str(folder)):
        assert pw.open_architecture(source, LIBRARY).name == "my-child"
    with pytest.raises(pw.ScenarioError, match="missing in the folder"):
        pw.open_architecture(tmp_path, LIBRARY)


def test_an_error_in_a_folder_names_the_file(tmp_path: Path) -> None:
    """The file that has to be fixed, with its folder; any other file by its own name."""
    folder = tmp_path / "my-child"
    folder.mkdir()
    for file, words in ((folder / "config.json", "my-child/config.json"), (folder / "x.json", "x")):
        file.write_text('{"hidden_size": 8}')
        with pytest.raises(pw.ScenarioError, match=f"^{words}"):
            pw.open_architecture(file, LIBRARY)
    with pytest.raises(pw.ScenarioError, match=r"^my-child/config\.json: not an architecture"):
        pw.open_architecture(folder, LIBRARY)
    with pytest.raises(pw.ScenarioError, match="Give a model's folder"):
        pw.open_architecture(tmp_path, LIBRARY)


def sparse(changes: Any) -> bytes:
    """A config with these differences from the parent."""
    return json.dumps({**sparse_config(RUN), "per_layer_config": changes}).encode()


def test_a_config_without_differences_is_the_parents() -> None:
    """An empty ``per_layer_config``; in a multimodal model's text part, too."""
    text = json.dumps({"text_config": json.loads(sparse({}))}).encode()
    for content in (sparse({}), text):
        scenario = pw.open_architecture(content, LIBRARY)
        assert dict(scenario.solution.architecture or {}) == LIBRARY.parent_architecture
        assert read_scenarios(content, "config.json", LIBRARY)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"0": {"skip": ["attention"]}, "00": {}}, "layer 0 appears twice, as '0' and '00'"),
        ({"9" * 5000: {}}, "is not a layer of 2"),
        ({"2": {}}, "'2' is not a layer of 2"),
        ({"x": {}}, "'x' is not a layer of 2"),
    ],
)
def test_differences_of_no_one_layer_are_refused(changes: Any, words: str) -> None:
    """None is merged with another in silence."""
    with pytest.raises(pw.ScenarioError, match=words):
        pw.open_architecture(sparse(changes), LIBRARY)


@pytest.mark.parametrize(
    ("part", "field", "value", "words"),
    [
        ("attention", "n_heads_in_group", 3, r"groups of 3 do not divide 32.*that divides 32\.$"),
        ("ffn", "ffn_mult", 1e308, r"1e\+308 is not an FFN multiple\. Give a number above 0"),
        ("ffn", "ffn_mult", -1, "-1 is not an FFN multiple"),
        ("ffn", "ffn_mult", "5", "is not a number"),
    ],
)
def test_a_size_that_cannot_be_is_refused_with_its_fix(
    part: str, field: str, value: Any, words: str
) -> None:
    """The fix is of what is wrong, not of what is there."""
    config = deci_config(RUN)
    config["block_configs"][1][part][field] = value
    with pytest.raises(pw.ScenarioError, match=f"config.json, layer 1, field '{field}'.*{words}"):
        pw.open_architecture(json.dumps(config).encode(), LIBRARY)


def test_of_blocks_that_differ_in_details_the_exact_one_is_taken() -> None:
    """Equal sizes in two number formats: the config says which."""
    odd = json.loads(json.dumps(block(8, 3072)))
    odd["ffn"]["weights_precision"] = "nvfp4"
    library = pw.load_files(type(RUN)(layers=2, blocks=[*RUN.blocks, odd]).encoded())
    scenario = pw.open_architecture(any_model(odd, block(8, 3072)), library)
    first, second = (scenario.solution.architecture or {}).values()
    assert "nvfp4" in first
    assert "nvfp4" not in second
    deci = json.dumps(deci_config(RUN)).encode()  # says nothing of the number format
    assert pw.open_architecture(deci, library).solution.found


def test_what_is_no_architecture_is_refused() -> None:
    """A config of a plain model, a broken file."""
    for content in (b'{"hidden_size": 8}', b"{", b"[]"):
        with pytest.raises(pw.ScenarioError):
            pw.open_architecture(content, LIBRARY)
    with pytest.raises(pw.ScenarioError, match="not a scenario file"):
        read_scenarios(b'{"hidden_size": 8}', "config.json", LIBRARY)


def test_the_embedded_library_takes_configs_of_its_blocks() -> None:
    """80 layers of the 70B model."""
    library = pw.load_library(EMBEDDED)
    content = any_model(*[block(8, 28672)] * 79, block(None, 14336))
    scenario = pw.open_architecture(content, library)
    assert scenario.solution.blocks[79].ffn.size == 14336


NAME = "Nemotron-Super-49B"
# Embeddings, head and the last norm of Llama 3.3 70B, which the library leaves out.
OUTSIDE = 2 * 128256 * 8192 + 8192


def test_the_published_model_has_its_published_figures() -> None:
    """49 attention layers and 49,867,145,216 parameters."""
    library = pw.load_library(published_folder())
    assert pw.preset_names(library) == (NAME,)
    solution = pw.preset(NAME, library).solution
    attention = [block.attention.kind for block in solution.blocks]
    assert attention.count("sized") == 49
    assert attention.count("no_op") == 31
    assert solution.totals["stats.num_params"] + OUTSIDE == 49_867_145_216
    assert solution.totals["stats.num_kv_heads"] == 49 * 8
    assert solution.blocks[11].ffn.size == 17920
    assert [block.ffn.size for block in solution.blocks[67:72]] == [2816, 5632, 2816, 2816, 28672]


def test_search_does_no_worse_within_its_own_costs() -> None:
    """The optimum at its memory and runtime bounds its score from below."""
    library = pw.load_library(published_folder())
    found = pw.preset(NAME, library).solution
    budgets = {key: found.totals[key] for key in ("stats.memory_mib", "stats.runtime_ms")}
    best = pw.search(pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets))
    assert best.status == "optimal"
    assert best.score <= found.score


def test_it_is_offered_only_where_its_blocks_are() -> None:
    """The embedded library has no FFN of width 17,920; the error names that layer alone."""
    library = pw.load_library(EMBEDDED)
    assert pw.preset_names(library) == ()
    with pytest.raises(
        pw.ScenarioError, match="layer 11: 'attention no_op, ffn intermediate_17920'"
    ):
        pw.preset(NAME, library)
    assert pw.preset_names(pw.random_library(2, 2)) == ()


def test_an_unknown_preset_names_those_there_are() -> None:
    """A clear error."""
    with pytest.raises(pw.ScenarioError, match=NAME):
        pw.preset("other", pw.random_library(2, 2))
