"""The guide: a question mark beside each part opens its section, wherever the explorer runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.explorer import Explorer
from tests.browser.test_accessible import violations
from tests.browser.test_jupyterlab import explorer_in_lab

if TYPE_CHECKING:
    from tests.conftest import StartApp

TABS = ("Why", "Others", "Layer", "Scenarios", "Surface", "Map", "Export")
PARTS = {
    "Answer": "Answer",
    "Budgets": "Budgets",
    "Deployment targets": "Deployment targets",
    "Objective": "Objective",
    "Pareto front": "Pareto front",
    "Blocks by layer": "Blocks by layer",
}
BEHIND = {"Workload": ("Workload", "Workload"), "Weights": ("Weights", "Objective")}
# Question marks that are seen and are less than 24 px wide or high.
SMALL_MARKS = """() => [...document.querySelectorAll(".pw-guide")]
    .map((e) => [e.dataset.guide, e.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && Math.min(box.width, box.height) < 24)"""


def sheet(page: Page) -> Locator:
    """The guide, which is open."""
    return page.get_by_role("dialog", name="Guide")


def read(page: Page, mark: str, section: str) -> None:
    """Open the guide by a question mark and a key, at its section, and go back to the mark."""
    button = page.get_by_role("button", name=f"Guide: {mark}", exact=True).locator("visible=true")
    button.press("Enter")
    heading = sheet(page).get_by_role("heading", name=section, exact=True)
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(sheet(page)).to_have_count(0)
    expect(button).to_be_focused()


def test_each_part_has_its_section(explorer: Explorer) -> None:
    """By keyboard; the marks are large enough for a finger."""
    page = explorer.page
    for mark, section in PARTS.items():
        read(page, mark, section)
    for tab in TABS:
        explorer.open_tab(tab)
        read(page, tab, tab)
    for menu, (mark, section) in BEHIND.items():
        page.get_by_role("button", name=menu, exact=True).click()
        read(page, mark, section)
        page.keyboard.press("Escape")
    page.get_by_text("Templates", exact=True).click()
    read(page, "Files that can be opened", "Open a library")
    assert page.evaluate(SMALL_MARKS) == []


def test_links_lead_on_and_back(explorer: Explorer) -> None:
    """To other pages that ship with the package, and to the glossary; the address stays."""
    page = explorer.page
    page.get_by_role("button", name="New here?").click()
    page.keyboard.press("Escape")
    address = page.url
    page.get_by_role("button", name="Help").click()
    page.get_by_role("button", name="Guide", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(1)
    expect(sheet(page).get_by_role("heading", level=1)).to_have_text("The explorer, part by part")
    back = sheet(page).get_by_role("button", name="Back", exact=True)
    expect(back).to_be_hidden()
    sheet(page).get_by_role("button", name="What each block costs").click()
    expect(sheet(page).get_by_role("heading", name="What each block costs")).to_be_focused()
    sheet(page).get_by_role("button", name="Glossary").click()
    expect(sheet(page)).to_contain_text("Each term once")
    back.click()
    expect(sheet(page).get_by_role("heading", name="What each block costs")).to_be_focused()
    back.click()
    expect(sheet(page).get_by_role("heading", level=1)).to_have_text("The explorer, part by part")
    expect(back).to_be_hidden()
    assert page.url == address


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_it_breaks_no_rule(browser: Browser, app_url: str, scheme: Any, width: int) -> None:
    """Light and dark, wide and narrow, and nothing is wider than the window."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
    )
    page = context.new_page()
    Explorer(page).open(app_url, searched=False)
    page.get_by_role("button", name="Guide: Pareto front").click()
    for words in ("Loading", "Glossary", "File formats"):
        if words == "File formats":
            sheet(page).get_by_role("button", name="All parts").click()
        if words != "Loading":
            sheet(page).get_by_role("button", name=words, exact=True).first.click()
        expect(sheet(page).locator("[aria-busy='false'] h1")).to_have_count(1)
        assert violations(page, ".pw-guide-sheet") == [], words
        wide = "e => e.scrollWidth - e.clientWidth"
        assert sheet(page).locator(".pw-guide-text").evaluate(wide) <= 0, words
    page.goto("about:blank")
    context.close()


def test_it_works_below_a_path_and_with_a_token(watched_page: Page, start_app: StartApp) -> None:
    """Nothing of it is another address."""
    url = start_app(base_url="/explore/", token="let-me-in")  # noqa: S106
    Explorer(watched_page).open(f"{url}?token=let-me-in", searched=False)
    read(watched_page, "Answer", "Answer")


def test_it_says_when_nobody_answers(explorer: Explorer) -> None:
    """A kernel that is gone leaves no empty sheet."""
    page = explorer.page
    page.evaluate("() => window.puzzleWidgetsGuides.forEach((model) => { model.send = () => {}; })")
    page.get_by_role("button", name="Guide: Answer").click()
    expect(sheet(page)).to_contain_text("No answer from the kernel")


@pytest.mark.slow
def test_it_works_in_jupyterlab(page: Page, tmp_path: Path) -> None:
    """The same sheet, over the notebook."""
    with explorer_in_lab(page, tmp_path) as explorer:
        explorer.open_tab("Why")
        read(page, "Why", "Why")
        read(page, "Blocks by layer", "Blocks by layer")
