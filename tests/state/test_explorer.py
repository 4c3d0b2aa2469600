"""The state's actions, first in plain Python, then with a running loop."""

from __future__ import annotations

import asyncio
import math

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import dump_layers, dump_scenarios
from puzzle_widgets.library.quantity import MEMORY, THROUGHPUT
from puzzle_widgets.state import BudgetSetting, ExplorerState, Message, Selection
from tests.support.libraries import EMBEDDED, make_library


@pytest.fixture(scope="module")
def embedded() -> pw.BlockLibrary:
    """The embedded library."""
    return pw.load_library(EMBEDDED)


@pytest.fixture
def state(embedded: pw.BlockLibrary) -> ExplorerState:
    """A state on the embedded library, with its first answer."""
    made = ExplorerState(embedded)
    made.front_points = 6
    return made


def test_opening_answers_the_first_problem(state: ExplorerState) -> None:
    """A new state has a proven answer, shows it, and knows the parent."""
    assert state.solution is not None
    assert state.solution.status == "optimal"
    assert state.shown is state.solution
    assert not state.updating
    assert state.parent.score == 0


def test_a_changed_limit_changes_the_answer(state: ExplorerState) -> None:
    """The answer belongs to the limits as they are."""
    state.set_budget(0, value=50_000)
    assert state.solution is not None
    assert state.solution.problem is state.problem
    assert state.solution.totals[MEMORY] <= 50_000
    state.set_budget(0, on=False)
    assert MEMORY not in state.problem.budgets


def test_an_equal_limit_does_no_work(state: ExplorerState) -> None:
    """Setting what is set already asks nothing of the search."""
    before = state.solution
    state.set_budget(0, value=state.budgets[0].value)
    assert state.solution is before


def test_an_infeasible_problem_is_an_answer_with_a_reason(state: ExplorerState) -> None:
    """A limit that cannot be met gives no error but a solution that says why."""
    state.set_budget(0, value=-5.0, on=True)
    assert state.solution is not None
    assert not state.solution.found
    assert "least possible" in state.solution.reason
    assert state.message is None


def test_objective_and_reset(state: ExplorerState) -> None:
    """Another objective is searched at once; reset goes back to what the library opens with."""
    first = state.budgets
    state.set_budget(0, value=60_000)
    state.set_objective("metrics.lm_loss")
    assert state.solution is not None
    assert state.solution.problem.objective == "metrics.lm_loss"
    state.set_objective("stats.num_params", "maximize")
    assert state.solution.problem.goal == "maximize"
    state.reset()
    assert (state.objective, state.goal, state.budgets) == ("metrics.kl_div", "minimize", first)


def test_points_of_the_front_can_be_walked(state: ExplorerState) -> None:
    """First the point nearest to what is shown, then its neighbors, never past the ends."""
    state.start("front")
    assert state.front is not None
    assert state.front.complete
    assert not state.front_running
    state.step_point(1)
    assert state.selection.kind == "point"
    state.show_point(0)
    state.step_point(-1)
    assert (state.selection.kind, state.selection.place) == ("point", 0)
    assert state.shown is state.front.solutions[0]
    for _ in range(10):
        state.step_point(1)
    assert state.selection.place == len(state.front.solutions) - 1
    state.show_current()
    assert state.shown is state.solution


def test_a_point_out_of_range_is_not_shown(state: ExplorerState) -> None:
    """Nothing changes where there is no such point, scenario or front."""
    state.step_point(1)
    state.show_point(3)
    state.show_scenario(2)
    assert state.selection == Selection()


def test_moving_a_limit_shows_the_present_again(state: ExplorerState) -> None:
    """A person who drags wants to see the answer, not the point looked at before."""
    state.start("front")
    state.show_point(1)
    state.set_budget(0, value=40_000)
    assert state.selection == Selection()
    assert state.shown is state.solution


def test_held_budgets_hold_along_the_front_and_follow_changes(state: ExplorerState) -> None:
    """With budgets held every point keeps them; a changed budget searches the front anew."""
    state.set_front(THROUGHPUT, held=True)
    for limit in (70_000, 45_000):
        state.set_budget(0, value=limit)
        assert state.front is not None
        assert state.front.solutions
        assert all(point.totals[MEMORY] <= limit for point in state.front.solutions)
    state.set_front(MEMORY)
    assert state.front is not None
    assert all(MEMORY in point.totals for point in state.front.solutions)
    assert max(point.totals[MEMORY] for point in state.front.solutions) > 45_000


def test_a_front_that_is_known_is_not_searched_again(state: ExplorerState) -> None:
    """Going back to an axis gives the very same points."""
    state.set_front(THROUGHPUT)
    first = state.front
    state.set_front(MEMORY)
    assert state.front is not first
    state.set_front(THROUGHPUT)
    assert state.front is first


def test_scenarios_are_kept_renamed_restored_and_deleted(state: ExplorerState) -> None:
    """The whole life of scenarios; restoring gives the same problem and the same answer."""
    state.keep("one")
    first = state.problem
    state.set_budget(0, value=40_000)
    state.keep("two")
    assert [kept.name for kept in state.scenarios] == ["one", "two"]
    state.rename(0, " edge  case ")
    assert state.scenarios[0].name == "edge case"
    state.restore(0)
    assert state.problem == first
    assert state.solution is not None
    assert state.solution.architecture == state.scenarios[0].solution.architecture
    state.show_scenario(1)
    state.delete(0)
    assert state.selection == Selection("scenario", 0)
    assert state.shown is state.scenarios[0].solution
    state.delete(0)
    assert state.scenarios == ()
    assert state.selection == Selection()


@pytest.mark.parametrize("name", ["", "   ", "one"])
def test_a_name_must_be_new(state: ExplorerState, name: str) -> None:
    """Empty and taken names are refused with a message, and nothing is kept."""
    state.keep("one")
    state.keep(name)
    assert len(state.scenarios) == 1
    assert state.message is not None
    assert state.message.level == "error"


def test_nothing_is_kept_where_there_is_no_architecture(state: ExplorerState) -> None:
    """An infeasible answer cannot become a scenario."""
    state.set_budget(0, value=-5.0, on=True)
    state.keep("none")
    assert state.scenarios == ()
    assert state.message is not None


def test_scenarios_travel_by_file(state: ExplorerState) -> None:
    """JSON and CSV that was written is loaded again; a bad file changes nothing."""
    state.keep("one")
    json_text, csv_text = dump_scenarios(state.scenarios), dump_layers(state.scenarios)
    state.delete(0)
    state.load_scenarios(json_text.encode(), "kept.json")
    assert state.scenarios[0].solution.status == "optimal"
    state.load_scenarios(json_text.encode(), "kept.json")
    assert len(state.scenarios) == 1
    state.delete(0)
    state.load_scenarios(csv_text.encode(), "kept.csv")
    assert state.scenarios[0].solution.status == "feasible"
    state.load_scenarios(b"{", "bad.json")
    assert len(state.scenarios) == 1
    assert state.message is not None
    assert "bad.json" in state.message.text


def test_a_bad_upload_leaves_what_was_on_screen(state: ExplorerState) -> None:
    """One clear message; library, answer and scenarios stay."""
    state.keep("one")
    library, solution = state.library, state.solution
    state.open_files({"block_library.json": b'{"layer_0": {"v": {"stats": {"memory_mib": NaN}}}}'})
    assert state.library is library
    assert state.solution is solution
    assert len(state.scenarios) == 1
    assert state.message is not None
    assert "stats.memory_mib" in state.message.text
    state.dismiss()
    assert state.message is None


def test_another_library_starts_afresh(state: ExplorerState) -> None:
    """Scenarios, selection, layer and front of the old library go."""
    state.keep("one")
    state.start("front")
    state.show_point(1)
    state.open_layer(3)
    state.open_library(make_library([[(0, 4, 8), (1, 2, 3)], [(0, 4, 8), (2, 1, 1)]]))
    assert (state.scenarios, state.selection, state.layer) == ((), Selection(), None)
    assert state.front is None
    assert state.solution is not None
    assert state.solution.library is state.library


def test_an_unexpected_error_is_shown_by_kind_and_text(state: ExplorerState) -> None:
    """Errors that nobody foresaw are told without a traceback."""
    state.fail(ZeroDivisionError("by zero"))
    assert state.message == Message("Something went wrong: ZeroDivisionError: by zero", "error")


def test_with_a_loop_only_the_newest_position_is_answered(embedded: pw.BlockLibrary) -> None:
    """While a slider is dragged answers never belong to another problem than they say."""
    seen: list[float] = []

    async def main() -> ExplorerState:
        state = ExplorerState(embedded)
        state.observe(lambda change: seen.append(budget_of(change["new"])), "solution")
        for step in range(30):
            state.set_budget(0, value=80_000 - 1_000 * step)
            await asyncio.sleep(0.004)
        for _ in range(2000):
            if not state.updating:
                break
            await asyncio.sleep(0.005)
        state.close()
        return state

    state = asyncio.run(main())
    assert not state.updating
    assert seen[-1] == 51_000
    assert seen == sorted(seen, reverse=True)
    assert state.solution is not None
    assert state.solution.problem == state.problem


def budget_of(solution: pw.Solution) -> float:
    """The memory limit that an answer is to."""
    budget = solution.problem.budgets.get(MEMORY)
    return math.inf if budget is None else budget.upper


def test_with_a_loop_the_front_fills_in_and_can_be_stopped(embedded: pw.BlockLibrary) -> None:
    """Snapshots grow; after a stop no more points come and what was found stays."""
    sizes: list[int] = []

    async def main() -> ExplorerState:
        state = ExplorerState(embedded)
        state.front_points = 60
        state.observe(lambda change: sizes.append(done(change["new"])), "front")
        state.start("front")
        for _ in range(5000):
            if sizes and sizes[-1] >= 5:
                break
            await asyncio.sleep(0.002)
        state.stop("front")
        stopped_at = len(sizes)
        await asyncio.sleep(0.2)
        assert len(sizes) == stopped_at
        state.close()
        return state

    state = asyncio.run(main())
    assert sizes == sorted(sizes)
    assert state.front is not None
    assert not state.front.complete
    assert not state.front_running


def done(front: pw.ParetoFront | None) -> int:
    """Searches that a front has behind it."""
    return 0 if front is None else front.done


def test_limits_can_be_replaced_at_once(state: ExplorerState) -> None:
    """All rows in one go, searched once."""
    state.set_budgets((BudgetSetting(MEMORY, "at most", 30_000.0, on=True),))
    assert dict(state.problem.budgets) == {MEMORY: pw.Budget(MEMORY, upper=30_000.0)}
