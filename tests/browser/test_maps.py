"""The two maps: search them, click a cell or a row, and see budgets and architecture follow."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.explorer import BARS, START_MS, STATUS, Explorer
from tests.browser.test_looks import PALE


def searched(explorer: Explorer, title: str) -> Locator:
    """A map, searched to its end, which begins when its tab is opened."""
    card = explorer.card(title)
    expect(card.get_by_text(re.compile(r"proven optimal\."))).to_be_visible(timeout=START_MS)
    return card


def click_cell(card: Locator, across: float, down: float) -> None:
    """Click the chart's cells at a share of their width and height."""
    cells = card.locator(".heatmapcell").first.locator("xpath=..").locator("xpath=..")
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box is not None
    at = {"x": box["x"] + across * box["width"], "y": box["y"] + down * box["height"]}
    card.page.mouse.move(at["x"], at["y"])
    card.page.mouse.click(at["x"], at["y"])


def test_cell_of_the_surface_sets_both_budgets(explorer: Explorer) -> None:
    """A click on a cell writes its two budgets into the fields, and they are searched."""
    card = searched(explorer, "Budget surface")
    before = explorer.field("Memory").input_value()
    with explorer.changing(STATUS, BARS):
        click_cell(card, 0.3, 0.5)
    expect(explorer.field("Memory")).not_to_have_value(before)
    expect(explorer.status).to_have_text("Optimal, proven")
    column = card.get_by_role("combobox", name="Column", exact=True)
    chosen = column.locator("option:checked").inner_text()
    memory = explorer.field("Memory").input_value().replace(",", "")
    assert f"{float(memory):,.0f}"[:4] in chosen


def test_surface_is_used_by_keys_alone(explorer: Explorer) -> None:
    """Two lists and a button set the budgets without a mouse."""
    card = searched(explorer, "Budget surface")
    card.get_by_role("combobox", name="Column", exact=True).select_option(index=2)
    card.get_by_role("combobox", name="Row", exact=True).select_option(index=1)
    with explorer.changing(STATUS):
        card.get_by_role("button", name="Use these budgets").press("Enter")
    expect(explorer.status).to_have_text("Optimal, proven")


def test_row_of_the_decision_map_is_shown(explorer: Explorer) -> None:
    """Hover tells the block; a click on a row shows its architecture; arrow keys walk on."""
    card = searched(explorer, "Decision map")
    with explorer.changing(STATUS, BARS):
        click_cell(card, 0.5, 0.3)
    expect(card.locator(".pw-map-line")).to_contain_text("layer")
    answer = explorer.card("Answer")
    expect(answer).to_contain_text("Decision map")
    with explorer.changing(STATUS):
        card.get_by_role("button", name="Next row").click()
    expect(card.locator(".pw-map-line")).to_contain_text("Shown:")
    explorer.button("Answer", "Back to current budgets").click()
    expect(answer).to_contain_text("Current solution")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_searched_maps_can_be_read(watched_page: Page, app_url: str, scheme: str) -> None:
    """On a phone, too: nothing sideways, every word with contrast."""
    watched_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    watched_page.set_viewport_size({"width": 400, "height": 800})
    explorer = Explorer(watched_page).open(app_url)
    searched(explorer, "Budget surface")
    searched(explorer, "Decision map")
    sideways = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    assert watched_page.evaluate(sideways) <= 0
    assert watched_page.evaluate(PALE) == []
