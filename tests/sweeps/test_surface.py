"""Budget surfaces against brute force, lazily, stopped and in parallel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.solution.optimum import search_each
from puzzle_widgets.sweeps import sweep as sweep_module
from puzzle_widgets.sweeps.surface import SurfaceGrid, iter_budget_surface
from tests.support.libraries import (
    LOSS,
    MEMORY,
    RUNTIME,
    best_score,
    make_library,
    published_folder,
    random_rows,
)
from tests.support.pools import pool_of


def small_problem(seed: int, kind: str = "uniform", **how: Any) -> pw.SearchProblem:
    """Random problem that brute force can answer."""
    library = make_library(random_rows(np.random.default_rng(seed), kind))
    return pw.SearchProblem(library, minimize=LOSS, **how)


def truth(grid: SurfaceGrid) -> np.ndarray:
    """Scores of all cells by trying every architecture."""
    return np.array(
        [
            [best_score(grid.x.limited(grid.y.limited(grid.problem, row), column))]
            for row in range(len(grid.y))
            for column in range(len(grid.x))
        ]
    ).reshape(len(grid.y), len(grid.x))


@pytest.mark.parametrize("kind", ["uniform", "ties", "negative", "zero", "scales"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_cell_is_the_optimum(kind: str, seed: int) -> None:
    """Each cell scores what brute force finds, and is empty where that finds nothing."""
    problem = small_problem(seed, kind)
    ends = problem.library.total_range(MEMORY), problem.library.total_range(RUNTIME)
    spread = tuple((low - 0.1 * (high - low or 1.0), high) for low, high in ends)
    grid = pw.budget_surface(problem, MEMORY, RUNTIME, (5, 4), between=spread)
    assert grid.complete
    np.testing.assert_allclose(grid.scores, truth(grid), rtol=1e-9, atol=1e-9)


def test_a_gain_may_be_maximized() -> None:
    """The best of a gain under each pair of limits."""
    library = make_library(random_rows(np.random.default_rng(9), "uniform"))
    problem = pw.SearchProblem(library, maximize=LOSS)
    grid = pw.budget_surface(problem, MEMORY, "throughput", (4, 5))
    np.testing.assert_allclose(grid.scores, truth(grid), rtol=1e-9)


def test_cells_answer_their_own_problem() -> None:
    """The solution of a cell says the cell's two limits, whether searched or known before."""
    grid = pw.budget_surface(small_problem(4), MEMORY, RUNTIME, (6, 5))
    for row in range(5):
        for column in range(6):
            cell = grid.cells[row][column]
            assert cell is not None
            assert cell.problem == grid.x.limited(grid.y.limited(grid.problem, row), column)
            limits = cell.problem.budgets.items() if cell.found else ()
            assert all(cell.totals[key] <= budget.upper + 1e-9 for key, budget in limits)


def test_infeasible_cells_are_empty_and_said() -> None:
    """Limits below the least possible give NaN with the status, without a search each."""
    problem = small_problem(5)
    least, most = problem.library.total_range(MEMORY)
    grid = pw.budget_surface(
        problem, MEMORY, RUNTIME, (4, 3), between=((least - 9 * (most - least), most), None)
    )
    assert [math.isnan(score) for score in grid.scores[0]] == [True, True, True, False]
    assert [row[0] for row in grid.statuses] == ["infeasible"] * 3


def test_known_cells_cost_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a looser optimum keeps the tighter limits, no search is made."""
    searched: list[pw.SearchProblem] = []

    def counted(problems: Any, *rest: Any, **options: Any) -> Any:
        searched.extend(problems)
        return search_each(problems, *rest, **options)

    monkeypatch.setattr(sweep_module, "search_each", counted)
    steps = (1.0, 1.25, 1.75)  # no two architectures score the same
    library = make_library([[(0.0, 9.0, 9.0), (s, 3.0, 3.0), (4 * s, 1.0, 1.0)] for s in steps])
    grid = pw.budget_surface(pw.SearchProblem(library, minimize=LOSS), MEMORY, RUNTIME, (9, 9))
    np.testing.assert_allclose(grid.scores, truth(grid))
    assert 0 < len(searched) < 40
    assert len(set(map(id, searched))) == len(searched)


def test_the_first_snapshot_is_empty_and_each_next_has_one_more() -> None:
    """Snapshots come cell by cell; axes and shape are known from the first."""
    grids = list(iter_budget_surface(small_problem(6), MEMORY, RUNTIME, (3, 4)))
    assert [grid.done for grid in grids] == list(range(13))
    assert grids[0].scores.shape == (4, 3)
    assert np.isnan(grids[0].scores).all()
    assert grids[0].statuses[0][0] == ""
    assert [grid.complete for grid in grids] == [False] * 12 + [True]


def test_a_cancel_keeps_what_is_found() -> None:
    """Stopped after five cells, the surface has them and says that it is not whole."""
    seen: list[SurfaceGrid] = []
    grid = pw.budget_surface(
        small_problem(7),
        MEMORY,
        RUNTIME,
        (6, 6),
        progress=seen.append,
        cancelled=lambda: len(seen) > 5,
    )
    assert 5 <= grid.done < grid.asked == 36
    assert grid == seen[-1]


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_executors_give_the_same_surface(kind: str) -> None:
    """Threads and processes find what one search after another finds, on our library."""
    problem = small_problem(8)
    alone = pw.budget_surface(problem, MEMORY, "throughput", (5, 5))
    with pool_of(kind) as executor:
        grid = pw.budget_surface(problem, MEMORY, "throughput", (5, 5), executor=executor)
    np.testing.assert_allclose(grid.scores, alone.scores, rtol=1e-12)
    cells = [cell for row in grid.cells for cell in row if cell is not None]
    assert all(cell.library is problem.library for cell in cells)


@pytest.mark.parametrize(
    ("x", "y", "points", "words"),
    [
        (MEMORY, MEMORY, (3, 3), "Choose two resources"),
        (RUNTIME, "throughput", (3, 3), "Choose two resources"),
        (MEMORY, "stats.disk", (3, 3), r"'stats\.disk': small has"),
        (MEMORY, RUNTIME, (1, 3), "at least 2"),
    ],
)
def test_what_makes_no_sense_is_refused(
    x: str, y: str, points: tuple[int, int], words: str
) -> None:
    """One resource twice, unknown ones, a single limit."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.budget_surface(small_problem(0), x, y, points)


@pytest.mark.slow
@pytest.mark.published
def test_published_surface_has_the_known_optimum() -> None:
    """On the published library the cell of 80,000 MiB and 6,000 tokens/s scores 6.861455."""
    library = pw.load_library(published_folder())
    problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    ends = ((40_000, 80_000), (6_000, 12_000))
    grid = pw.budget_surface(problem, points=(4, 4), between=ends)
    best = pw.search(
        pw.SearchProblem(
            library,
            minimize="metrics.kl_div",
            budgets={MEMORY: 80_000},
            throughput=6_000,
        )
    )
    assert grid.scores[0, -1] == pytest.approx(best.score, rel=1e-9)
    assert (np.diff(grid.scores, axis=1) <= 1e-9).all()
    assert (np.diff(grid.scores, axis=0) >= -1e-9).all()
