"""The buttons of undo and redo: when they can be pressed, and what a screen reader hears."""

from __future__ import annotations

import puzzle_widgets as pw
from puzzle_widgets.widgets.budgets.panel import BudgetPanel
from puzzle_widgets.widgets.history import HistoryButtons
from tests.support.libraries import MEMORY
from tests.support.records import small


def test_buttons_do_what_there_is_to_do() -> None:
    """They say what that is, and cannot be pressed without."""
    state = pw.ExplorerState(small())
    buttons = HistoryButtons(state)
    assert (buttons.undo.disabled, buttons.redo.disabled) == (True, True)
    first = state.budgets
    state.set_budget(MEMORY, 12)
    assert not buttons.undo.disabled
    assert buttons.undo.tooltip == "Undo: Memory budget (Ctrl+Z)"
    buttons.undo.click()
    assert state.budgets == first
    assert "Undone: Memory budget." in buttons.said.value
    assert (buttons.undo.disabled, buttons.redo.disabled) == (True, False)
    buttons.redo.click()
    assert "Redone: Memory budget." in buttons.said.value
    assert state.budgets != first
    buttons.close()


def test_a_slider_that_is_dragged_is_one_step() -> None:
    """Typed limits are a step each; sliders show what is gone back to."""
    state = pw.ExplorerState(small())
    panel = BudgetPanel(state)
    row, first = panel.rows[0], state.budgets
    start = row.slider.value
    for value in (row.span.high, row.span.low, (row.span.low + row.span.high) / 2):
        row.slider.value = value
    assert state.budgets != first
    state.undo()
    assert state.budgets == first
    assert row.slider.value == start
    row.field.value, row.field.value = "12", "13"
    state.undo()
    assert state.budgets[0].value == 12
    panel.close()
