"""Another workload in the state: what stays, what goes, and back; saved and undone."""

from __future__ import annotations

import json

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.quantity import THROUGHPUT
from tests.support.libraries import EMBEDDED, MEMORY, RUNTIME

KL = "metrics.kl_div"
TABLE = """layer,variant,parent,batch size,kl,latency (ms),memory,kv cache,sequence length
0,full,x,1,0,10,6,2,100
0,full,x,8,0,40,20,16,100
0,thin,,1,1,6,4,1,100
0,thin,,8,1,20,11,8,100
"""


@pytest.fixture
def state() -> pw.ExplorerState:
    """A state on the modeled library."""
    return pw.ExplorerState(EMBEDDED)


def test_budgets_and_rules_stay(state: pw.ExplorerState) -> None:
    """But a limit on a throughput that is not known, which is said."""
    state.set_rules([pw.rules.keep_ends(state.library, 1)])
    state.set_budget(MEMORY, 70_000)
    state.set_serving(pw.Serving(batch_size=100))
    assert state.problem.budgets.keys() == {MEMORY}
    assert state.problem.budgets[MEMORY].upper == 70_000
    assert len(state.problem.fixed) == 2
    assert state.solution.throughput is None
    assert "its limit was left out: Throughput" in state.message.text
    other = pw.with_workload(pw.load_library(EMBEDDED), batch_size=100)
    problem = pw.SearchProblem(
        other, minimize=KL, budgets={MEMORY: 70_000}, fixed=state.problem.fixed
    )
    assert state.solution.score == pw.search(problem).score


def test_limits_that_nobody_changed_are_set_anew(state: pw.ExplorerState) -> None:
    """As shares of the new parent's totals, and said; what was typed stays, and back is back."""
    first = state.budgets
    state.set_serving(pw.Serving(batch_size=8))
    library, limits = state.library, {row.resource: row.value for row in state.budgets if row.on}
    assert limits[MEMORY] == 0.75 * library.parent_totals[MEMORY]
    parent = library.throughput(library.parent_totals[RUNTIME])
    assert parent is not None
    assert limits[THROUGHPUT] == pytest.approx(1.4 * parent)
    assert state.solution.status == "optimal"
    assert "as you had not changed it: Memory and Throughput." in state.message.text
    state.set_serving(pw.Serving())
    assert state.budgets == first
    state.set_budget(MEMORY, 70_000)
    state.set_serving(pw.Serving(batch_size=32))
    assert {row.resource: row.value for row in state.budgets}[MEMORY] == 70_000
    assert "as you had not changed it: Throughput." in state.message.text


def test_back_to_what_was_measured(state: pw.ExplorerState) -> None:
    """The library itself is there again, with its throughput; so it is by undo, in one step."""
    library, budgets = state.library, state.budgets
    state.set_serving(pw.Serving(kv_dtype="bf16", batch_size=64))
    assert state.undo() == "workload"
    assert (state.library, state.budgets) == (library, budgets)
    state.redo()
    assert state.serving == pw.Serving(kv_dtype="bf16", batch_size=64)
    state.set_serving(pw.Serving())
    assert state.library is library
    assert THROUGHPUT in {row.resource for row in state.budgets}


def test_changes_do_not_pile_up(state: pw.ExplorerState) -> None:
    """Each is worked out from what was measured."""
    state.set_serving(pw.Serving(batch_size=64))
    state.set_serving(pw.Serving(batch_size=128, non_block_costs=FrozenMapping({MEMORY: 2_004.0})))
    assert state.library.parent_totals[MEMORY] == 89_281.25 + 2_004


def test_scenarios_are_summed_again(state: pw.ExplorerState) -> None:
    """By the workload that is open."""
    state.keep("kept")
    architecture = dict(state.scenarios[0].solution.architecture)
    state.set_serving(pw.Serving(batch_size=32))
    (kept,) = state.scenarios
    assert kept.solution.totals[MEMORY] == state.library.totals(architecture)[MEMORY]


def test_the_rule_of_a_target_is_counted_anew(state: pw.ExplorerState) -> None:
    """What each GPU holds follows the workload."""
    target = pw.deployment_target("L40S", gpus=2)
    before = target.rule(state.library)
    assert before is not None
    state.set_rules([before])
    state.set_serving(pw.Serving(batch_size=128))
    after = target.rule(state.library)
    assert after is not None
    assert state.problem.rows == after.rows != before.rows


def test_it_is_saved_with_the_rest(state: pw.ExplorerState) -> None:
    """And opens again with a weighted objective on it; a forged one is refused."""
    state.set_serving(pw.Serving(batch_size=128, weights_dtype="bf16"))
    state.set_objective({KL: 1, "metrics.lm_loss": 0.5})
    again = pw.ExplorerState.from_json(state.to_json())
    assert (again.serving, again.problem) == (state.serving, state.problem)
    again.set_serving(pw.Serving())
    assert again.library.plain == pw.load_library(EMBEDDED)
    content = json.loads(state.to_json())
    for broken in ({"batch_size": 0}, {"batch_size": "x"}, {"non_block_costs": 3}, 7):
        with pytest.raises(pw.ScenarioError):
            pw.ExplorerState.from_json(json.dumps({**content, "serving": broken}))


def test_a_batch_size_that_a_run_measured_brings_its_runtimes() -> None:
    """Another of its sizes has a throughput, one between has none."""
    run = pw.open_run({"mine.csv": TABLE.encode()})
    assert run is not None
    state = pw.ExplorerState(run, workload="batch_size 1")
    assert state.library.parent_totals[RUNTIME] == 10
    state.set_serving(pw.Serving(batch_size=8))
    assert state.library.parent_totals[RUNTIME] == 40
    state.set_serving(pw.Serving(batch_size=4))
    assert not state.library.has_throughput
    assert state.library.parent_totals[MEMORY] == 4 + 8
