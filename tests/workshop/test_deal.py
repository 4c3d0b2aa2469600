"""Deals: the same number deals the same, and the budgets bite."""

from __future__ import annotations

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS
from puzzle_widgets.workshop.deal import all_sums, deal
from tests.support.libraries import EMBEDDED, architectures, best_score, keeps, make_library

SMALL = "stdlib-2m-measured"


def test_a_number_deals_the_same_to_everybody() -> None:
    """And another number something else."""
    library = pw.load_library(SMALL)
    assert deal(library, 5).problem == deal(library, 5).problem
    assert deal(library, 5).problem != deal(library, 6).problem


@pytest.mark.parametrize("name", [SMALL, EMBEDDED])
def test_a_deal_can_be_won_and_has_to_be_played(name: str) -> None:
    """The parent breaks every budget, the smallest blocks keep them, and the optimum is proven."""
    library = pw.load_library(name)
    for number in range(6):
        dealt = deal(library, number)
        parent = dealt.library.parent_totals
        budgets = dealt.problem.budgets
        assert len(dealt.library.layers) == 8
        assert all(parent[key] > budget.upper for key, budget in budgets.items())
        assert dealt.solution.status == "optimal"
        assert dealt.bound <= dealt.solution.score * (1 + 1e-9)
        assert 0.005 <= len(dealt.feasible_scores) / dealt.architectures < 1


@pytest.mark.parametrize("number", range(4))
def test_every_architecture_within_the_budgets_is_counted(number: int) -> None:
    """As by trying each in the plainest way; the best of them is the search's."""
    dealt = deal(pw.load_library(SMALL), number, layers=4, variants=3)
    scores = sorted(
        dealt.library.totals(one)[dealt.problem.objective]
        for one in architectures(dealt.library)
        if keeps(dealt.problem, one)
    )
    assert dealt.feasible_scores == pytest.approx(scores)
    assert dealt.solution.score == pytest.approx(best_score(dealt.problem))
    assert dealt.solution.score == pytest.approx(scores[0])


def test_sums_are_in_the_order_of_the_variants() -> None:
    """The last layer changes fastest."""
    rows = [[(0, 1, 1), (1, 2, 2)], [(0, 10, 1), (1, 20, 2)]]
    assert all_sums(make_library(rows), MEMORY).tolist() == [11, 21, 12, 22]


def test_scores_to_maximize_and_other_costs_can_be_played() -> None:
    """Feasible scores are then minimized ones, so that the first is the best."""
    library = pw.load_library(SMALL)
    score = "metrics.token_accuracy_top_1"
    dealt = deal(library, objective=score, goal="maximize", resources=[PARAMETERS])
    assert list(dealt.problem.budgets) == [PARAMETERS]
    assert -dealt.feasible_scores[0] == pytest.approx(dealt.solution.score)


def test_dealt_variants_are_worth_a_thought() -> None:
    """Each saves something, and none is dominated by another of its layer."""
    dealt = deal(pw.load_library(SMALL), 1)
    keys = (dealt.problem.objective, *dealt.problem.budgets)
    for layer in dealt.library.layers:
        figures = np.array([[one.values[key] for key in keys] for one in layer.variants])
        assert layer.variants[0].name == layer.parent
        assert len(layer.variants) <= 4
        for place, mine in enumerate(figures):
            others = np.delete(figures, place, axis=0)
            assert not ((others <= mine).all(axis=1) & (others < mine).any(axis=1)).any()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"layers": 0}, "at least 1 and 2"),
        ({"variants": 1}, "at least 1 and 2"),
        ({"layers": 8, "variants": 9}, "too many to rank"),
        ({"resources": ["stats.price"]}, "stats.price"),
        ({"objective": "metrics.nothing"}, "metrics.nothing"),
    ],
)
def test_what_cannot_be_dealt_is_refused(how: dict[str, object], words: str) -> None:
    """By a sentence that says why."""
    with pytest.raises(pw.PuzzleError, match=words):
        deal(pw.load_library(SMALL), **how)  # type: ignore[arg-type]
