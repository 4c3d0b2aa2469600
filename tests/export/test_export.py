"""Exports as a whole: what is written is what is read, and every name is escaped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import TARGETS, export, find_target
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import SubBlock
from tests.support.export import LLAMA, NO_OP, PARENT, chosen, export_library

SMALL = (SubBlock("sized", 8), SubBlock("sized", 1024))
LLAMAS = [target for target in TARGETS if target.name != "nemotron-h-puzzle"]


@pytest.fixture
def solution() -> pw.Solution:
    """An architecture of three kinds of blocks, with weights."""
    return chosen(export_library(SMALL, (NO_OP, NO_OP), weights=True), [0, 1, 2, 1])


@pytest.mark.parametrize("target", LLAMAS, ids=lambda target: target.name)
def test_files_are_written(target: object, solution: pw.Solution, tmp_path: Path) -> None:
    """Into a folder under the usual name, or to the file that is named; the same every time."""
    name = str(getattr(target, "name", ""))
    made = export(pw.Scenario("kept", solution), name, parent_config=LLAMA)
    assert made.write(tmp_path) == tmp_path / find_target(name).file
    other = made.write(tmp_path / "other.txt")
    assert other.read_text(encoding="utf-8") == made.text
    assert export(solution, name, parent_config=LLAMA).kind == made.kind
    if made.kind == "application/json":
        assert "NaN" not in made.text
        assert json.loads(made.text)


def test_folders_are_made(solution: pw.Solution, tmp_path: Path) -> None:
    """A slash behind the name says that a folder is meant; what cannot be made is said."""
    made = export(solution, "layers-csv")
    assert made.write(f"{tmp_path}/out/") == tmp_path / "out" / "layers.csv"
    assert made.write(tmp_path / "a" / "b.csv").read_text(encoding="utf-8") == made.text
    with pytest.raises(pw.ExportError, match=r"b\.csv.x\.csv cannot be written"):
        made.write(tmp_path / "a" / "b.csv" / "x.csv")


@pytest.mark.parametrize("target", ["layers-csv", "layers-json"])
def test_layers_load_again(target: str, solution: pw.Solution) -> None:
    """What is exported as layers comes back as the same architecture, under its name."""
    made = export([pw.Scenario('a, "b"', solution)], target)
    (back,) = read_scenarios(made.text.encode(), made.file, solution.library)
    assert back.name == 'a, "b"'
    assert back.solution.architecture == solution.architecture
    assert back.solution.totals == solution.totals


def test_layers_in_full(solution: pw.Solution) -> None:
    """Each layer with both subblocks, and whether it is the parent's."""
    layers = json.loads(export(solution, "layers-json").text)["scenarios"][0]["layers"]
    assert [layer["attention"] for layer in layers] == [
        {"kind": "sized", "size": 8},
        {"kind": "sized", "size": 8},
        {"kind": "no_op", "size": None},
        {"kind": "sized", "size": 8},
    ]
    assert [layer["is_parent"] for layer in layers] == [True, False, False, False]
    assert layers[1]["ffn"] == {"kind": "sized", "size": 1024}
    assert layers[1]["values"] == dict(solution.blocks[1].values)


def test_a_parent_of_a_file(solution: pw.Solution, tmp_path: Path) -> None:
    """The parent's configuration may be a path."""
    (tmp_path / "config.json").write_text(json.dumps(LLAMA), encoding="utf-8")
    for source in (tmp_path, str(tmp_path / "config.json")):
        content = json.loads(export(solution, "vllm", parent_config=source).text)
        assert content["vocab_size"] == LLAMA["vocab_size"]


def test_parent_itself() -> None:
    """The parent's own architecture can be exported, and says its own sizes."""
    library = export_library(SMALL, (PARENT[0], NO_OP))
    parent = pw.parent_solution(pw.SearchProblem(library, minimize="metrics.kl_div"))
    made = export(parent, "vllm", parent_config=LLAMA)
    assert made.findings == ()
    config = json.loads(made.text)
    assert {block["ffn"]["ffn_mult"] for block in config["block_configs"]} == {6.0}
    sparse = json.loads(export(parent, "transformers", parent_config=LLAMA).text)
    assert sparse["per_layer_config"] == {}
