"""Tests of what is said of two scenarios."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import puzzle_widgets as pw
from puzzle_widgets.charts.comparison import Series, scenario_series
from puzzle_widgets.library.quantity import format_share
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.state.reason_answers import noise_of
from puzzle_widgets.state.record import Looks
from puzzle_widgets.widgets.scenarios.difference import Difference, DifferenceView, chance_words
from tests.support.libraries import MEMORY

LIBRARY = pw.load_library("stdlib-2m-measured")
KL = "metrics.kl_div"


def difference(first: pw.Solution, second: pw.Solution) -> Difference:
    """Compare two solutions."""
    one, two = series(first, second)
    return Difference(one, two, KL)


def series(first: pw.Solution, second: pw.Solution) -> Sequence[Series]:
    """Two solutions as the panel has its scenarios."""
    return scenario_series([pw.Scenario("one", first), pw.Scenario("two", second)])


def near() -> tuple[pw.Solution, pw.Solution]:
    """Give an optimum, and one that is nearly as good."""
    problem = pw.SearchProblem(LIBRARY, minimize=KL, budgets={MEMORY: "50 %"})
    best, second = pw.search_diverse(problem, 2, minimal_diversity=2)
    return best, second


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_the_chance_is_that_b_scores_better(goal: Goal) -> None:
    """By the sense of the objective; the other way round it is the rest."""
    best, second = near()
    problem = pw.SearchProblem.of(LIBRARY, goal, KL)
    chance = pw.chance_better(problem, second, best)
    assert (chance < 0.5) == (goal == "minimize")
    assert f"in {format_share(chance)} of the samples" in chance_words(
        difference(best, second), goal
    )
    rest = pw.chance_better(problem, best, second)
    assert rest == pytest.approx(1 - chance, abs=0.02)
    assert f"in {format_share(rest)} of the samples" in chance_words(difference(second, best), goal)


def test_one_architecture_is_not_better_than_itself() -> None:
    """Nothing is said where no layer differs."""
    best, _ = near()
    assert chance_words(difference(best, best), "minimize") == ""


def test_what_makes_no_sense_is_refused() -> None:
    """Noise below 0, no samples, a layer that is missing."""
    best, second = near()
    for wrong in ({"noise": -1.0}, {"samples": 0}):
        with pytest.raises(pw.ProblemError, match=next(iter(wrong))):
            pw.chance_better(best.problem, best, second, **wrong)
    with pytest.raises(pw.ProblemError, match="missing"):
        pw.chance_better(best.problem, best, {0: "parent"})


def test_the_noise_is_chosen_here_or_elsewhere() -> None:
    """One choice for all that asks how sure something is; the words follow it."""
    state = pw.ExplorerState("stdlib-2m-measured")
    view = DifferenceView(state)
    view.show(series(*near()))
    assert "at 5 % noise" in view.words.value
    view.noise.value = 0.2
    assert (state.looks.noise, "at 20 % noise" in view.words.value) == (0.2, True)
    state.set_looks(bootstrap=True)
    assert "by bootstrap over 32 samples" in view.words.value
    assert view.noise.label == "Scores by sample (bootstrap)"
    best, _ = near()
    view.show(series(best, best))
    assert view.noise.layout.display == "none"


def test_a_noise_that_is_not_offered_is_the_usual_one() -> None:
    """As a saved file may say anything."""
    assert noise_of(Looks(noise=-3.0), LIBRARY) == 0.05
    assert noise_of(Looks(noise=0.2, bootstrap=True), pw.random_library(2, 2)) == 0.2
