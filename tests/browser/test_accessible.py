"""What people without a mouse, or without the screen, meet; checked by axe-core, too."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.explorer import Explorer
from tests.browser.test_jupyterlab import explorer_in_lab

pytest.importorskip("axe_playwright_python", reason="axe-playwright-python brings axe-core")
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
# What breaks a rule: its name, how many places, the first of them.
VIOLATIONS = """async (root) => {
    const options = { resultTypes: ["violations"], iframes: false };
    const { violations } = await axe.run(root ? { include: [root] } : document, options);
    return violations.map(({ id, nodes }) => [id, nodes.length, nodes[0].html.slice(0, 200)]);
}"""
SAID = """() => {
    window.said = [];
    const spoken = document.querySelector(".pw-spoken");
    new MutationObserver(() => window.said.push(spoken.textContent)).observe(
        spoken, { subtree: true, childList: true, characterData: true });
}"""


def violations(page: Page, root: str | None = None) -> list[Any]:
    """What axe-core finds on a page, or within one of its elements."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    found: list[Any] = page.evaluate(VIOLATIONS, root)
    return found


@pytest.mark.parametrize(
    ("scheme", "width", "height"), [("light", 1440, 900), ("dark", 1280, 720), ("light", 390, 844)]
)
def test_no_rule_is_broken(
    browser: Browser, app_url: str, scheme: Any, width: int, height: int
) -> None:
    """In every tab, and with weights and workload open, light and dark, wide and narrow."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": height}, bypass_csp=True
    )
    page = context.new_page()
    Explorer(page).open(app_url)
    assert violations(page) == []
    for tab in page.get_by_role("tab").all():
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        page.wait_for_timeout(1_500)
        assert violations(page) == [], tab.inner_text()
    if width < 400:
        page.get_by_role("button", name="All budgets").click()
    for name in ("Workload", "Weights"):
        page.get_by_role("button", name=name, exact=True).click()
        assert violations(page) == [], name
        page.keyboard.press("Escape")
    page.goto("about:blank")
    context.close()


@pytest.mark.slow
def test_no_rule_is_broken_in_jupyterlab(page: Page, tmp_path: Path) -> None:
    """In every tab of the explorer; what is around it is JupyterLab's."""
    with explorer_in_lab(page, tmp_path) as explorer:
        explorer.wait_for_front()
        assert violations(page, ".pw-explorer") == []
        for tab in page.locator(".pw-explorer").get_by_role("tab").all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            page.wait_for_timeout(1_500)
            assert violations(page, ".pw-explorer") == [], tab.inner_text()


# Six at once, however busy the machine is: between slower ones an answer would be heard.
PRESSED = """(handle) => {
    for (let i = 0; i < 6; i++) {
        handle.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    }
}"""


def test_panels_are_reached_at_once(explorer: Explorer) -> None:
    """The first stops of the Tab key lead to the budgets, the charts and the tabs."""
    page = explorer.page
    for words, place in (
        ("Skip to the budgets", ".pw-budgets"),
        ("Skip to the Pareto front", ".pw-pareto"),
        ("Skip to the blocks by layer", ".pw-layer-view"),
        ("Skip to the tabs", ".pw-tabs"),
    ):
        link = page.get_by_role("button", name=words)
        link.focus()
        expect(link).to_be_visible()
        page.keyboard.press("Enter")
        assert page.evaluate(f"document.activeElement.closest('{place}') !== null"), words


def test_panels_are_landmarks(explorer: Explorer) -> None:
    """A screen reader's list of regions names them; the page has one main part."""
    page = explorer.page
    assert page.get_by_role("main").count() == 1
    for name in ("Budgets", "Pareto front", "Blocks by layer", "Answer"):
        expect(page.get_by_role("region", name=name, exact=True)).to_have_count(1)


def test_an_answer_is_said_once(explorer: Explorer) -> None:
    """Whatever happens on the way, one sentence with the figures of where it ended."""
    page = explorer.page
    page.wait_for_timeout(1_500)
    page.evaluate(SAID)
    explorer.slider("Throughput").evaluate(PRESSED)
    page.wait_for_function("window.said.length > 0")
    page.wait_for_timeout(1_500)
    (said,) = page.evaluate("window.said")
    assert said.startswith("Current solution: Optimal, proven. KL divergence")
    assert "tokens/s" in said
