"""The LP bound, and what shadow prices prove of each variant."""

from __future__ import annotations

import math

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.reasons.bounds import relax
from tests.support.instances import KINDS, instance
from tests.support.libraries import (
    LOSS,
    MEMORY,
    RUNTIME,
    best_score,
    make_library,
    published_folder,
    random_rows,
)
from tests.support.lp import lp_bound


@pytest.mark.parametrize("kind", ["uniform", "negative", "scales"])
def test_the_bound_is_as_good_as_the_relaxation(kind: str) -> None:
    """At least as good as a solver of linear programs finds it, and never above the optimum."""
    for seed in range(12):
        library = make_library(random_rows(np.random.default_rng(seed), kind))
        least, most = library.total_range(MEMORY)
        problem = pw.SearchProblem(
            library, minimize=LOSS, budgets={MEMORY: least + 0.4 * (most - least)}
        )
        bound, best = pw.lp_bound(problem), best_score(problem)
        slack = 1e-5 * np.ptp(library.column(LOSS))
        assert lp_bound(problem.mckp) - slack <= bound <= best + slack


def test_without_an_architecture_there_is_no_bound() -> None:
    """NaN, as the score of an infeasible problem is."""
    problem = pw.SearchProblem(make_library([[(0, 5, 1)]]), minimize=LOSS, budgets={MEMORY: 4})
    assert math.isnan(pw.lp_bound(problem))


@pytest.mark.parametrize("kind", KINDS)
def test_any_prices_give_a_valid_bound(kind: str) -> None:
    """Of the whole and of every choice with a variable, whatever the prices are."""
    rng = np.random.default_rng(5)
    for seed in range(4):
        mckp = instance(kind, seed)
        spread = np.ptp(mckp.score) / np.maximum(np.ptp(mckp.cost, axis=1), 1e-300)
        prices = rng.normal(0, 1, len(mckp.rows)) * spread
        limits = np.where(prices > 0, mckp.upper, mckp.lower)
        prices[~np.isfinite(limits)] = 0.0
        found = relax(mckp, prices)
        allowed = [
            np.flatnonzero(mckp.allowed[a:b]) + a
            for a, b in zip(mckp.starts[:-1], mckp.starts[1:], strict=True)
        ]
        for _ in range(200):
            choice = np.array([rng.choice(some) for some in allowed])
            if mckp.broken_rows(choice):
                continue
            score = math.fsum(mckp.score[choice].tolist())
            slack = 1e-9 * (abs(score) + abs(found.bound))
            assert score >= found.bound + found.penalties[choice].max() - slack


def test_maximizing_bounds_from_above() -> None:
    """In the objective's own sense."""
    library = make_library([[(0, 5, 1), (4, 9, 1)], [(0, 5, 2), (7, 9, 1)]])
    problem = pw.SearchProblem(library, maximize=LOSS, budgets={MEMORY: 15, RUNTIME: 9})
    assert pw.lp_bound(problem) >= pw.search(problem).score


@pytest.mark.published
def test_the_bound_of_the_published_library() -> None:
    """Within a thousandth of the optimum at 60 % of the runtime."""
    library = pw.load_library(published_folder())
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={RUNTIME: "60 %"})
    assert pw.lp_bound(problem) == pytest.approx(lp_bound(problem.mckp), rel=1e-6)
    assert 10.361557 / 1.001 < pw.lp_bound(problem) < 10.361557
