"""Every cell of a sweep is what a search of its own gives: the same architecture, ties included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.search import engine
from puzzle_widgets.solution import optimum
from puzzle_widgets.solution.optimum import search_each, search_without_reason
from puzzle_widgets.sweeps.surface import iter_budget_surface
from tests.search.test_rule import wide_problem
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library, random_rows

KINDS = ["uniform", "ties", "negative", "zero", "scales"]


def some_problem(seed: int, kind: str = "ties", **rules: Any) -> pw.SearchProblem:
    """A small problem whose architectures often tie."""
    return pw.SearchProblem(
        make_library(random_rows(np.random.default_rng(seed), kind)), minimize=LOSS, **rules
    )


def whole_range(problem: pw.SearchProblem, *keys: str) -> tuple[tuple[float, float], ...]:
    """Limits from a little below the least sum to the greatest."""
    ends = (problem.library.total_range(key) for key in keys)
    return tuple((low - 0.1 * (high - low or 1.0), high + (high == low)) for low, high in ends)


def same(one: pw.Solution, other: pw.Solution) -> bool:
    """Whether two answers are the same, but for how long they took and their shadow prices."""
    words = [(each.status, each.architecture, each.ties == "unproven") for each in (one, other)]
    return words[0] == words[1] and one.problem == other.problem


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_cells_of_a_surface(kind: str, seed: int) -> None:
    """Each cell is what one search of the cell's problem gives."""
    problem = some_problem(seed, kind)
    ends = whole_range(problem, MEMORY, RUNTIME)
    grid = pw.budget_surface(problem, MEMORY, RUNTIME, (6, 5), between=ends)
    cells = [cell for row in grid.cells for cell in row if cell is not None]
    assert len(cells) == 30
    for cell in cells:
        assert same(cell, pw.search(cell.problem))


@pytest.mark.parametrize("seed", range(12))
def test_cells_beside_budgets_and_rules_of_the_problem(seed: int) -> None:
    """Lower limits, limits on the axis itself, and scores to be made large."""
    problem = wide_problem(seed)
    ends = whole_range(problem, MEMORY, RUNTIME)
    grid = pw.budget_surface(problem, MEMORY, RUNTIME, (4, 4), between=ends)
    rows = pw.decision_map(problem, MEMORY, points=9, between=ends[0]).solutions
    for cell in [*(cell for row in grid.cells for cell in row), *rows]:
        assert cell is not None
        assert same(cell, pw.search(cell.problem))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_a_decision_map(kind: str) -> None:
    """More rows than one call takes, with a rule of difference and a fixed variant."""
    problem = some_problem(3, kind)
    first = dict(pw.search(problem).architecture or {})
    layer, variant = next(iter(first.items()))
    problem = problem.with_difference(first, 1).with_fixed({layer: variant})
    grid = pw.decision_map(problem, MEMORY, points=40, between=whole_range(problem, MEMORY)[0])
    assert len({cell.architecture for cell in grid.solutions if cell is not None}) > 1
    for cell in grid.solutions:
        assert cell is not None
        assert same(cell, pw.search(cell.problem))


@pytest.mark.parametrize("kind", KINDS)
def test_points_of_a_front(kind: str) -> None:
    """Each point is what a search gives that prefers the least use of the front's resource."""
    for seed in range(4):
        problem = some_problem(seed, kind)
        ends = whole_range(problem, MEMORY)[0]
        front = pw.pareto_front(problem, MEMORY, 30, between=ends)
        assert front.complete
        for point in front.solutions:
            assert same(point, search_without_reason(point.problem, prefer=MEMORY))


@pytest.mark.parametrize("solver", ["exact", "reference", "HiGHS"])
def test_each_solver_searches_each_problem(solver: str) -> None:
    """In the order given, whatever they have in common."""
    problem = some_problem(1)
    limits = np.linspace(*problem.library.total_range(MEMORY), 6).tolist()
    problems = [problem.with_budget(MEMORY, upper=limit) for limit in limits]
    problems = [*problems, problem.with_fixed({0: "parent"}), problem]
    alone = [search_without_reason(one) for one in problems]
    for some in (slice(0, 6), slice(0, 8)):
        starts = alone[some][::-1]
        found = list(search_each(problems[some], starts, solver=solver))
        assert len(found) == len(starts)
        assert all(map(same, found, alone[some]))


def test_a_sweep_is_few_calls_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells that do not wait for each other are searched in one call."""
    calls: list[int] = []
    usual = engine.iter_many

    def counted(mckp: Any, changes: Any, *rest: Any) -> Any:
        calls.append(len(changes))
        return usual(mckp, changes, *rest)

    monkeypatch.setattr(optimum, "iter_many", counted)
    problem = some_problem(2, "uniform")
    ends = whole_range(problem, MEMORY, RUNTIME)
    pw.budget_surface(problem, MEMORY, RUNTIME, (8, 8), between=ends)
    assert len(calls) <= 15
    calls.clear()
    pw.pareto_front(problem, MEMORY, 64, between=ends[0])
    assert len(calls) <= 10


@pytest.mark.parametrize("solver", ["exact", "reference"])
def test_a_time_limit_is_each_cells_own(solver: str) -> None:
    """However short it is, every cell has an answer, none of which is taken for proven falsely."""
    library = pw.random_library(30, 8, seed=3)
    problem = pw.SearchProblem(library, minimize=library.scores[0])
    how: dict[str, Any] = {"time_limit": 1e-6, "solver": solver}
    grids = list(iter_budget_surface(problem, MEMORY, RUNTIME, (3, 3), **how))
    first, last = grids[0], grids[-1]
    assert (first.done, last.done) == (0, 9)
    for row in last.cells:
        for cell in row:
            assert cell is not None
            assert cell.status != "infeasible"
            best = pw.search(cell.problem).score
            assert cell.score == pytest.approx(best) if cell.status == "optimal" else True
            assert not cell.found or cell.bound <= best * (1 + 1e-9)
