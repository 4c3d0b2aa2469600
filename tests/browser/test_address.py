"""Nothing is lost: a reload, a link to somebody else, a link that cannot be followed."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library
from puzzle_widgets.state import kept_actions, opening, to_code, to_json
from tests.browser.explorer import PATIENCE_MS, START_MS, Explorer, answer_to

WRITTEN = "(before) => location.hash.startsWith('#s=') && location.hash !== before"


def wait_for_address(page: Page, before: str = "") -> str:
    """Wait until the address holds another state; its fragment."""
    page.wait_for_function(WRITTEN, arg=before, timeout=PATIENCE_MS)
    return str(page.evaluate("location.hash"))


def test_a_reload_and_a_link_go_on_from_there(
    explorer: Explorer, library: pw.BlockLibrary, browser: Browser
) -> None:
    """Budgets, scenarios and the open layer, for the visitor and for whoever gets the link."""
    page = explorer.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    explorer.keep("Server")
    explorer.type_limit("Memory", "40000")
    edge = answer_to(library, 40_000)
    explorer.expect_answer(edge)
    before = wait_for_address(page)
    explorer.open_tab("Map")
    wait_for_address(page, before)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Link copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    assert "#s=" in link

    page.reload()
    explorer.bars.first.wait_for(state="attached")
    explorer.expect_answer(edge)
    expect(explorer.field("Memory")).to_have_value("40,000")
    expect(page.get_by_role("tab", name="Map")).to_have_attribute("aria-selected", "true")
    expect(explorer.kept).to_contain_text(["Server"])

    with browser.new_context(viewport={"width": 1280, "height": 900}) as other:
        somebody = Explorer(other.new_page()).open(link, searched=False)
        somebody.expect_answer(edge)
        expect(somebody.kept).to_contain_text(["Server"])


def test_a_link_that_is_broken_is_said_once(explorer: Explorer) -> None:
    """What is on the screen stays."""
    before = explorer.drawn()
    explorer.page.evaluate("location.hash = '#s=nonsense'")
    expect(explorer.message).to_contain_text("Copy the whole link again")
    assert explorer.drawn() == before


def test_a_library_that_is_missing_is_asked_for(explorer: Explorer) -> None:
    """By its title; once its file is opened, the link is followed."""
    own = pw.random_library(4, 4)
    record = opening.open_library(own)
    saved = to_json(kept_actions.keep(record, "From the link", pw.search(record.problem)))
    explorer.page.evaluate("(code) => { location.hash = '#s=' + code }", to_code(saved))
    expect(explorer.message).to_contain_text(f"{own.name!r}, which is not open")
    file = {"name": "own.json", "mimeType": "application/json"}
    explorer.upload("Open file", {**file, "buffer": dump_library(own).encode()})
    expect(explorer.message).to_contain_text("The saved state is open.")
    expect(explorer.kept).to_contain_text(["From the link"])


def test_a_file_of_ones_own_is_kept_by_the_browser(explorer: Explorer) -> None:
    """A reload goes on with it, without asking for it; another browser asks."""
    page = explorer.page
    own = pw.random_library(4, 4)
    file = {"name": "own.json", "mimeType": "application/json"}
    explorer.upload("Open file", {**file, "buffer": dump_library(own).encode()})
    expect(page.get_by_text(re.compile("^4 layers"))).to_be_visible()
    expect(explorer.status).to_have_text("Optimal, proven")
    explorer.wait_for_front()
    before = wait_for_address(page)
    explorer.button("Answer", "Save scenario").click()
    expect(page.get_by_role("tab", name="Scenarios 1")).to_be_visible()
    wait_for_address(page, before)
    page.reload()
    expect(page.get_by_role("tab", name="Scenarios 1")).to_be_visible(timeout=START_MS)
    expect(explorer.message).to_contain_text("The saved state is open.")
    page.evaluate("indexedDB.deleteDatabase('puzzle-widgets')")
    page.reload()
    expect(explorer.message).to_contain_text("which is not open", timeout=START_MS)
