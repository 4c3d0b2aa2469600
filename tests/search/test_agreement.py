"""The exact search and the MIP solver agree where brute force cannot reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

# Drawn by a long search for trouble: numbers that once overflowed on the way to the bound.
TROUBLE = (1013,)


def nasty_problem(seed: int) -> pw.SearchProblem:
    """Draw up to 13 layers with whole, correlated, tiny or huge numbers, and several rules."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 14))
    kind = seed % 6
    if kind == 2:
        count = min(count, 6)
    width = int(rng.integers(1, 9))
    rows = _changed(rng.uniform(0, 10, (count, width, 3)), kind, rng)
    library = make_library(rows.tolist())
    budgets = {key: _limits(library, key, rng) for key in (MEMORY, RUNTIME)}
    goal: dict[str, Any] = {"maximize" if rng.random() < 0.2 else "minimize": LOSS}
    problem = pw.SearchProblem(library, budgets=budgets, **goal)
    for _ in range(int(rng.integers(0, 3))):
        other: Any = {la.name: la.variants[int(rng.integers(width))].name for la in library.layers}
        problem = problem.with_difference(other, int(rng.integers(1, count + 1)))
    return problem


def _changed(rows: Any, kind: int, rng: np.random.Generator) -> Any:
    if kind == 1:
        rows = np.floor(rows)
    elif kind == 2:
        rows[:, :, 0] = 30 - rows[:, :, 1] - rows[:, :, 2] + rng.normal(0, 1e-3, rows.shape[:2])
    elif kind == 3:
        rows[:, :, 1:] = np.floor(rows[:, :, 1:]) * 8
        rows[:, :, 0] -= 5
    elif kind == 4:
        rows = rows * np.array([1e-7, 1e10, 1e-4])
        rows[:, 0, 0] = 0
    elif kind == 5:
        rows[:, :, 0] = np.round(rows[:, :, 0]) * 1e-3
        rows[:, :, 1] = rows[:, :, 1] ** 4
    return rows


def _limits(library: pw.BlockLibrary, key: str, rng: np.random.Generator) -> Any:
    low, high = library.total_range(key)
    span, draw = high - low, rng.random()
    if draw < 0.5:
        return low + span * rng.uniform(0, 0.7)
    if draw < 0.65:
        share = rng.uniform(0, 0.8)
        return (low + span * share, low + span * (share + rng.uniform(0, 0.1)))
    return (low + span * rng.uniform(0.3, 1), None) if draw < 0.8 else None


@pytest.mark.parametrize(
    "seeds",
    [range(30), TROUBLE, pytest.param(range(5000, 5240), marks=pytest.mark.slow)],
    ids=str,
)
def test_the_engines_agree(seeds: range | tuple[int, ...]) -> None:
    """Same status and same optimum; where time runs out, neither's bound belies the other."""
    proven = 0
    for seed in seeds:
        problem = nasty_problem(seed)
        one = pw.search(problem, time_limit=3.0)
        other = pw.search(problem, solver="HiGHS", time_limit=3.0)
        size = float(np.abs(problem.library.column(LOSS)).max())
        statuses = {one.status, other.status}
        if statuses <= {"optimal", "infeasible"}:
            assert len(statuses) == 1, seed
            assert not one.found or abs(one.score - other.score) <= 1e-9 * size, seed
            proven += 1
        for bound, score in ((one.bound, other.score), (other.bound, one.score)):
            assert not problem.sign * (bound - score) > 1e-9 * size * len(problem.library.layers)
    assert proven >= 0.9 * len(seeds)
