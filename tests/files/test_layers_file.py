"""Layers as CSV: nothing in it is a formula, and it comes back as it was."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.layers_file import as_named, dump_layers, harmless
from puzzle_widgets.files.scenario_file import read_scenarios
from tests.support.export import PARENT, variant

FORMULAS = ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "'=1", "''-1"]
PLAIN = ["full", "'quoted'", "8 KV heads", "", "a=b", "'"]


@pytest.mark.parametrize("name", [*FORMULAS, *PLAIN])
def test_every_name_comes_back(name: str) -> None:
    """Whatever apostrophes it has of its own."""
    assert as_named(str(harmless(name))) == name
    assert (harmless(name) != name) == (name in FORMULAS)


def test_numbers_stay_numbers() -> None:
    """A layer's number is not a text."""
    assert harmless(-1) == -1


@pytest.mark.parametrize("name", FORMULAS[:4])
def test_no_cell_is_a_formula(name: str) -> None:
    """Names of scenario, layer and variant, read back as the same architecture."""
    blocks = (variant("full", PARENT, 0.0), variant(name, PARENT, 1.0))
    library = pw.BlockLibrary("odd", (pw.Layer(name, blocks, "full"), pw.Layer("b", blocks, name)))
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", fixed={name: name, "b": name})
    kept = pw.Scenario(name, pw.search(problem))
    text = dump_layers([kept, replace(kept, name="plain")])
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 5
    assert rows[1][:3] == [f"'{name}"] * 3
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row[:4])
    back, plain = read_scenarios(text.encode(), "layers.csv", library)
    assert (back.name, plain.name) == (name, "plain")
    assert back.solution.architecture == kept.solution.architecture


def test_no_scenarios_have_headings() -> None:
    """An empty table is still a table."""
    assert dump_layers([]).split() == ['"scenario","layer","variant","block"']
