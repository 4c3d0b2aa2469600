"""Layout: narrow and wide, light and dark, after a resize."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.explorer import Explorer

# All but the open tab's own panel.
SCROLLING = """() => [...document.querySelectorAll(".pw-explorer, .pw-explorer *")]
    .filter((e) => !e.closest(".pw-tab-body"))
    .filter((e) => /auto|scroll/.test(getComputedStyle(e).overflowY)
        && e.scrollHeight > e.clientHeight + 1)
    .map((e) => e.className)"""

# Contrast of every visible word with the nearest background behind it, where it is below 4.5.
PALE = """() => {
    const parts = (color) => {
        const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number); return [r, g, b, a] };
    const over = ([r, g, b, a], [R, G, B]) =>
        [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
    const behind = (e) => {
        if (!e) return [255, 255, 255, 1];
        const own = parts(getComputedStyle(e).backgroundColor);
        return own[3] === 1 ? own : over(own, behind(e.parentElement)) };
    const light = (color) => color.slice(0, 3).map((v) => v / 255)
        .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
    const ratio = (e) => {
        const ground = behind(e), style = getComputedStyle(e);
        const ink = over(parts(e.closest("svg") ? style.fill : style.color), ground);
        const [low, high] = [light(ink), light(ground)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05) };
    return [...document.querySelectorAll(".pw-explorer *")]
        .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        .filter((e) => !e.closest(":disabled, .pw-aside, option"))
        .map((e) => [ratio(e), e.textContent.trim().slice(0, 40), e.getAttribute('class')])
        .filter(([found]) => found < 4.5)
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_page_is_calm(watched_page: Page, app_url: str, width: int, scheme: str) -> None:
    """With scenarios kept and a layer open: one scrollbar, nothing sideways, words to be read."""
    watched_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    watched_page.set_viewport_size({"width": width, "height": 800})
    explorer = Explorer(watched_page).open(app_url)
    explorer.keep("First")
    explorer.points.nth(15).click()
    expect(explorer.card("Answer")).to_contain_text("Point 16 of 24")
    explorer.keep("A name of a scenario that is much longer than the others, and than its field")
    explorer.card("Blocks by layer").get_by_role("combobox", name="Layer").select_option("40")
    expect(watched_page.locator(".pw-detail tbody tr").first).to_be_visible()
    sideways = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    assert watched_page.evaluate(sideways) <= 0
    assert watched_page.evaluate(SCROLLING) == []
    assert watched_page.evaluate(PALE) == []


def test_charts_follow_the_window(explorer: Explorer) -> None:
    """After a resize the bars fill their chart again, and stay within it."""
    fills = """() => { const view = document.querySelector(".pw-layer-view");
        const chart = view.querySelector("svg.svg-figure").getBoundingClientRect();
        const groups = [...view.querySelector(".bargroup").parentNode.children];
        const ends = groups.filter((g) => g.matches(".bargroup")).slice(1, -1)
            .map((g) => g.getBoundingClientRect().right);
        const gap = chart.right - Math.max(...ends);
        return chart.right <= innerWidth && gap >= 0 && gap < 40 }"""
    for width in (1000, 420, 1280):
        explorer.page.set_viewport_size({"width": width, "height": 800})
        explorer.page.locator(".pw-layers").scroll_into_view_if_needed()
        explorer.page.wait_for_function(fills)
