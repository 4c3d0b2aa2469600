"""Actions on the maps: axes, searches, cells, rows, and what of them goes out of date."""

from __future__ import annotations

import asyncio

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY, RUNTIME, THROUGHPUT
from puzzle_widgets.state import BudgetSetting, ExplorerState
from tests.support.libraries import LOSS, make_library


@pytest.fixture
def state() -> ExplorerState:
    """State of a library with memory, runtime and throughput."""
    return ExplorerState(pw.random_library(6, 5))


def budget_of(state: ExplorerState, resource: str) -> BudgetSetting:
    """The row of limits on a resource."""
    row: BudgetSetting = next(row for row in state.budgets if row.resource == resource)
    return row


def is_running(state: ExplorerState) -> tuple[bool, bool]:
    """Whether surface and decision map are being searched."""
    return state.surface_running, state.decisions_running


def test_nothing_is_searched_until_asked_for(state: ExplorerState) -> None:
    """A new state has axes, and neither map."""
    assert (state.surface_x, state.surface_y) == (MEMORY, THROUGHPUT)
    assert state.decisions_over == THROUGHPUT
    assert state.surface is None
    assert state.decisions is None


def test_the_surface_is_free_of_its_own_limits(state: ExplorerState) -> None:
    """The limits on its two axes are lifted, those on other resources hold."""
    state.set_budgets((*state.budgets, BudgetSetting(LOSS, "at most", 99.0, on=True)))
    state.start("surface")
    assert state.surface is not None
    assert state.surface.complete
    assert not state.surface_running
    assert set(state.surface.problem.budgets) == {LOSS}


def test_a_cell_sets_both_limits(state: ExplorerState) -> None:
    """The answer to the limits of a cell is the cell's own."""
    state.set_budget(0, on=False)
    state.start("surface")
    assert state.surface is not None
    state.use_cell(3, 7)
    cell = state.surface.cells[3][7]
    assert cell is not None
    assert budget_of(state, MEMORY) == BudgetSetting(
        MEMORY, "at most", state.surface.x.limits[7], on=True
    )
    assert budget_of(state, THROUGHPUT).value == state.surface.y.limits[3]
    assert state.solution is not None
    assert state.solution.problem == cell.problem
    assert state.solution.score == pytest.approx(cell.score)


def test_a_cell_that_is_not_there_changes_nothing(state: ExplorerState) -> None:
    """Clicks that arrive late, or before a surface, are let go."""
    before = state.budgets
    state.use_cell(0, 0)
    state.start("surface")
    state.use_cell(99, 0)
    state.use_cell(0, -1)
    assert state.budgets == before


def test_a_limit_without_a_row_gets_one(state: ExplorerState) -> None:
    """Where the panel has no row for a resource, the cell's limit is added."""
    state.set_budgets(tuple(row for row in state.budgets if row.resource != MEMORY))
    state.start("surface")
    state.use_cell(2, 2)
    assert budget_of(state, MEMORY).on


def test_a_row_that_is_off_takes_the_sense_of_the_axis(state: ExplorerState) -> None:
    """A lower limit on memory that is off becomes the upper limit of the cell."""
    state.set_budget(0, on=False, sense="at least")
    state.start("surface")
    state.use_cell(2, 2)
    assert [row.sense for row in state.budgets if row.resource == MEMORY] == ["at most"]


def test_an_axis_taken_by_the_other_makes_room(state: ExplorerState) -> None:
    """Choosing what the other axis has swaps the two; runtime and throughput are one."""
    state.set_surface(x=THROUGHPUT)
    assert (state.surface_x, state.surface_y) == (THROUGHPUT, MEMORY)
    state.set_surface(y=RUNTIME)
    assert (state.surface_x, state.surface_y) == (MEMORY, RUNTIME)
    assert state.surface is None


def test_other_axes_are_searched_where_a_surface_was(state: ExplorerState) -> None:
    """A surface that is there follows its axes at once."""
    state.start("surface")
    state.set_surface(y=RUNTIME)
    assert state.surface is not None
    assert state.surface.y.resource == RUNTIME


def test_the_axes_own_limits_do_not_outdate_a_surface(state: ExplorerState) -> None:
    """Moving memory or throughput leaves the surface valid; another objective does not."""
    state.start("surface")
    assert state.surface is not None
    state.set_budget(0, value=budget_of(state, MEMORY).value / 2)
    assert state.surface.problem == state.record.problem_along(state.surface_x, state.surface_y)
    state.set_objective(RUNTIME)
    assert state.surface.problem != state.record.problem_along(state.surface_x, state.surface_y)


def test_a_row_is_shown(state: ExplorerState) -> None:
    """The architecture of a row is shown; changed limits show the current one again."""
    state.start("decisions")
    assert state.decisions is not None
    state.show_row(4)
    assert (state.selection.kind, state.selection.place) == ("map", 4)
    assert state.shown is state.decisions.solutions[4]
    state.set_budget(0, on=False)
    assert state.selection.kind == "current"


def test_steps_walk_along_the_rows_and_stop_at_the_ends(state: ExplorerState) -> None:
    """From elsewhere to the first row in the way of the step, then one by one."""
    state.step_row(1)
    assert state.selection.kind == "current"
    state.start("decisions")
    assert state.decisions is not None
    visited = []
    for step in (1, 1, -1, -1):
        state.step_row(step)
        visited.append(state.selection.place)
    state.show_current()
    state.step_row(-1)
    state.step_row(1)
    assert [*visited, state.selection.place] == [0, 1, 0, 0, state.decisions.asked - 1]


def test_rows_keep_to_the_other_limits(state: ExplorerState) -> None:
    """Along throughput the memory limit holds, and throughput's own does not."""
    state.start("decisions")
    assert state.decisions is not None
    assert set(state.decisions.problem.budgets) == {MEMORY}
    state.set_decisions(MEMORY)
    assert state.decisions is not None
    assert set(state.decisions.problem.budgets) == {RUNTIME}


def test_a_row_that_goes_gives_way_to_the_present_solution(state: ExplorerState) -> None:
    """Where a new search no longer has the row that is shown, the current solution is."""
    state.start("decisions")
    state.show_row(2)
    state.set_decisions(MEMORY)
    assert state.selection.kind == "current"
    assert state.shown is state.solution


def test_another_library_forgets_the_maps(state: ExplorerState) -> None:
    """Opening a library clears both maps and takes axes that it has."""
    state.start("surface")
    state.start("decisions")
    state.show_row(1)
    state.open_library(make_library([[(0.0, 4.0), (1.0, 2.0)]], keys=(LOSS, MEMORY)))
    assert state.surface is None
    assert state.decisions is None
    assert (state.surface_x, state.surface_y, state.decisions_over) == (MEMORY, "", MEMORY)
    assert state.selection.kind == "current"


def test_one_cost_is_too_few_for_a_surface() -> None:
    """The state says so in a message, and searches nothing."""
    state = ExplorerState(make_library([[(0.0, 4.0), (1.0, 2.0)]], keys=(LOSS, MEMORY)))
    state.start("surface")
    assert state.message is not None
    assert "two costs" in state.message.text
    assert not state.surface_running


def test_stop_keeps_what_is_found() -> None:
    """Both searches stop when told, with a loop running; nothing arrives after that."""

    async def main() -> None:
        state = ExplorerState(pw.random_library(40, 30))
        state.start("surface")
        state.start("decisions")
        assert is_running(state) == (True, True)
        state.stop("surface")
        state.stop("decisions")
        before = state.surface, state.decisions
        await asyncio.sleep(0.2)
        assert is_running(state) == (False, False)
        assert (state.surface, state.decisions) == before
        state.close()

    asyncio.run(main())


def test_maps_arrive_in_the_background() -> None:
    """With a loop running the maps fill in, and end complete."""

    async def main() -> None:
        state = ExplorerState(pw.random_library(8, 6))
        state.start("surface")
        state.start("decisions")
        for _ in range(4000):
            if not (state.surface_running or state.decisions_running):
                break
            await asyncio.sleep(0.005)
        assert state.surface is not None
        assert state.decisions is not None
        assert state.surface.complete
        assert state.decisions.complete
        state.close()

    asyncio.run(main())
