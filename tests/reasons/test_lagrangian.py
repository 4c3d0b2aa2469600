"""The Lagrangian bound by price: true at every price, greatest where the LP bound is."""

from __future__ import annotations

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.charts import lagrangian_figure, lagrangian_words
from tests.support.libraries import MEMORY, RUNTIME

LIBRARY = pw.random_library(8, 6, seed=3)
PROBLEM = pw.SearchProblem(LIBRARY, minimize="metrics.loss", budgets={MEMORY: "45 %"})
BOUND = pw.lagrangian_bound(PROBLEM)
OPTIMUM = pw.search(PROBLEM)


def test_no_price_bounds_above_the_optimum() -> None:
    """And an answer within the budgets is never better than it."""
    for answer in BOUND.curve:
        assert answer.bound <= OPTIMUM.score + 1e-12
        again = pw.evaluate(LIBRARY, answer.architecture)
        assert again.score == pytest.approx(answer.score, abs=1e-12)
        assert answer.within == (answer.use <= BOUND.limit)
        if answer.within:
            assert answer.score >= OPTIMUM.score
    assert BOUND.found is not None
    assert BOUND.found.score >= OPTIMUM.score


def test_the_greatest_is_the_lp_bound() -> None:
    """Of the linear model that PuLP solves, too; the curve rises to it and falls."""
    pulp = pytest.importorskip("pulp")
    model = PROBLEM.to_pulp()
    for variable in model.variables():
        variable.cat = "Continuous"
    model.solve(pulp.HiGHS(msg=False))
    assert BOUND.greatest.bound == pytest.approx(pulp.value(model.objective), rel=1e-9)
    bounds = np.array([answer.bound for answer in BOUND.curve])
    assert (np.diff(bounds, 2) <= 1e-9).all(), "concave"
    assert bounds.max() <= BOUND.greatest.bound + 1e-12


def test_the_bound_is_what_the_formula_says() -> None:
    """Layer by layer, by hand."""
    price = 0.7 * BOUND.best
    charged = LIBRARY.column("metrics.loss") + price * LIBRARY.column(MEMORY)
    least = sum(
        charged[start:end].min()
        for start, end in zip(LIBRARY.starts[:-1], LIBRARY.starts[1:], strict=True)
    )
    assert BOUND.at(price).bound == pytest.approx(least - price * BOUND.limit)


def test_a_maximized_score_is_bounded_from_above() -> None:
    """Nothing within the budgets is better, whichever way better is."""
    problem = pw.SearchProblem(LIBRARY, maximize="metrics.loss", budgets={MEMORY: "45 %"})
    bound, optimum = pw.lagrangian_bound(problem), pw.search(problem)
    assert all(answer.bound >= optimum.score - 1e-9 for answer in bound.curve)
    assert bound.greatest.bound == pytest.approx(pw.lp_bound(problem))


def test_lower_limits_and_other_budgets_are_priced() -> None:
    """A lower limit pays for use; the budgets that are not moved keep their best prices."""
    both = PROBLEM.with_budget(RUNTIME, upper="45 %")
    bound = pw.lagrangian_bound(both, RUNTIME)
    assert bound.greatest.bound == pytest.approx(pw.lp_bound(both), rel=1e-6)
    lower = pw.SearchProblem(LIBRARY, maximize="metrics.loss", budgets={MEMORY: ("60 %", None)})
    least = pw.lagrangian_bound(lower)
    assert least.limit == pytest.approx(0.6 * LIBRARY.parent_totals[MEMORY])
    assert least.greatest.bound >= pw.search(lower).score - 1e-9


def test_survivors_hold_every_better_architecture() -> None:
    """What is fixed away is in nothing better: brute force over a small library agrees."""
    library = pw.random_library(4, 4, seed=1)
    problem = pw.SearchProblem(library, minimize="metrics.loss", budgets={MEMORY: "50 %"})
    bound = pw.lagrangian_bound(problem)
    assert bound.found is not None
    left = bound.survivors(bound.found.score)
    for layer in library.layers:
        for variant in layer.variants:
            forced = pw.search(problem.with_fixed({layer.name: variant.name}))
            if forced.found and forced.score < bound.found.score:
                assert variant.name in left[layer.name]
    assert sum(map(len, left.values())) < 16


@pytest.mark.parametrize(
    ("problem", "resource", "words"),
    [
        (PROBLEM.with_budget(MEMORY), None, "needs a budget"),
        (PROBLEM, RUNTIME, "needs a budget"),
        (PROBLEM.with_budget(MEMORY, upper=1), None, "Nothing is within"),
    ],
)
def test_what_has_no_bound_is_refused(
    problem: pw.SearchProblem, resource: str | None, words: str
) -> None:
    """With the budgets that there are."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.lagrangian_bound(problem, resource)


def test_a_price_is_not_negative() -> None:
    """It would pay for breaking the budget."""
    with pytest.raises(pw.ProblemError, match="at least 0"):
        BOUND.at(-1.0)


def test_the_figure_has_curves_spots_and_units() -> None:
    """The search's answer across, the choice hollow where it is over the budget."""
    figure = lagrangian_figure(BOUND, BOUND.at(0.2 * BOUND.best), OPTIMUM)
    assert [curve.name for curve in figure.curves] == ["bound", "over", "within", "solution"]
    assert all(figure.y.holds(y) for curve in figure.curves for _, y in curve.points)
    assert figure.named("choice").spots[0].hollow
    assert "per MiB" in figure.x.title
    assert "optimum, proven" in figure.legend[-1].words
    assert [curve.name for curve in lagrangian_figure(BOUND, BOUND.greatest).curves][-1] == "within"
    assert "Lagrangian" not in BOUND.plot().title


def test_words_do_not_call_a_broken_budget_kept() -> None:
    """Nor an answer without a proof optimal."""
    over, within = BOUND.at(0.0), BOUND.curve[-1]
    assert "not within the budgets" in lagrangian_words(BOUND, over)[0]
    assert "within all budgets" in lagrangian_words(BOUND, within)[0]
    given = pw.evaluate(PROBLEM, OPTIMUM.architecture or {})
    assert "not proven optimal" in lagrangian_words(BOUND, over, given)[2]
    assert "the proven optimum" in lagrangian_words(BOUND, over, OPTIMUM)[2]
