"""Weighted objectives in the state: one library for objective and scenarios, undone as one step."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.state import actions, kept_actions
from puzzle_widgets.state.history import change_in_words
from tests.support.libraries import LOSS, MEMORY, RUNTIME
from tests.support.records import best, first

WEIGHED = {LOSS: 2.0}


@pytest.fixture
def state() -> pw.ExplorerState:
    """A state on the measured library."""
    return pw.ExplorerState("stdlib-2m-measured")


def test_a_weighted_objective_is_searched_at_once(state: pw.ExplorerState) -> None:
    """And stays while budgets move; a plain score drops it."""
    plain = state.library
    state.set_objective({"metrics.kl_div": 1, "metrics.lm_loss": 0.5}, layer_weights={0: 2})
    state.set_budget("stats.memory_mib", "60 %")
    assert state.solution.problem.weights == {"metrics.kl_div": 1, "metrics.lm_loss": 0.5}
    assert state.solution.problem.layer_weights == {0: 2}
    assert state.solution.status == "optimal"
    state.set_objective("metrics.kl_div")
    assert state.library is plain


def test_scenarios_share_the_scores_of_the_objective() -> None:
    """Whatever each was found by, its total of the objective can be told."""
    record = kept_actions.keep_as(first(), "plain", best(12))
    record = actions.set_objective(record, WEIGHED, layer_weights={1: 3})
    (kept,) = record.scenarios
    assert kept.solution.library is record.library
    assert kept.solution.problem.objective == LOSS
    architecture = dict(kept.solution.architecture or {})
    each = [record.library.layer(n).variant(v).values[LOSS] for n, v in architecture.items()]
    assert kept.solution.totals[record.objective] == 2 * (each[0] + 3 * each[1] + each[2])


def test_a_weighted_scenario_is_restored() -> None:
    """Its weights are the objective again, after another was chosen."""
    problem = pw.SearchProblem(first().library, minimize=WEIGHED, layer_weights={0: 0.5})
    record = kept_actions.keep_as(first(), "weighed", pw.search(problem))
    assert record.objective == LOSS
    restored = kept_actions.restore(record, "weighed")
    assert restored.problem.weights == WEIGHED
    assert restored.problem.layer_weights == {0: 0.5}


def test_weights_are_one_step_of_the_objective(state: pw.ExplorerState) -> None:
    """Not of the library: what is open is the same."""
    record = first()
    weighed = actions.set_objective(record, WEIGHED)
    assert change_in_words(record, weighed) == "objective"
    state.set_objective({"metrics.kl_div": 2})
    assert state.undo() == "objective"
    assert state.objective == "metrics.kl_div"
    state.redo()
    assert state.problem.weights == {"metrics.kl_div": 2.0}


def test_answers_of_different_sums_are_compared() -> None:
    """They are of one library; the report says both."""
    library = first().library
    one = pw.search(pw.SearchProblem(library, minimize=WEIGHED, budgets={MEMORY: 20}))
    two = pw.search(pw.SearchProblem(library, minimize=LOSS, layer_weights={0: 3}))
    both = pw.compare([one, two])
    assert both[0].solution.library is both[1].solution.library
    page = pw.export.report([*both])
    assert "2 x Loss" in page
    assert "layers weighted 0: 3, others 1" in page


def test_a_refused_weight_changes_nothing(state: pw.ExplorerState) -> None:
    """A cost is no score."""
    before = state.record
    with pytest.raises(pw.ProblemError):
        state.set_objective({RUNTIME: 1})
    assert state.record is before
