"""All as tidy frames with the solutions' own figures; budgets and architectures out of them."""

from __future__ import annotations

import io
import math

import numpy as np
import pandas as pd
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

LIBRARY = make_library([[(0, 10, 8), (1, 5, 3)], [(0, 10, 8), (4, 2, 3)], [(0, 9, 9), (2, 1, 1)]])
PROBLEM = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 25})
BLOCK = ["layer", "variant", "parent", "attention", "ffn", LOSS, MEMORY, RUNTIME]
SUMMARY = [
    *("status", "score", "bound", "gap", "seconds", "throughput", "speedup"),
    *(LOSS, MEMORY, RUNTIME, "budgets", "notes"),
]


def check_rows(frame: pd.DataFrame, solutions: list[pw.Solution]) -> None:
    """Each row has its solution's status and totals, in every column."""
    for (_, row), solution in zip(frame.iterrows(), solutions, strict=True):
        assert row["status"] == solution.status
        assert row["throughput"] == solution.throughput
        assert {key: row[key] for key in LIBRARY.keys} == dict(solution.totals)


def check_layers(frame: pd.DataFrame, solutions: list[pw.Solution], head: str) -> None:
    """Each solution has a row for every layer, whose figures sum up to its totals."""
    assert list(frame.columns)[-len(BLOCK) :] == BLOCK
    groups = frame.groupby(head, sort=False)
    for (_, group), solution in zip(groups, solutions, strict=True):
        assert pw.read_architecture(group, LIBRARY) == dict(solution.architecture or {})
        assert group[list(LIBRARY.keys)].sum().to_dict() == dict(solution.totals)


def test_a_solution_has_a_row_for_each_layer() -> None:
    """With the proof and the units in attrs; a table without rows where nothing was found."""
    solution = pw.search(PROBLEM)
    frame = pw.to_frame(solution)
    assert list(frame.columns) == BLOCK
    assert pw.read_architecture(frame, LIBRARY) == dict(solution.architecture or {})
    assert frame.attrs["units"][MEMORY] == "MiB"
    assert (frame.attrs["status"], frame.attrs["bound"]) == ("optimal", solution.bound)
    nothing = pw.to_frame(pw.search(pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 1})))
    assert (list(nothing.columns), len(nothing)) == (BLOCK, 0)
    assert nothing.attrs["status"] == "infeasible"
    assert nothing.attrs["reason"]


def test_a_front_has_a_row_for_each_point() -> None:
    """Or, if asked, one for each point and layer."""
    front = pw.pareto_front(PROBLEM, "throughput", 5)
    frame = pw.to_frame(front)
    assert list(frame.columns) == ["point", *SUMMARY]
    assert frame["point"].tolist() == list(range(len(front.solutions)))
    assert frame["throughput"].is_monotonic_increasing
    check_rows(frame, list(front.solutions))
    assert frame.attrs["resource"] == "throughput"
    assert frame.attrs["units"]["throughput"] == "tokens/s"
    check_layers(pw.to_frame(front, layers=True), list(front.solutions), "point")


def test_a_full_front_has_use_and_score_of_every_point() -> None:
    """Its solutions are made with layers only."""
    front = pw.full_front(pw.SearchProblem(LIBRARY, minimize=LOSS), MEMORY)
    frame = pw.to_frame(front)
    assert list(frame.columns) == ["point", MEMORY, LOSS]
    assert frame[LOSS].tolist() == [point.score for point in front]
    assert frame[MEMORY].tolist() == [point.totals[MEMORY] for point in front]
    check_layers(pw.to_frame(front, layers=True), list(front), "point")


def test_diverse_solutions_and_lists_keep_their_order() -> None:
    """Numbers for solutions, names for scenarios."""
    found = pw.search_diverse(PROBLEM, 3, 1)
    for frame in (pw.to_frame(found), pw.to_frame(list(found)), pw.to_frame(tuple(found))):
        assert list(frame.columns) == ["solution", *SUMMARY]
        check_rows(frame, list(found))
    named = [pw.Scenario(f"s{place}", solution) for place, solution in enumerate(found)]
    frame = pw.to_frame(named)
    assert frame["scenario"].tolist() == ["s0", "s1", "s2"]
    check_rows(frame, list(found))
    check_layers(pw.to_frame(named, layers=True), list(found), "scenario")
    assert pw.to_frame(named[0]).equals(pw.to_frame(found[0]))
    assert pw.to_frame([]).empty


def test_measured_points_have_a_row_each() -> None:
    """With a column for each key that any of them has, and units."""
    points = [
        pw.MeasuredPoint("one", FrozenMapping({MEMORY: 3.0}), "a.json"),
        pw.MeasuredPoint("two", FrozenMapping({MEMORY: 4.0, "throughput": 5.0})),
    ]
    frame = pw.to_frame(points)
    assert list(frame.columns) == ["name", "source", MEMORY, "throughput"]
    assert frame[MEMORY].tolist() == [3.0, 4.0]
    assert frame.attrs["units"] == {MEMORY: "MiB", "throughput": "tokens/s"}


def test_a_surface_has_a_row_for_each_cell() -> None:
    """With both limits; cells that were never searched say so."""
    grid = pw.budget_surface(pw.SearchProblem(LIBRARY, minimize=LOSS), MEMORY, RUNTIME, (3, 2))
    frame = pw.to_frame(grid)
    assert list(frame.columns) == ["x_limit", "y_limit", *SUMMARY]
    cells = [cell for row in grid.cells for cell in row if cell is not None]
    check_rows(frame, cells)
    assert frame["x_limit"].tolist() == [*grid.x.limits] * 2
    assert (frame.attrs["x"], frame.attrs["units"]["y_limit"]) == (MEMORY, "ms")
    pivot = frame.pivot_table(index="y_limit", columns="x_limit", values="score")
    assert pivot.to_numpy() == pytest.approx(grid.scores)
    steps = pw.iter_budget_surface(
        pw.SearchProblem(LIBRARY, minimize=LOSS), MEMORY, RUNTIME, (3, 2)
    )
    first = pw.to_frame(next(steps))
    assert set(first["status"]) == {"not searched"}
    assert len(first) == 6


def test_a_decision_map_has_a_row_for_each_target_and_layer() -> None:
    """Or one for each target."""
    grid = pw.decision_map(pw.SearchProblem(LIBRARY, minimize=LOSS), MEMORY, points=3)
    solutions = [found for found in grid.solutions if found is not None]
    frame = pw.to_frame(grid)
    check_layers(frame, solutions, "target")
    assert (frame.attrs["resource"], frame.attrs["units"]["target"]) == (MEMORY, "MiB")
    rows = pw.to_frame(grid, layers=False)
    assert rows["target"].tolist() == list(grid.targets.limits)
    check_rows(rows, solutions)


def test_frames_go_through_csv_and_parquet() -> None:
    """They are tidy: plain columns of one type each."""
    front = pw.to_frame(pw.pareto_front(PROBLEM, MEMORY, 4), layers=True)
    again = pd.read_parquet(io.BytesIO(front.to_parquet()))
    pd.testing.assert_frame_equal(again, front)
    assert again.attrs == front.attrs
    read = pd.read_csv(io.StringIO(front.to_csv(index=False)))
    assert read["variant"].tolist() == front["variant"].tolist()


@pytest.mark.parametrize("thing", [3, "text", None, [3], pd.DataFrame()])
def test_what_has_no_table_is_refused(thing: object) -> None:
    """As a caller's mistake."""
    with pytest.raises(TypeError, match=r"it has no table form|give solutions or scenarios"):
        pw.to_frame(thing)


SMALL = make_library([[(0, 10, 8), (1, 5, 3)], [(0, 10, 8), (4, 2, 3)]])


def test_a_problem_lays_out_its_budgets_and_reads_back() -> None:
    """One row a budget, with unit and the parent's sum; attrs have the objective."""
    problem = pw.SearchProblem(SMALL, minimize=LOSS, budgets={MEMORY: (3, "75 %"), RUNTIME: 12})
    frame = pw.to_frame(problem)
    assert list(frame.columns) == ["resource", "label", "unit", "lower", "upper", "parent"]
    assert frame.iloc[0].tolist() == [MEMORY, "Memory", "MiB", 3.0, 15.0, 20.0]
    assert frame.attrs == {"objective": LOSS, "goal": "minimize"}
    again = pw.SearchProblem(SMALL, minimize=LOSS, budgets=pw.read_budgets(frame))
    assert again == problem


def test_budgets_are_read_from_what_people_write() -> None:
    """Shares, nothing for no limit, one column only."""
    frame = pd.DataFrame({"resource": [MEMORY, RUNTIME], "upper": ["80 %", None]})
    problem = pw.SearchProblem(SMALL, minimize=LOSS, budgets=pw.read_budgets(frame))
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
    solution = pw.search(pw.SearchProblem(SMALL, minimize=LOSS, budgets={MEMORY: 15}))
    frame = pw.to_frame(solution)
    assert pw.read_architecture(frame, SMALL) == dict(solution.architecture or {})
    part = frame.astype({"layer": float}).iloc[1:]
    fixed = pw.read_architecture(part, SMALL, partial=True)
    assert fixed == {1: "v0"}
    assert pw.SearchProblem(SMALL, minimize=LOSS, fixed=fixed).fixed == {1: "v0"}


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"layer": [0, 1]}, "one column 'variant'. It has layer"),
        ({"layer": [0], "variant": ["v0"]}, "1 layers are missing, the first is 1"),
        ({"layer": [0, 0], "variant": ["v0", "v0"]}, "row 1: layer 0 appears twice"),
        ({"layer": [0, 7], "variant": ["v0", "v0"]}, "row 1: No layer 7 in small"),
        ({"layer": [0, "x"], "variant": ["v0", "v0"]}, "row 1: No layer 'x' in small"),
        ({"layer": [0, 1], "variant": ["v0", "v9"]}, "row 1: Layer 1 has no variant 'v9'"),
        ({"layer": [0, 1], "variant": ["v0", None]}, "row 1: Layer 1 has no variant"),
    ],
)
def test_a_wrong_architecture_is_told(frame: dict[str, list[object]], words: str) -> None:
    """By row, with what is wrong there."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.read_architecture(pd.DataFrame(frame), SMALL)
