"""A score whose sense nothing tells: the app asks before it searches."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from puzzle_widgets.library import dump_library
from tests.browser.explorer import Explorer
from tests.state.test_sense import unclear


def test_the_sense_of_a_score_is_asked_and_answered_by_key(explorer: Explorer) -> None:
    """No answer and no front before; both after, and the question is gone."""
    content = dump_library(unclear()).encode()
    file = {"name": "unclear.json", "mimeType": "application/json", "buffer": content}
    explorer.upload("Open file", file)
    budgets = explorer.card("Budgets")
    asked = budgets.get_by_role("alert")
    expect(asked).to_contain_text("not clear which way Quality is better")
    expect(explorer.status).to_have_text("Not searched: choose first which way the score is better")
    expect(explorer.points).to_have_count(0)
    explorer.button("Budgets", "Smaller is better").focus()
    explorer.page.keyboard.press("Tab")
    explorer.page.keyboard.press("Enter")
    expect(asked).to_have_count(0)
    expect(explorer.status).to_have_text("Optimal, proven")
    expect(budgets.get_by_role("button", name="maximize")).to_have_class(re.compile("mod-active"))
    explorer.wait_for_front()
