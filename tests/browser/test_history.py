"""Undo and redo, by mouse and by keys."""

from __future__ import annotations

from playwright.sync_api import expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY
from tests.browser.explorer import Explorer, answer_to
from tests.browser.test_keyboard import press, tab_to


def test_a_drag_is_undone_at_once_and_done_again(
    explorer: Explorer, library: pw.BlockLibrary
) -> None:
    """By Ctrl+Z at the slider and by the buttons; a text field keeps its own Ctrl+Z."""
    page = explorer.page
    undo = page.get_by_role("button", name="Undo", exact=True)
    redo = page.get_by_role("button", name="Redo", exact=True)
    expect(undo).to_be_disabled()
    expect(redo).to_be_disabled()
    first = answer_to(library, 0.75 * library.parent_totals[MEMORY])
    tab_to(explorer, explorer.slider("Memory"))
    press(explorer, "ArrowLeft", 30)
    second = answer_to(library, explorer.settled("Memory"))
    explorer.expect_answer(second)
    press(explorer, "Control+z")
    explorer.expect_answer(first)
    expect(explorer.field("Memory")).to_have_value("84,961")
    expect(page.locator(".pw-history .pw-live")).to_have_text("Undone: Memory budget.")
    expect(undo).to_be_disabled()
    press(explorer, "Control+Shift+z")
    explorer.expect_answer(second)
    undo.click()
    explorer.expect_answer(first)
    press(explorer, "Control+Shift+z")  # the button that was pressed has nothing left to undo
    explorer.expect_answer(second)
    explorer.field("Memory").fill("1")
    press(explorer, "Control+z")
    expect(explorer.field("Memory")).not_to_have_value("1")
    expect(undo).to_be_enabled()
