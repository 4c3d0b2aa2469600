"""Other magnitudes, the same optima."""

from __future__ import annotations

import numpy as np

import puzzle_widgets as pw
from puzzle_widgets.problem.mckp import Mckp, to_mckp
from puzzle_widgets.search.bounds import hopeless, least_score
from puzzle_widgets.search.rescale import narrowed, rescale
from tests.support.libraries import LOSS, MEMORY, make_library

LIBRARY = make_library([[(5, 10, 5), (1, 6, 4)], [(-3, 20, 7)], [(1e9, 1, 1), (2, 3, 0.5)]])


def knapsack(**rules: object) -> Mckp:
    """Minimise the loss of the small library."""
    return to_mckp(pw.SearchProblem(LIBRARY, minimize=LOSS, **rules))  # type: ignore[arg-type]


def test_scores_and_rows_turn_back() -> None:
    """A choice has the same score and keeps the same limits after the change."""
    mckp = knapsack(budgets={MEMORY: (27, 30)})
    for shift in (True, False):
        other = rescale(mckp, shift_score=shift)
        for choice in (np.array([a, 2, b]) for a in (0, 1) for b in (3, 4)):
            score = other.original(float(other.mckp.score[choice].sum()))
            assert np.isclose(score, mckp.score[choice].sum())
            assert other.mckp.broken_rows(choice) == mckp.broken_rows(choice)


def test_magnitudes_are_like_each_other() -> None:
    """Whatever the units, rows reach 1 and scores 1,000."""
    other = rescale(knapsack(budgets={MEMORY: 30, "stats.runtime_ms": 9})).mckp
    assert np.abs(other.cost).max(axis=1).tolist() == [1, 1]
    assert np.abs(other.score).max() == 1000


def test_hopeless_variants_are_ruled_out_by_a_known_choice() -> None:
    """One that alone scores worse than a whole choice goes; where nothing is gained, none does."""
    mckp = knapsack()
    smaller = narrowed(mckp, np.array([0, 2, 4]))
    assert smaller is not None
    assert smaller.allowed.tolist() == [True, True, True, False, True]
    assert narrowed(smaller, np.array([0, 2, 4])) is None
    assert narrowed(mckp, np.array([1, 2, 4])) is None  # the best of every layer: nothing is left


def test_bounds_without_a_solver() -> None:
    """The sum of the best scores is a bound; a row that none can keep is seen at once."""
    assert least_score(knapsack()) == 0
    assert least_score(knapsack(banned={0: ["v1"]})) == 4
    assert not hopeless(knapsack(budgets={MEMORY: (27, 33)}))
    assert hopeless(knapsack(budgets={MEMORY: 26.9}))
    assert hopeless(knapsack(budgets={MEMORY: (33.1, None)}))
    assert hopeless(knapsack(banned={1: ["v0"]}))
    assert hopeless(knapsack(budgets={MEMORY: 29}, fixed={0: "v0"}))
