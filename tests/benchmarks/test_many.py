"""Work of many searches finds what single searches find."""

from __future__ import annotations

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.search.outcome import Outcome, Outcomes
from tests.benchmarks import many, report
from tests.benchmarks.instances import COSTS, by_shares, random_published_like
from tests.benchmarks.many import ManyEffort, forced, measure_many, re_search
from tests.benchmarks.peers import installed_peers
from tests.benchmarks.workers import Workers


@pytest.fixture
def problem() -> pw.SearchProblem:
    """A search of 6 layers, 9 variants and three budgets."""
    return by_shares("", random_published_like(6, 3, 3), dict.fromkeys(COSTS, 0.6)).problem


def test_scores_searched_again_are_those_given(problem: pw.SearchProblem) -> None:
    """The problem's own scores give its optimum, doubled ones twice that."""
    own = problem.mckp.score
    first, double = re_search(problem, np.stack([own, 2 * own])).scores
    assert first == pytest.approx(pw.search(problem).score)
    assert double == pytest.approx(2 * first)


def test_each_variant_is_forced_into_its_layer(problem: pw.SearchProblem) -> None:
    """The best choice with a variant has it; the optimum's own variants cost nothing."""
    mckp, best = problem.mckp, pw.search(problem).score
    outcomes = forced(problem, range(len(mckp.score)))
    assert len(outcomes) == len(mckp.score)
    for variable, (choice, score) in enumerate(zip(outcomes.choices, outcomes.scores, strict=True)):
        assert variable in choice or np.isinf(score)
        assert score >= best - 1e-9
    assert np.isclose(outcomes.scores, best).sum() >= mckp.layers


def test_all_work_makes_a_table() -> None:
    """Each work has a row with its searches; the peer's loop, too, where it is."""
    effort = ManyEffort(2, 3, 3, 2, 1, 1, 10.0)
    peer = next(each for each in installed_peers() if each.name == "PuLP + HiGHS, gap 0")
    with Workers(threads=1) as workers:
        lines = list(measure_many(effort, workers, peer))
    assert [line.searches for line in lines] == [2, 3, 3, 4, 1, 1, 1, 1]
    assert all(line.cpu > 0 and line.wall > 0 and not line.unproven for line in lines)
    table = report.many_table(lines)
    assert all(f"| {line.work} |" in table for line in lines)


def test_unproven_searches_are_counted(
    problem: pw.SearchProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An infeasible one is proven."""
    found = [Outcome("feasible"), Outcome("infeasible"), Outcome("optimal")]
    monkeypatch.setattr(many, "solve_many", lambda *_: Outcomes.of(found, problem.mckp))
    lines = list(many._outcomes(problem, ManyEffort(samples=1, forced=2)))
    assert [(line.searches, line.unproven) for line in lines] == [(3, 1), (3, 1)]
