"""All that is found as tidy frames; the figures are the solutions' own."""

from __future__ import annotations

import io

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
