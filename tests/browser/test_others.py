"""Others nearly as good: counted, pictured, walked by mouse and by keys."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY
from tests.browser.explorer import Explorer, answer_to
from tests.browser.test_layout import expect_one_screen


def cards(explorer: Explorer) -> Locator:
    """The pictures of the tab, which is open."""
    explorer.open_tab("Others")
    found = explorer.page.locator(".pw-gallery > button")
    expect(found.nth(1)).to_be_visible()
    return found


def test_a_click_shows_another_architecture(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """Those of the search, with their excess; shown as what they are, and kept by a scenario."""
    optimum = answer_to(library, 0.75 * library.parent_totals[MEMORY])
    second = pw.alternatives(optimum.problem, 0.01, diverse=2, time_limit=0.1).diverse[1]
    layers = len(second.differing_layers(optimum))
    found = cards(explorer)
    expect(found.nth(1)).to_contain_text(f"{layers} layers differ")
    found.nth(1).click()
    expect(explorer.card("Answer")).to_contain_text("Other 1")
    expect(explorer.status).to_contain_text("Feasible, gap")
    expect(found.nth(1)).to_have_attribute("aria-pressed", "true")
    explorer.open_tab("Why")
    expect(explorer.card("Answer")).to_contain_text("Other 1")
    cards(explorer).nth(0).click()
    expect(explorer.status).to_have_text("Optimal, proven")


def test_keys_walk_the_pictures(explorer: Explorer) -> None:
    """One stop of the Tab key; arrows, Home and End move; Enter shows."""
    found = cards(explorer)
    stops = explorer.page.locator(".pw-gallery > button[tabindex='0']")
    expect(stops).to_have_count(1)
    stops.focus()
    explorer.page.keyboard.press("ArrowRight")
    expect(found.nth(1)).to_be_focused()
    explorer.page.keyboard.press("End")
    expect(found.last).to_be_focused()
    explorer.page.keyboard.press("Enter")
    expect(explorer.card("Answer")).to_contain_text(f"Other {found.count() - 1}")
    expect(found.last).to_be_focused()
    explorer.page.keyboard.press("Home")
    explorer.page.keyboard.press("Space")
    expect(explorer.status).to_have_text("Optimal, proven")


def test_how_near_is_chosen_and_the_count_is_stopped(explorer: Explorer) -> None:
    """Another share has another count; Stop ends the search, and what was found stays."""
    panel = explorer.page.locator(".pw-others")
    cards(explorer)
    expect(panel).to_contain_text("within 1 % of the optimum")
    panel.get_by_role("button", name="5 %").click()
    expect(panel).to_contain_text("within 5 % of the optimum")
    stop = panel.get_by_role("button", name=re.compile("^Stop"))
    stop.click()
    expect(stop).to_be_hidden()
    expect(cards(explorer).nth(2)).to_be_visible()


def test_it_fits_the_screen(explorer: Explorer) -> None:
    """Nothing else is cut or small while the tab is open; it survives a reload."""
    explorer.page.set_viewport_size({"width": 1280, "height": 720})
    cards(explorer).nth(1).click()
    expect(explorer.card("Answer")).to_contain_text("Other 1")
    expect_one_screen(explorer)
    explorer.page.wait_for_function("() => location.hash.length > 20")
    explorer.page.wait_for_timeout(1_000)
    explorer.page.reload()
    expect(explorer.card("Answer")).to_contain_text("Other 1", timeout=60_000)
