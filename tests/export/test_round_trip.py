"""What is written is read again by the readers of the same forms: the same architecture."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.export import export, write_puzzletron
from puzzle_widgets.files.architecture_file import open_architecture
from puzzle_widgets.files.run_reports import solutions_as_scenarios
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import SubBlock
from tests.export.test_puzzletron_folder import with_subblocks
from tests.support.export import (
    LINEAR,
    LLAMA,
    NO_OP,
    PARENT,
    Subblocks,
    chosen,
    export_library,
)
from tests.support.mutations import damaged_bytes, damaged_json

Read = Callable[[bytes, pw.BlockLibrary], pw.Scenario]
SIZED: tuple[Subblocks, ...] = (
    (SubBlock("sized", 4), SubBlock("sized", 1024)),
    (NO_OP, SubBlock("sized", 2048)),
    (SubBlock("sized", 1), NO_OP),
    (NO_OP, NO_OP),
)
WITH_LINEAR: tuple[Subblocks, ...] = (*SIZED, (LINEAR, PARENT[1]), (PARENT[0], LINEAR))
MUTATIONS = 1_000


def read_config(content: bytes, library: pw.BlockLibrary) -> pw.Scenario:
    """Read a model's config."""
    return open_architecture(content, library, name="again")


def read_solutions(content: bytes, library: pw.BlockLibrary) -> pw.Scenario:
    """Read the first of Puzzletron's solutions."""
    return solutions_as_scenarios(_parsed(content), "solutions.json", library)[0]


def read_layers(content: bytes, library: pw.BlockLibrary) -> pw.Scenario:
    """Read the first scenario of layers as JSON."""
    return read_scenarios(content, "layers.json", library)[0]


def read_table(content: bytes, library: pw.BlockLibrary) -> pw.Scenario:
    """Read the first scenario of layers as CSV."""
    return read_scenarios(content, "layers.csv", library)[0]


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise pw.LibraryError(f"solutions.json: broken ({type(error).__name__})") from error


FORMS: dict[str, tuple[Read, tuple[Subblocks, ...]]] = {
    "vllm": (read_config, SIZED),
    "tensorrt-llm": (read_config, WITH_LINEAR),
    "anymodel": (read_config, SIZED),
    "transformers": (read_config, SIZED),
    "puzzletron": (read_solutions, SIZED),
    "layers-json": (read_layers, WITH_LINEAR),
    "layers-csv": (read_table, WITH_LINEAR),
}


@pytest.mark.parametrize("target", FORMS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_the_same_architecture_comes_back(target: str, data: st.DataObject) -> None:
    """Any architecture of the library, written and read, is the same in every layer."""
    read, subblocks = FORMS[target]
    library = export_library(*subblocks, weights=True)
    variants = st.integers(0, len(subblocks))
    first = data.draw(st.sampled_from([0, 1]), "first layer, which has attention")
    rest = data.draw(st.lists(variants, min_size=3, max_size=3).filter(any), "the others")
    solution = chosen(library, [first, *rest])
    made = export(solution, target, parent_config=LLAMA)
    again = read(made.text.encode(), library).solution
    assert again.architecture == solution.architecture
    assert again.totals == solution.totals


def test_a_library_comes_back_from_its_puzzletron_directory(tmp_path: Path) -> None:
    """Blocks, scores, costs, non-block ones too, weights, the parent's config, as written."""
    library = with_subblocks(export_library(*SIZED, weights=True))
    again = pw.load_library(write_puzzletron(library, tmp_path / "run", parent_config=LLAMA))
    assert len(again.layers) == len(library.layers)
    for mine, theirs in zip(library.layers, again.layers, strict=True):
        for variant, other in zip(mine.variants, theirs.variants, strict=True):
            assert (variant.attention, variant.ffn) == (other.attention, other.ffn)
            assert variant.weight_paths == other.weight_paths
            assert {key: other.values[key] for key in variant.values} == dict(variant.values)
        assert theirs.positions[theirs.parent] == mine.positions[mine.parent]
    assert again.non_block_cost("stats.memory_mib") == 11.0
    assert again.parent_totals["stats.memory_mib"] == library.parent_totals["stats.memory_mib"]
    assert json.loads(again.parent_config)["vocab_size"] == LLAMA["vocab_size"]
    assert again.measurement.tokens == library.measurement.tokens


def test_a_directory_is_written_again_word_for_word(tmp_path: Path) -> None:
    """What was read from a run is given back in its own words, and searches to the same."""
    library = with_subblocks(export_library(*SIZED))
    first = pw.load_library(write_puzzletron(library, tmp_path / "first", parent_config=LLAMA))
    second = pw.load_library(write_puzzletron(first, tmp_path / "second"))
    assert replace(second, name=first.name, provenance=first.provenance) == first
    problem = {"minimize": "metrics.kl_div", "budgets": {"stats.memory_mib": "70 %"}}
    found, again = (pw.search(pw.SearchProblem(one, **problem)) for one in (first, second))  # type: ignore[arg-type]
    assert found.status == "optimal"
    assert found.architecture == again.architecture
    (answer,) = json.loads(export(again, "puzzletron").text)
    entries = json.loads((tmp_path / "first" / "replacement_library.json").read_text("utf-8"))
    assert all(entry in entries for entry in answer["chosen_replacements"])


@pytest.mark.parametrize("target", FORMS)
def test_damaged_files(target: str) -> None:
    """A thousand damaged files give an architecture of the library, or one clear error."""
    read, subblocks = FORMS[target]
    library = export_library(*subblocks, weights=True)
    text = export(chosen(library, [0, 1, 2, 3]), target, parent_config=LLAMA).text
    rng = random.Random(target)  # noqa: S311 - reproducible damage
    refused = 0
    for number in range(MUTATIONS):
        if number % 2 and target != "layers-csv":
            broken = damaged_json(json.loads(text), rng)
        else:
            broken = damaged_bytes(text.encode(), rng)
        refused += _refused(read, broken, library)
    assert 0 < refused <= MUTATIONS


def _refused(read: Read, broken: bytes, library: pw.BlockLibrary) -> bool:
    try:
        found = read(broken, library).solution
    except pw.PuzzleError as error:
        message = str(error)
    else:
        assert found.architecture is not None
        assert set(found.architecture) == {layer.name for layer in library.layers}
        return False
    assert message
    assert "\n" not in message
    return True
