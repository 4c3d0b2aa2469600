"""An oversight of ours: its error reaches the page, and the page lives on."""

from __future__ import annotations

from playwright.sync_api import Page, expect

import puzzle_widgets as pw
from tests.browser.explorer import Explorer, answer_to


def test_error_in_a_callback_reaches_the_page(
    watched_page: Page, troubled_url: str, library: pw.BlockLibrary
) -> None:
    """The error is told, escaped, where the user looks; the rest goes on working."""
    explorer = Explorer(watched_page).open(troubled_url, searched=False)
    expect(explorer.status).to_have_text("Optimal, proven")
    explorer.button("Scenarios", "Save solution").click()
    alert = explorer.page.get_by_role("alert")
    expect(alert).to_have_text("Error. Something went wrong: RuntimeError: the <b>shelf</b> broke")
    expect(alert.locator("b")).to_have_text(["Error."])
    explorer.message.get_by_role("button", name="Dismiss").click()
    expect(explorer.message).to_be_hidden()
    explorer.type_limit("Memory", "70000")
    explorer.expect_answer(answer_to(library, 70_000))
