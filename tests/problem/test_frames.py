"""Budgets and architectures as frames, and out of them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import puzzle_widgets as pw
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

LIBRARY = make_library([[(0, 10, 8), (1, 5, 3)], [(0, 10, 8), (4, 2, 3)]])


def test_a_problem_lays_out_its_budgets_and_reads_back() -> None:
    """One row a budget, with unit and the parent's sum; attrs have the objective."""
    problem = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: (3, "75 %"), RUNTIME: 12})
    frame = pw.to_frame(problem)
    assert list(frame.columns) == ["resource", "label", "unit", "lower", "upper", "parent"]
    assert frame.iloc[0].tolist() == [MEMORY, "Memory", "MiB", 3.0, 15.0, 20.0]
    assert frame.attrs == {"objective": LOSS, "goal": "minimize"}
    again = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets=pw.read_budgets(frame))
    assert again == problem


def test_budgets_are_read_from_what_people_write() -> None:
    """Shares, nothing for no limit, one column only."""
    frame = pd.DataFrame({"resource": [MEMORY, RUNTIME], "upper": ["80 %", None]})
    problem = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets=pw.read_budgets(frame))
    assert problem.budgets == {MEMORY: pw.Budget(MEMORY, upper=16.0)}
    lower = pd.DataFrame({"resource": [MEMORY], "lower": [np.float64(3)], "upper": [math.nan]})
    assert pw.read_budgets(lower) == {MEMORY: (3.0, None)}


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"upper": [1]}, "needs one column 'resource'"),
        ({"resource": [MEMORY]}, "a column 'lower' or 'upper'"),
        ({"resource": [MEMORY, MEMORY], "upper": [1, 2]}, "row 1: resource 'stats.memory_mib'"),
        ({"resource": [3], "upper": [1]}, "row 0: resource 3"),
    ],
)
def test_a_wrong_table_of_budgets_is_told(frame: dict[str, list[object]], words: str) -> None:
    """By column or row."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.read_budgets(pd.DataFrame(frame))


def test_an_architecture_is_read_from_a_solution_and_from_a_part() -> None:
    """What a solution lays out is its architecture; layers may be floats, as after a merge."""
    solution = pw.search(pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 15}))
    frame = pw.to_frame(solution)
    assert pw.read_architecture(frame, LIBRARY) == dict(solution.architecture or {})
    part = frame.astype({"layer": float}).iloc[1:]
    fixed = pw.read_architecture(part, LIBRARY, partial=True)
    assert fixed == {1: "v0"}
    assert pw.SearchProblem(LIBRARY, minimize=LOSS, fixed=fixed).fixed == {1: "v0"}


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"layer": [0, 1]}, "one column 'variant'. It has layer"),
        ({"layer": [0], "variant": ["v0"]}, "1 layers are missing, the first is 1"),
        ({"layer": [0, 0], "variant": ["v0", "v0"]}, "row 1: layer 0 appears twice"),
        ({"layer": [0, 7], "variant": ["v0", "v0"]}, "row 1: no layer 7 in small"),
        ({"layer": [0, "x"], "variant": ["v0", "v0"]}, "row 1: no layer 'x' in small"),
        ({"layer": [0, 1], "variant": ["v0", "v9"]}, "row 1: layer 1, variant 'v9'"),
        ({"layer": [0, 1], "variant": ["v0", None]}, "row 1: layer 1, variant"),
    ],
)
def test_a_wrong_architecture_is_told(frame: dict[str, list[object]], words: str) -> None:
    """By row, with what is wrong there."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.read_architecture(pd.DataFrame(frame), LIBRARY)
