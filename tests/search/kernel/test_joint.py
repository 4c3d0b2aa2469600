"""Scores that follow the costs: bounded together with them, what no other bound tells is proven."""

from __future__ import annotations

import math

import numpy as np
import pytest

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.engine import solve
from puzzle_widgets.search.options import SearchOptions
from tests.benchmarks.classes import knapsack, pisinger
from tests.support.instances import brute_force


def by_count(mckp: Mckp) -> float:
    """Score of Pisinger's strongly correlated class where a choice fills the capacity.

    Each step up in a layer weighs w and gains w + 10, so the most steps that the capacity holds,
    and all of it used, are the best there can be.
    """
    weight = mckp.cost[0].reshape(mckp.layers, -1)
    steps = np.sort(np.diff(weight, axis=1).ravel())
    room = mckp.upper[0] - weight[:, 0].sum()
    lacking = len(steps) - int((steps.cumsum() <= room).sum())
    return float(weight[:, -1].sum() - mckp.upper[0] + 10 * lacking)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_strongly_correlated_capacity_is_filled_and_that_is_proven(seed: int) -> None:
    """Numbers to a million leave a dynamic program no chance: the LP bound alone stays below."""
    mckp = pisinger("strongly correlated", 10**6, seed)
    outcome = solve(mckp, SearchOptions(time_limit=60.0, settle=False), "kernel")
    assert outcome.status == "optimal"
    assert outcome.score == outcome.bound == by_count(mckp)


@pytest.mark.parametrize("times", [1, 2])
def test_sums_in_coarser_steps_give_the_optimum(times: int) -> None:
    """Also with lower limits, several budgets, and numbers that are no whole ones."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        cost = rng.integers(1, 50, (2, 5, 4)).astype(float)
        score = 6.0 * rng.integers(0, 4, (5, 4)) - times * cost.sum(axis=0)
        upper = cost.mean(axis=2).sum(axis=1)
        mckp = knapsack(score / 8, cost / 4, np.floor(upper) / 4, np.floor(0.8 * upper) / 4)
        best = brute_force(mckp)
        outcome = solve(mckp, SearchOptions(), "kernel")
        assert outcome.status == ("infeasible" if best is None else "optimal")
        if best is not None:
            assert outcome.score == math.fsum(mckp.score[best])
