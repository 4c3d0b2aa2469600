"""Everything by keyboard alone, and what a screen reader is told."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

import puzzle_widgets as pw
from tests.browser.explorer import BARS, STATUS, Explorer, answer_to

MOST_TABS = 60
RING = """() => { const style = getComputedStyle(document.activeElement);
    return style.outlineStyle === "solid" ? parseFloat(style.outlineWidth) : 0 }"""
FOCUSED = "() => document.activeElement.outerHTML.slice(0, 200)"


def tab_to(explorer: Explorer, goal: Locator) -> None:
    """Press Tab until the goal has the focus; at every stop its ring has to be seen."""
    for _ in range(MOST_TABS):
        explorer.page.keyboard.press("Tab")
        assert explorer.page.evaluate(RING) >= 2, explorer.page.evaluate(FOCUSED)
        if goal.evaluate("(element) => element === document.activeElement"):
            break
    expect(goal).to_be_focused()


def press(explorer: Explorer, key: str, times: int = 1) -> None:
    """Press a key."""
    for _ in range(times):
        explorer.page.keyboard.press(key)


def test_keyboard_alone(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """Move a slider, walk the front and the layers, keep a scenario: without a mouse."""
    page = explorer.page
    tab_to(explorer, explorer.slider("Memory"))
    with explorer.changing(STATUS, BARS):
        press(explorer, "ArrowLeft", 40)
    memory = explorer.settled("Memory")
    assert memory == 65_000
    explorer.expect_answer(answer_to(library, memory))

    tab_to(explorer, page.get_by_role("group", name="Pareto front"))
    press(explorer, "Home")
    expect(explorer.card("Answer")).to_contain_text("Point 1 of 24")
    press(explorer, "ArrowRight", 2)
    expect(explorer.card("Answer")).to_contain_text("Point 3 of 24")
    press(explorer, "ArrowLeft")
    expect(explorer.card("Answer")).to_contain_text("Point 2 of 24")
    press(explorer, "End")
    expect(explorer.card("Answer")).to_contain_text("Point 24 of 24")

    tab_to(explorer, page.get_by_role("group", name="Blocks by layer"))
    press(explorer, "ArrowRight", 3)
    expect(page.locator(".pw-detail").get_by_role("heading")).to_contain_text("Layer 2:")

    tab_to(explorer, page.get_by_role("tab", name="Layer 2"))
    press(explorer, "ArrowRight")
    expect(page.get_by_role("tab", name="Scenarios")).to_be_focused()
    tab_to(explorer, explorer.button("Scenarios", "Save solution"))
    press(explorer, "Enter")
    expect(explorer.kept).to_have_count(1)


def test_controls_have_names(explorer: Explorer) -> None:
    """Sliders, fields, pickers and charts have names, sliders say amounts, and answers are told."""
    for title in ("Runtime (ms)", "Parameters", "KV heads"):
        explorer.add_budget(title)
    for name in ("Memory", "Runtime", "Throughput", "Parameters", "KV heads"):
        expect(explorer.slider(name)).to_be_visible()
        expect(explorer.field(name)).to_be_visible()
    expect(explorer.slider("Memory")).to_have_attribute(
        "aria-valuetext", "at most 84,961 MiB; 75 % of the parent (113,281 MiB)"
    )
    nameless = explorer.page.evaluate(
        """() => [...document.querySelectorAll(
            ".pw-explorer :is(input:not([type=file]), select, [role=slider], [role=group])")]
            .filter((e) => !e.getAttribute("aria-label") && !(e.labels && e.labels.length))
            .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    spoken = explorer.page.locator(".pw-spoken")
    expect(spoken).to_have_attribute("aria-live", "polite")
    expect(spoken).to_contain_text("Optimal, proven. KL divergence")
