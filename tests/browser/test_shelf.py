"""Scenarios of an earlier visit are offered, restored and forgotten."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.explorer import PATIENCE_MS, Explorer

STORED = """(count) => Object.keys(localStorage)
    .filter((key) => key.startsWith("puzzle-widgets/scenarios/")).length === count"""


def wait_until_stored(page: Page, count: int) -> None:
    """Wait until this many visits have scenarios in the browser's storage."""
    page.wait_for_function(STORED, arg=count, timeout=PATIENCE_MS)


def visit_again(explorer: Explorer, url: str) -> None:
    """Leave, and come back without what the address held."""
    explorer.page.goto("about:blank")
    explorer.open(url, searched=False)


def test_scenarios_of_the_last_visit(explorer: Explorer, app_url: str) -> None:
    """A reload has them by its address; a new visit restores them, or forgets them."""
    page = explorer.page
    restore = page.get_by_role("button", name="Restore", exact=True)
    forget = page.get_by_role("button", name="Forget", exact=True)
    explorer.keep("Server")
    explorer.keep("Edge")
    wait_until_stored(page, 1)
    expect(restore).to_be_hidden()

    visit_again(explorer, app_url)
    expect(
        page.get_by_text("2 saved scenarios of an earlier visit or another tab:")
    ).to_be_visible()
    restore.click()
    expect(explorer.message).to_contain_text("2 scenarios loaded.")
    expect(explorer.kept).to_contain_text(["Server", "Edge"])
    expect(restore).to_be_hidden()
    wait_until_stored(page, 1)

    visit_again(explorer, app_url)
    expect(restore).to_be_visible()
    forget.click()
    expect(restore).to_be_hidden()
    wait_until_stored(page, 0)
