"""One screen: what a drag needs is seen at once, whatever is done; the rest is in tabs."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TimedOut

from tests.browser.explorer import Explorer
from tests.browser.test_budgets import take
from tests.browser.test_jupyterlab import explorer_in_lab

SCREENS = [(1440, 900), (1280, 720)]
# What of the parts that belong together is not wholly inside the window, or inside its own card.
OUTSIDE = """() => {
    const room = document.querySelector(".jp-WindowedPanel-outer");
    const view = room ? room.getBoundingClientRect() : new DOMRect(0, 0, innerWidth, innerHeight);
    const parts = [".pw-limit", ".pw-status", ".pw-tile", ".pw-limited", ".pw-pareto",
        ".pw-pareto .pw-figure", ".pw-pareto .pw-walk", ".pw-layer-view", ".pw-layers rect.bar",
        ".pw-tablist"];
    const boxes = parts.map((name) => [name, [...document.querySelectorAll(name)]]);
    boxes.push(["Save", [...document.querySelectorAll(".pw-status button")]
        .filter((e) => e.textContent === "Save scenario")]);
    const seen = (box, within) => box.left >= within.left - 1 && box.right <= within.right + 1
        && box.top >= within.top - 1 && box.bottom <= within.bottom + 1;
    return boxes.flatMap(([name, found]) => !found.length ? [`no ${name}`] : found
        .map((e) => [e.getBoundingClientRect(), e.closest(".pw-card, .pw-tabs")])
        .filter(([box]) => box.width > 0)
        .filter(([box, card]) => !seen(box, view) || !seen(box, card.getBoundingClientRect()))
        .map(([box]) => `${name}: ${Math.round(box.top)} to ${Math.round(box.bottom)}`)).slice(0, 9)
}"""
# Boxes that scroll inside, or cut what is in them; the open tab's panel alone may scroll.
CUT = """() => [...document.querySelectorAll(".pw-explorer *:not(svg *)")]
    .filter((e) => !e.closest(".pw-tab-body, .pw-aside, .pw-menu-body, select, .widget-slider"))
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height > 2)
    .filter((e) => /auto|scroll|hidden|clip/.test(getComputedStyle(e).overflow)
        && (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1))
    .map((e) => `${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`)"""
SMALL = """() => [...document.querySelectorAll(".pw-explorer *")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .filter((e) => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 12)
    .map((e) => [getComputedStyle(e).fontSize, e.textContent.trim().slice(0, 30)])"""
# What of an open menu is beyond the window, or wider than the menu; it may scroll down inside.
UNSEEN = """() => [...document.querySelectorAll(".pw-open > .pw-menu-body")].flatMap((body) => {
    const box = body.getBoundingClientRect();
    const inside = box.left >= 0 && box.right <= innerWidth && box.top >= 0
        && box.bottom <= innerHeight && box.height >= 150;
    const wide = [...body.querySelectorAll("*")].filter((e) => e.checkVisibility())
        .filter((e) => e.getBoundingClientRect().right > box.right + 1)
        .map((e) => `${e.className} is wider`);
    return inside ? wide : [`at ${JSON.stringify(box)} of ${innerWidth} x ${innerHeight}`];
})"""
SCROLLED = """() => { const room = document.querySelector(".jp-WindowedPanel-outer");
    const page = document.scrollingElement;
    return room ? 0 : page.scrollHeight - innerHeight }"""


def expect_one_screen(explorer: Explorer) -> None:
    """Wait until all parts are wholly seen, and nothing is cut or small."""
    page = explorer.page
    for look in (OUTSIDE, CUT):  # charts take a new size some moments after the window
        with suppress(TimedOut):
            page.wait_for_function(f"() => !({look})().length", timeout=5_000)
        assert page.evaluate(look) == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate(SCROLLED) <= 0


def drag(explorer: Explorer) -> None:
    """Hold the slider of the memory, and look while it is held."""
    x, y = take(explorer, "Memory")
    explorer.page.mouse.move(x - 30, y, steps=6)
    expect_one_screen(explorer)
    explorer.page.mouse.up()


def choose_a_point(explorer: Explorer) -> None:
    """Click a point of the front."""
    explorer.points.nth(14).click()
    expect(explorer.card("Answer")).to_contain_text("Point 15 of 24")


def open_a_layer(explorer: Explorer) -> None:
    """Click a layer: it is told beside the front."""
    columns = explorer.page.locator(".pw-layer-view rect.bar[style*='opacity: 0;']")
    columns.nth(31).click()
    expect(explorer.page.locator(".pw-detail").get_by_role("heading")).to_be_visible()


def save(explorer: Explorer) -> None:
    """Save what is shown, where it is shown."""
    explorer.button("Answer", "Save scenario").click()
    expect(explorer.page.get_by_role("tab", name="Scenarios 1")).to_be_visible()


def clash(explorer: Explorer) -> None:
    """Ask for what cannot be."""
    explorer.limit("Memory").get_by_role("combobox").select_option("≥")
    explorer.type_limit("Memory", "110,000")
    expect(explorer.status).to_have_text("Infeasible")


JOURNEY: list[Callable[[Explorer], None]] = [drag, choose_a_point, open_a_layer, save]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_app_is_one_screen(
    watched_page: Page, app_url: str, width: int, height: int, scheme: str
) -> None:
    """At rest, while a slider is held, and after each click: nothing is to be scrolled to."""
    watched_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    watched_page.set_viewport_size({"width": width, "height": height})
    explorer = Explorer(watched_page).open(app_url)
    expect_one_screen(explorer)
    for act in (*JOURNEY, clash):
        if act is clash:
            explorer.button("Answer", "Back to current budgets").click()
        act(explorer)
        if act is not clash:
            expect_one_screen(explorer)
    lower = explorer.limit("Throughput").get_by_role("button", name="Lower Throughput to")
    expect(lower).to_be_in_viewport(ratio=1)
    expect(explorer.card("Budgets").get_by_text("No architecture meets")).to_be_in_viewport(ratio=1)
    assert watched_page.evaluate(SCROLLED) <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [*SCREENS, (390, 844)])
def test_weights_and_workload_are_wholly_seen(
    watched_page: Page, app_url: str, width: int, height: int, scheme: str
) -> None:
    """What opens behind their buttons is inside the window, with many budgets, too."""
    watched_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    watched_page.set_viewport_size({"width": width, "height": height})
    explorer = Explorer(watched_page).open(app_url, searched=width > 400)
    if width < 400:
        explorer.button("Budgets", "All budgets").click()
    for more in ((), ("Runtime (ms)", "Parameters", "KV heads")):
        for title in more:
            explorer.add_budget(title)
        for name in ("Workload", "Weights"):
            opener = watched_page.get_by_role("button", name=name, exact=True)
            opener.click()
            assert watched_page.evaluate(UNSEEN) == []
            assert watched_page.evaluate(SMALL) == []
            expect(opener).to_be_in_viewport(ratio=1)
            watched_page.keyboard.press("Escape")
            expect(opener).to_be_focused()


@pytest.mark.slow
def test_jupyterlab_is_one_screen(page: Page, tmp_path: Path) -> None:
    """Beside the file browser, on both screens."""
    page.set_viewport_size({"width": 1440, "height": 900})
    with explorer_in_lab(page, tmp_path) as explorer:
        explorer.wait_for_front()
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            page.locator(".pw-explorer").evaluate("e => e.scrollIntoView({ block: 'start' })")
            expect_one_screen(explorer)
            drag(explorer)
            choose_a_point(explorer)
            expect_one_screen(explorer)


# Words that are wider than the button or the line that they stand in.
SQUEEZED = """() => {
    const words = document.createRange();
    return [...document.querySelectorAll(".pw-explorer :is(.pw-btn, .pw-button, .pw-name)")]
        .filter((e) => e.checkVisibility())
        .filter((e) => {
            words.selectNodeContents(e);
            const room = (e.closest("button") || e.closest(".widget-html")).getBoundingClientRect();
            return room.width > 2 && words.getBoundingClientRect().right > room.right + 1;
        })
        .map((e) => e.textContent);
}"""
# Marks of an axis that run into one another.
RUNNING_ON = """(axis) => { const boxes = [...document.querySelectorAll(`${axis} .tick text`)]
    .filter((e) => e.checkVisibility() && e.textContent).map((e) => e.getBoundingClientRect());
    return boxes.length < 2 || boxes.some((box, n) => n && box.left < boxes[n - 1].right) }"""
# What of an open menu a notebook's own box cuts.
CUT_MENU = """() => {
    const room = document.querySelector(".jp-WindowedPanel-outer").getBoundingClientRect();
    return [...document.querySelectorAll(".pw-open > .pw-menu-body")]
        .map((e) => e.getBoundingClientRect())
        .filter((box) => box.top < room.top || box.bottom > room.bottom)
        .map((box) => `${box.top} to ${box.bottom} of ${room.top} to ${room.bottom}`) }"""
TAB_PLACES = """() => [...document.querySelectorAll(".pw-tab")].filter((e) => e.offsetParent)
    .map((e) => e.getBoundingClientRect().top)"""


def expect_menus_seen(explorer: Explorer) -> None:
    """Open each menu: the notebook's box shows it whole."""
    page = explorer.page
    for opener in page.locator(".pw-board .pw-menu-button:visible").all():
        opener.click()
        expect(opener).to_have_attribute("aria-expanded", "true")
        assert page.evaluate(CUT_MENU) == [], opener.get_attribute("title")
        page.keyboard.press("Escape")


@pytest.mark.slow
def test_no_word_is_cut_in_jupyterlab(page: Page, tmp_path: Path) -> None:
    """Beside the file browser, on both screens, in each tab; tabs stay where they are."""
    page.set_viewport_size({"width": 1440, "height": 900})
    with explorer_in_lab(page, tmp_path) as explorer:
        explorer.wait_for_front()
        page.get_by_role("combobox", name="Layer").first.select_option("40")
        save(explorer)
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            page.locator(".pw-explorer").evaluate("e => e.scrollIntoView({ block: 'start' })")
            places = page.evaluate(TAB_PLACES)
            assert len(set(places)) == 2
            for tab in ("Why", "Others", "Layer", "Scenarios", "Surface", "Map", "Export"):
                explorer.open_tab(tab)
                page.wait_for_timeout(1_000)
                assert page.evaluate(SQUEEZED) == [], tab
                assert page.evaluate(TAB_PLACES) == places, tab
                if tab == "Surface":
                    expect(page.locator(".pw-surface")).to_contain_text("proven optimal.")
                    columns = ".pw-surface .pw-heat .axis[text-anchor='middle']"
                    page.locator(f"{columns} .tick text").first.wait_for(state="attached")
                    assert not page.evaluate(RUNNING_ON, columns)
            explorer.open_tab("Layer")
            expect_menus_seen(explorer)
            expect_one_screen(explorer)
        explorer.open_tab("Scenarios")
        page.get_by_role("button", name="Enlarge").click()
        page.locator(".pw-tabs.pw-wide .pw-scenario-table table").wait_for()
        page.wait_for_function(
            "() => { const box = document.querySelector('.pw-scenario-table');"
            " return box.scrollWidth <= box.clientWidth + 1 }"
        )


def test_a_budget_takes_44_px(explorer: Explorer) -> None:
    """Each that is in use; those that are not are behind a list, and there are no checkboxes."""
    for title in ("Runtime (ms)", "Parameters", "KV heads"):
        explorer.add_budget(title)
    heights = explorer.page.eval_on_selector_all(
        ".pw-limit", "(rows) => rows.map((row) => row.getBoundingClientRect().height)"
    )
    assert len(heights) == 5
    assert max(heights) <= 45
    expect_one_screen(explorer)
    explorer.limit("Runtime").get_by_role("button", name="Remove").click()
    expect(explorer.page.locator(".pw-limit")).to_have_count(4)


def test_a_phone_keeps_figures_and_the_slider_in_hand(watched_page: Page, app_url: str) -> None:
    """The answer stays above and the budget in hand below, wherever the page is scrolled to."""
    watched_page.set_viewport_size({"width": 390, "height": 844})
    explorer = Explorer(watched_page).open(app_url)
    charts = [".pw-pareto .pw-figure", ".pw-layers"]
    for chart in charts:
        watched_page.locator(chart).scroll_into_view_if_needed()
        expect(explorer.tile("KL divergence")).to_be_in_viewport(ratio=1)
        expect(explorer.slider("Memory")).to_be_in_viewport(ratio=1)
        expect(watched_page.locator(chart)).to_be_in_viewport(ratio=0.9)
    expect(explorer.slider("Throughput")).to_be_hidden()
    explorer.button("Budgets", "All budgets").click()
    explorer.slider("Throughput").focus()
    explorer.button("Budgets", "All budgets").click()
    expect(explorer.slider("Throughput")).to_be_in_viewport(ratio=1)
    expect(explorer.slider("Memory")).to_be_hidden()
    with explorer.changing("() => document.querySelector('.pw-tiles').textContent"):
        for _ in range(20):
            explorer.slider("Throughput").press("ArrowRight")


def test_a_phone_brings_the_tab_that_is_opened(watched_page: Page, app_url: str) -> None:
    """Scenarios are saved and compared without a scroll of one's own; so is any tab read."""
    watched_page.set_viewport_size({"width": 390, "height": 844})
    explorer = Explorer(watched_page).open(app_url)
    compare = watched_page.get_by_role("button", name="Compare")
    for count, limit in enumerate(("60,000", "50,000"), 1):
        expect(compare).to_be_hidden()
        explorer.type_limit("Memory", limit)
        expect(explorer.limit("Memory")).to_contain_text("the limit")
        explorer.button("Answer", "Save scenario").click()
        expect(watched_page.get_by_role("tab", name=f"Scenarios {count}")).to_be_attached()
    compare.click()
    for part in (".pw-scenario-table", ".pw-steps"):
        expect(watched_page.locator(part)).to_be_in_viewport(ratio=0.9)
    explorer.page.evaluate("scrollTo(0, 0)")
    watched_page.get_by_role("tab", name="Why").evaluate("(tab) => tab.click()")
    expect(watched_page.get_by_role("tab", name="Why")).to_be_in_viewport()


def test_a_smaller_window_cuts_no_control(watched_page: Page, app_url: str) -> None:
    """Between wide and narrow the head keeps one line of controls, and budgets their words."""
    watched_page.set_viewport_size({"width": 1024, "height": 768})
    explorer = Explorer(watched_page).open(app_url)
    assert watched_page.evaluate(CUT) == []
    words = watched_page.get_by_text("Workload", exact=True).locator("visible=true")
    more = explorer.card("Budgets").get_by_role("button", name="Workload")
    ends = [part.bounding_box() for part in (words, more)]
    assert ends[0]
    assert ends[1]
    assert ends[0]["x"] + ends[0]["width"] <= ends[1]["x"] + 1
    tops = [
        watched_page.get_by_role("button", name=name).bounding_box()
        for name in ("Open file", "Undo", "Copy link")
    ]
    assert max(box["y"] for box in tops if box) - min(box["y"] for box in tops if box) < 8


# What of an open tab is beyond it: the panel's head and its figure, whatever a list in it is.
BEYOND = """(figures) => {
    const body = document.querySelector(".pw-tab-body"), box = body.getBoundingClientRect();
    const parts = [...body.querySelectorAll(figures)].filter((e) => e.checkVisibility());
    const out = parts.map((e) => [e.className, e.getBoundingClientRect()])
        .filter(([, part]) => part.height > 2)
        .filter(([, part]) => part.top < box.top - 1 || part.bottom > box.bottom + 1
            || part.left < box.left - 1 || part.right > box.right + 1)
        .map(([name, part]) => `${name}: ${Math.round(part.top)} to ${Math.round(part.bottom)}`);
    return parts.length ? out : ["no " + figures];
}"""
BODY_SCROLLS = """() => { const body = document.querySelector(".pw-tab-body");
    return Math.max(body.scrollHeight - body.clientHeight, body.scrollWidth - body.clientWidth) }"""
WHOLE = {
    "Others": ".pw-near, .pw-gallery, .pw-recurs",
    "Layer": ".pw-detail-head, .pw-layer-choice, .pw-detail .pw-scroll, .pw-all-variants",
    "Surface": ".pw-figure, .pw-heat-key, .pw-map-line, .pw-btn",
    "Map": ".pw-figure, .pw-heat-key, .pw-map-line, .pw-walk, .pw-btn",
    "Export": ".pw-primary",
}


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_a_tab_shows_its_figure_without_scrolling(
    watched_page: Page, app_url: str, width: int, height: int
) -> None:
    """Each fills its place beside the front; only lists scroll, inside."""
    watched_page.set_viewport_size({"width": width, "height": height})
    explorer = Explorer(watched_page).open(app_url)
    open_a_layer(explorer)
    for tab, figures in WHOLE.items():
        explorer.open_tab(tab)
        watched_page.locator(f".pw-tab-body > :not(.pw-closed) :is({figures})").first.wait_for()
        for charts in (".pw-surface", ".pw-decisions"):
            if watched_page.locator(charts).is_visible():
                expect(watched_page.locator(charts)).to_contain_text("proven optimal.")
        assert watched_page.evaluate(BEYOND, figures) == [], tab
        assert watched_page.evaluate(BODY_SCROLLS) <= 1, tab
        assert watched_page.evaluate(SMALL) == []
        expect_one_screen(explorer)


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_scenarios_are_compared_in_sight(
    watched_page: Page, app_url: str, width: int, height: int
) -> None:
    """Their table, what can be done with one, and their curves; below these, their name."""
    watched_page.set_viewport_size({"width": width, "height": height})
    explorer = Explorer(watched_page).open(app_url)
    save(explorer)
    explorer.type_limit("Memory", "60,000")
    expect(explorer.limit("Memory")).to_contain_text("the limit")
    explorer.button("Answer", "Save scenario").click()
    expect(watched_page.get_by_role("tab", name="Scenarios 2")).to_be_visible()
    explorer.open_tab("Scenarios")
    watched_page.locator(".pw-steps svg").first.wait_for()
    figures = ".pw-scenario-table, .pw-actions, .pw-kept .pw-views, .pw-steps .axis"
    if height > 800:
        figures += ", .pw-keep"
    assert watched_page.evaluate(BEYOND, figures) == []
    expect_one_screen(explorer)


def test_the_truth_is_seen_without_scrolling(watched_page: Page, app_url: str) -> None:
    """Chart and correlation, with all tabs in one row."""
    watched_page.set_viewport_size({"width": 1280, "height": 720})
    explorer = Explorer(watched_page).open(app_url)
    names = watched_page.get_by_role("combobox", name="Block library")
    names.select_option(label="stdlib-2m-measured")
    expect(watched_page.get_by_role("tab", name="Truth")).to_be_visible()
    save(explorer)
    explorer.open_tab("Truth")
    watched_page.locator(".pw-truth-chart svg").first.wait_for()
    assert watched_page.evaluate(BEYOND, ".pw-truth-chart, .pw-says") == []
    assert watched_page.evaluate(BODY_SCROLLS) <= 1
    tops = watched_page.get_by_role("tab").evaluate_all(
        "(tabs) => tabs.filter((tab) => tab.offsetParent).map((tab) => tab.offsetTop)"
    )
    assert len(tops) == 8
    assert len(set(tops)) == 1


def test_tabs_by_keyboard(explorer: Explorer) -> None:
    """Arrow keys, Home and End open them; one of them is a stop; a tab names its panel."""
    page = explorer.page
    why = page.get_by_role("tab", name="Why")
    why.focus()
    page.keyboard.press("ArrowLeft")
    export = page.get_by_role("tab", name="Export")
    expect(export).to_be_focused()
    expect(export).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel", name="Export")).to_contain_text("Target")
    page.keyboard.press("Home")
    expect(why).to_have_attribute("aria-selected", "true")
    stops = page.get_by_role("tab").evaluate_all("(tabs) => tabs.map((tab) => tab.tabIndex)")
    assert sorted(stops) == [-1] * (len(stops) - 1) + [0]


def test_a_tab_is_enlarged_and_brought_back(explorer: Explorer) -> None:
    """To the whole width; its charts fill it; the charts of the answer come back with it."""
    page = explorer.page
    explorer.open_tab("Surface")
    chart = page.locator(".pw-surface .pw-figure")
    chart.wait_for()
    page.get_by_role("button", name="Enlarge").click()
    expect(explorer.card("Pareto front")).to_be_hidden()
    page.wait_for_function(
        "() => document.querySelector('.pw-surface .pw-figure svg').getBoundingClientRect().width"
        " > 700"
    )
    page.get_by_role("button", name=re.compile("^Back$")).click()
    expect(explorer.card("Pareto front")).to_be_visible()
    expect_one_screen(explorer)


def test_menus_close_by_escape_and_by_a_click_beside(explorer: Explorer) -> None:
    """The focus goes back to what opened it."""
    explorer.open_menu("Pareto front")
    save_svg = explorer.button("Pareto front", "Save SVG")
    save_svg.focus()
    explorer.page.keyboard.press("Escape")
    expect(save_svg).to_be_hidden()
    expect(explorer.card("Pareto front").locator(".pw-menu-button")).to_be_focused()
    explorer.open_menu("Pareto front")
    explorer.page.get_by_role("heading", name="Budgets").click()
    expect(save_svg).to_be_hidden()
