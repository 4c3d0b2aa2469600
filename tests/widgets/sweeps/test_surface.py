"""The budget surface: searched on request, read by pointing, chosen by click or by list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.charts.palette import BLANK_VALUE
from puzzle_widgets.library.quantity import MEMORY, RUNTIME, THROUGHPUT
from puzzle_widgets.state import BudgetSetting, ExplorerState
from puzzle_widgets.widgets.charts import CellChart
from puzzle_widgets.widgets.sweeps.surface import BudgetSurface
from tests.support.libraries import LOSS, make_library
from tests.support.state import found_so_far


@pytest.fixture
def state() -> ExplorerState:
    """State of a library small enough for a surface at once."""
    return ExplorerState(pw.random_library(6, 5))


@pytest.fixture
def panel(state: ExplorerState) -> BudgetSurface:
    """Panel whose surface has been found."""
    made = BudgetSurface(state)
    made.search.button.click()
    return made


def chart_of(panel: BudgetSurface) -> CellChart:
    """The chart, which has to be there."""
    return panel.charts[0]


def send(panel: BudgetSurface, event: str, row: int, column: int) -> None:
    """Send what the page sends of a cell."""
    key = "point" if event == "hover" else "data"
    content: dict[str, Any] = {"event": event, key: {"rowNum": row, "columnNum": column}}
    chart_of(panel).cells._handle_custom_msg(content, None)


def test_nothing_is_searched_or_hung_before_the_button(state: ExplorerState) -> None:
    """Alone and new, the panel offers the search and hides the rest."""
    panel = BudgetSurface(state)
    assert state.surface is None
    assert panel.body.layout.display == "none"
    assert panel.box.children == ()
    assert "Not searched yet" in panel.search.said.value
    assert panel.search.running.layout.display == "none"


def test_search_draws_every_cell(panel: BudgetSurface) -> None:
    """The button searches; every cell has its color, and the figure is hung."""
    grid = panel.state.surface
    assert grid is not None
    colors = chart_of(panel).cells.color[:-1, :-1]
    assert colors.shape == (12, 12)
    np.testing.assert_array_equal(colors == BLANK_VALUE, np.isnan(grid.scores))
    assert colors[0, -1] == 0
    assert np.nanargmin(grid.scores) == 11
    assert panel.box.children == (chart_of(panel).figure,)
    assert "144 cells: " in panel.search.said.value
    assert "proven optimal." in panel.search.said.value
    assert panel.search.button.description == "Compute again"


def test_pointing_tells_budgets_score_and_use(panel: BudgetSurface) -> None:
    """The line has both limits, the score with its proof, and what the optimum uses."""
    grid = panel.state.surface
    assert grid is not None
    before = panel.state.budgets
    send(panel, "hover", 3, 5)
    cell = grid.cells[3][5]
    assert cell is not None
    words = panel.line.value
    for part in (grid.x.words(5), grid.y.words(3), "Optimal, proven", "MiB", "tokens/s"):
        assert part in words
    assert panel.state.library.quantity(LOSS).text(cell.score) in words
    assert panel.state.budgets == before


def test_a_click_sets_both_budgets(panel: BudgetSurface) -> None:
    """After a click the limits are the cell's; cell and lists follow."""
    grid = panel.state.surface
    assert grid is not None
    send(panel, "element_click", 4, 6)
    limits = {row.resource: row.value for row in panel.state.budgets if row.on}
    assert limits == {MEMORY: grid.x.limits[6], THROUGHPUT: grid.y.limits[4]}
    assert (panel.row.value, panel.column.value) == (4, 6)
    assert chart_of(panel).outlines[0].visible
    assert chart_of(panel).cross.x.tolist() == [grid.x.limits[6]]
    assert chart_of(panel).cross.y.tolist() == [grid.y.limits[4]]


def test_lists_and_button_do_what_a_click_does(panel: BudgetSurface) -> None:
    """Without a pointer: choose column and row, read the line, press the button."""
    grid = panel.state.surface
    assert grid is not None
    before = panel.state.budgets
    panel.column.value, panel.row.value = 8, 2
    assert grid.x.words(8) in panel.line.value
    assert panel.state.budgets == before
    panel.use.click()
    limits = {row.resource: row.value for row in panel.state.budgets if row.on}
    assert limits == {MEMORY: grid.x.limits[8], THROUGHPUT: grid.y.limits[2]}


def test_the_cross_follows_the_present_budgets(panel: BudgetSurface) -> None:
    """The cross stands at the limits; without one at the loose edge, and the words say so."""
    state, chart = panel.state, chart_of(panel)
    grid = state.surface
    assert grid is not None
    state.set_budget(0, value=300.0)
    assert chart.cross.x.tolist() == [300.0]
    assert "Memory ≤ 300 MiB" in panel.legend.value
    state.set_budget(0, on=False)
    assert chart.cross.x.tolist() == [grid.x.limits[-1]]
    assert "no limit on memory" in panel.legend.value


def test_budgets_outside_stand_at_the_edge_and_are_said(panel: BudgetSurface) -> None:
    """A limit beyond the cells leaves the cross at their edge."""
    panel.state.set_budget(0, value=1.0)
    chart = chart_of(panel)
    assert chart.cross.x[0] == chart.cells.scales["column"].min
    assert "outside" in panel.legend.value


def test_cells_without_an_architecture_are_grey(panel: BudgetSurface) -> None:
    """Infeasible cells have their own color, legend and words."""
    grid = panel.state.surface
    assert grid is not None
    empty = int(np.isnan(grid.scores).sum())
    assert np.isnan(grid.scores[11, 0])
    assert chart_of(panel).cells.color[11, 0] == BLANK_VALUE
    assert "no architecture" in panel.legend.value
    assert f"{empty} infeasible" in panel.search.said.value
    send(panel, "hover", 11, 0)
    assert "Infeasible" in panel.line.value


def test_progress_and_stop_while_it_is_searched(panel: BudgetSurface) -> None:
    """While the search runs, bar, count and Stop are there; stopped, the rest is said."""
    grid = panel.state.surface
    assert grid is not None
    rows = [(None,) * 12, *grid.cells[1:]]
    found_so_far(panel.state, "surface", replace(grid, cells=tuple(rows)))
    assert panel.search.running.layout.display is None
    assert panel.search.count.value == "132 of 144 cells"
    assert panel.search.button.description == "Stop"
    panel.search.button.click()
    assert not panel.state.surface_running
    assert "Stopped after 132 of 144 cells" in panel.search.said.value


def test_it_says_when_it_is_out_of_date(panel: BudgetSurface) -> None:
    """Another objective or other limits outdate it; its own two limits do not."""
    panel.state.set_budget(0, value=300.0)
    assert "Out of date" not in panel.search.said.value
    more = BudgetSetting(LOSS, "at most", 99.0, on=True)
    panel.state.set_budgets((*panel.state.budgets, more))
    assert "Out of date" in panel.search.said.value
    assert "pw-dim" in panel.body._dom_classes
    panel.search.button.click()
    assert "Out of date" not in panel.search.said.value
    assert "pw-dim" not in panel.body._dom_classes
    assert "Loss ≤ 99" in panel.head.value


def test_other_axes_make_another_chart(panel: BudgetSurface) -> None:
    """Choosing rows of runtime searches that surface, with its unit on the axis."""
    panel.y.value = RUNTIME
    grid = panel.state.surface
    assert grid is not None
    assert grid.y.resource == RUNTIME
    assert chart_of(panel).figure.axes[1].label == "Runtime, at most (ms)"
    assert panel.row.options[0][0].endswith(" ms")


def test_a_library_of_one_cost_says_so() -> None:
    """Without a second cost there is no surface, and the words say why."""
    state = ExplorerState(make_library([[(0.0, 4.0), (1.0, 2.0)]], keys=(LOSS, MEMORY)))
    panel = BudgetSurface(state)
    assert panel.search.button.disabled
    assert "two costs" in panel.search.said.value


def test_another_library_starts_afresh(panel: BudgetSurface) -> None:
    """Opening a library hides the old surface."""
    panel.state.open_library(make_library([[(0.0, 4.0, 5.0), (1.0, 2.0, 3.0)]]))
    assert panel.body.layout.display == "none"
    assert panel.box.children == ()
    panel.search.button.click()
    assert panel.state.surface is not None
    assert panel.state.surface.complete


def test_close_lets_go_of_the_state(panel: BudgetSurface) -> None:
    """A closed panel no longer follows the state."""
    before = panel.legend.value
    panel.close()
    panel.state.set_budget(0, value=300.0)
    assert panel.legend.value == before
