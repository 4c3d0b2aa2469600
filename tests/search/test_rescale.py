"""Other magnitudes, the same optima."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import puzzle_widgets as pw
from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.rescale import Rescaled, least_score, narrowed, rescale
from tests.support.libraries import LOSS, MEMORY, make_library

LIBRARY = make_library([[(5, 10, 5), (1, 6, 4)], [(-3, 20, 7)], [(1e9, 1, 1), (2, 3, 0.5)]])


def knapsack(**rules: object) -> Mckp:
    """Minimize the loss of the small library."""
    return pw.SearchProblem(LIBRARY, minimize=LOSS, **rules).mckp  # type: ignore[arg-type]


def rescaled(mckp: Mckp, *, shift_score: bool = True) -> Rescaled:
    """The knapsack in other magnitudes; it has a choice."""
    found = rescale(mckp, shift_score=shift_score)
    assert found is not None
    return found


def test_scores_and_rows_turn_back() -> None:
    """A choice has the same score and keeps the same limits after the change."""
    mckp = knapsack(budgets={MEMORY: (27, 30)})
    for shift in (True, False):
        other = rescaled(mckp, shift_score=shift)
        for choice in (np.array([a, 2, b]) for a in (0, 1) for b in (3, 4)):
            score = other.original(float(other.mckp.score[choice].sum()))
            assert np.isclose(score, mckp.score[choice].sum())
            assert bool(other.mckp.broken_rows(choice)) == bool(mckp.broken_rows(choice))


def test_magnitudes_are_like_each_other() -> None:
    """Whatever the units, rows reach 1 and scores 1,000."""
    other = rescaled(knapsack(budgets={MEMORY: 32, "stats.runtime_ms": 13})).mckp
    assert np.abs(other.cost).max(axis=1).tolist() == [1, 1]
    assert np.abs(other.score).max() == 1000


def test_hopeless_variants_are_ruled_out_by_a_known_choice() -> None:
    """One that alone scores worse than a whole choice goes; where nothing is gained, none does."""
    mckp = knapsack()
    smaller = narrowed(mckp, np.array([1, 2, 4]), 5.0)
    assert smaller is not None
    assert smaller.allowed.tolist() == [True, True, True, False, True]
    assert narrowed(smaller, np.array([1, 2, 4]), 5.0) is None


def test_variants_too_good_for_any_optimum_are_ruled_out() -> None:
    """Where a choice is the best there is, what alone would score far better is in none."""
    mckp = replace(knapsack(), score=np.array([5.0, -1e13, -3, 1, 2]))
    smaller = narrowed(mckp, np.array([0, 2, 4]), 10.0)
    assert smaller is not None
    assert smaller.allowed.tolist() == [True, False, True, True, True]


def test_the_best_scores_are_a_bound() -> None:
    """Sum of each layer's best score, of those that are allowed."""
    assert least_score(knapsack()) == 0
    assert least_score(knapsack(banned={0: ["v1"]})) == 4


def test_what_no_choice_can_keep_is_seen_at_once() -> None:
    """A row that none can keep, or a layer without variants, leaves nothing to solve."""
    rescaled(knapsack(budgets={MEMORY: (27, 33)}))
    assert rescale(knapsack(budgets={MEMORY: 26.9})) is None
    assert rescale(knapsack(budgets={MEMORY: (33.1, None)})) is None
    assert rescale(knapsack(banned={1: ["v0"]})) is None
    assert rescale(knapsack(budgets={MEMORY: 29}, fixed={0: "v0"})) is None
