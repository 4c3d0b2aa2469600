"""The notebooks as pages of their own, and in JupyterLab: what is a widget in them lives."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from puzzle_widgets.app.notebooks import find_notebook
from tests.browser.explorer import START_MS
from tests.browser.test_jupyterlab import TOKEN, running_lab
from tests.support.app import running_app
from tests.support.chromium import watch

Show = Callable[[str], Page]
NOTEBOOKS = ("01", "02", "03", "04", "05", "06", "07", "08", "09")
WITHOUT_MATH = ("01", "08", "09")
# The slider that a notebook begins with, and what follows it.
SLIDERS = {
    "01": (".pw-budgets", "Memory", ".pw-status"),
    "02": (".pw-budgets", "Memory", ".pw-status"),
    "03": (".pw-bound", "Price", ".pw-bound .pw-live"),
    "04": (".pw-budgets", "Throughput", ".pw-status"),
    "05": (".pw-budgets", "Memory", ".pw-status"),
    "06": (".pw-budgets", "Memory", ".pw-status"),
    "07": (".pw-budgets", "Memory", ".pw-status"),
    "08": (".pw-budgets", "Memory", ".pw-status"),
    "09": (".pw-budgets", "Memory", ".pw-status"),
}
LONGEST_LINE = 80  # characters, on average over a paragraph
LINES = """() => [...document.querySelectorAll(".jp-MarkdownOutput > p")]
    .filter((p) => p.textContent.length > 150 && !p.querySelector("mjx-container, .MathJax"))
    .map((p) => p.textContent.length
        / Math.round(p.getBoundingClientRect().height / parseFloat(getComputedStyle(p).lineHeight)))
"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll("#rendered_cells *")]
    .filter((part) => part.checkVisibility() && part.closest("svg") === null
        && [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((part) => parseFloat(getComputedStyle(part).fontSize)))"""
GAP = """() => { const [first, second] = document.querySelectorAll(".widget-vbox > .pw-card");
    return second.getBoundingClientRect().top - first.getBoundingClientRect().bottom }"""
CUT = """() => [...document.querySelectorAll(".jp-MarkdownOutput > p")]
    .filter((p) => p.getBoundingClientRect().right > window.innerWidth).map((p) => p.textContent)"""
WIDER = "document.documentElement.scrollWidth > window.innerWidth"


@pytest.fixture
def show(page: Page) -> Iterator[Show]:
    """Serve a notebook, and open it; nothing on its page may go wrong."""
    with_errors = watch(page)
    apps: list[Any] = []

    def opened(number: str) -> Page:
        found = find_notebook(number)
        apps.append(running_app(notebook=found.path, document=found.title))
        page.goto(apps[-1].__enter__().url, timeout=START_MS)
        expect(page.get_by_role("note")).to_be_visible(timeout=START_MS)
        return page

    try:
        yield opened
        assert not with_errors, with_errors
        page.goto("about:blank")  # ends the kernel
    finally:
        for app in apps:
            app.__exit__(None, None, None)


def drag(page: Page, handle: Locator, by: int) -> None:
    """Drag a slider's handle with the mouse, by so many px."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by / 2, y, steps=4)
    page.mouse.move(x + by, y, steps=4)
    page.mouse.up()


def move_first_slider(page: Page, number: str) -> None:
    """Drag it, and wait until what stands beside it says something else."""
    card, name, follows = SLIDERS[number]
    handle = page.locator(card).first.get_by_role("slider", name=name)
    handle.wait_for(timeout=START_MS)
    follower = page.locator(follows).first
    expect(follower).to_contain_text(re.compile("optim", re.IGNORECASE))
    before, at = follower.inner_text(), handle.get_attribute("aria-valuenow")
    drag(page, handle, 120 if number == "03" else -60)
    expect(handle).not_to_have_attribute("aria-valuenow", at or "")
    expect(follower).not_to_have_text(before)
    expect(follower).to_contain_text(re.compile("optim", re.IGNORECASE))


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_a_served_notebook_lives(show: Show, number: str) -> None:
    """It says that its code does not run again; a dragged slider moves what follows it."""
    page = show(number)
    note = page.get_by_role("note")
    expect(note).to_contain_text("does not run again here")
    expect(note).to_contain_text(f"{find_notebook(number).name}.ipynb")
    expect(page).to_have_title(re.compile(re.escape(find_notebook(number).title)))
    move_first_slider(page, number)
    assert number == "01" or page.evaluate(GAP) >= 8
    expect(page.locator(".jp-InputArea-editor").first).to_contain_text("import")
    expect(page.get_by_text("The page could not be built")).to_have_count(0)


def test_panels_of_one_state_move_together(show: Show) -> None:
    """The two bounds of the model by hand are one: a drag at the top moves the lower one, too."""
    page = show("03")
    first, second = (page.locator(".pw-bound").nth(place) for place in (0, 1))
    move_first_slider(page, "03")
    said = first.locator(".pw-live").inner_text()
    expect(second.locator(".pw-live")).to_have_text(said, use_inner_text=True)
    drag(page, page.locator(".pw-budgets").get_by_role("slider", name="Memory"), -80)
    expect(first.locator(".pw-live")).not_to_have_text(said, use_inner_text=True)


def test_a_cell_of_the_surface_sets_the_budgets_beside_it(show: Show) -> None:
    """They are seen in every panel of budgets, and the map stays the one of the notebook."""
    page = show("04")
    surface = page.locator(".pw-surface").first
    expect(surface).to_contain_text("144 cells: all proven optimal", timeout=START_MS)
    cells = surface.locator(".heatmapcell")
    cells.nth(40).scroll_into_view_if_needed()
    cells.nth(40).click()
    for place in (0, 1):
        budgets = page.locator(".pw-budgets").nth(place)
        expect(budgets.get_by_role("slider")).to_have_count(2)
    expect(surface).not_to_contain_text("Out of date")
    expect(page.locator(".pw-status").first).to_contain_text("Limited by")


def test_what_was_ruled_can_be_saved(show: Show) -> None:
    """The export of the problem lacks a step; that of the same problem with the rule does not."""
    page = show("05")
    exports = page.locator(".pw-export")
    expect(exports.first).to_contain_text("1 step to do before it can be saved")
    expect(exports.last).to_contain_text("Ready for SGLang")
    expect(page.locator(".pw-budgets").last).to_contain_text("2 KV heads or none")
    expect(page.locator(".jp-MarkdownOutput a[href]:not([href^='#'])")).to_have_count(0)
    after = page.locator(".jp-MarkdownOutput").last
    expect(after).to_contain_text("Build and check (06_build_and_check.ipynb)")


def test_diverse_solutions_appear_as_they_are_found(show: Show) -> None:
    """The page is there before all ten are."""
    page = show("07")
    table = page.locator(".widget-html table").first
    expect(table.locator("tbody tr")).to_have_count(10, timeout=START_MS)
    expect(page.get_by_text("10 of 10", exact=True)).to_be_visible()


def test_the_page_of_a_build_trains_nothing(show: Show) -> None:
    """It is there at once, of the library that ships, and says so; its panels live."""
    page = show("06")
    said = "Nothing is built: what follows is of the library above."
    expect(page.locator("pre").get_by_text(said, exact=True)).to_be_visible()
    truth = page.locator(".pw-truth")
    for place in (0, 1):
        expect(truth.nth(place)).to_contain_text("Spearman 0.995", timeout=START_MS)
    drag(page, page.locator(".pw-budgets").last.get_by_role("slider", name="Runtime"), -60)
    expect(page.locator(".pw-status").last).not_to_contain_text("60 %")


def test_charts_in_the_text_follow_the_pages_colors(show: Show) -> None:
    """The button counts, not the system."""
    page = show("06")
    paper = page.locator(".jp-OutputArea .pw-svg .quiet").first
    fill = "e => getComputedStyle(e).fill"
    light, dark = "rgb(95, 99, 104)", "rgb(176, 182, 189)"
    assert paper.evaluate(fill) == light
    page.locator("#pzw-theme").click()
    assert paper.evaluate(fill) == dark
    page.emulate_media(color_scheme="dark")
    page.locator("#pzw-theme").click()
    assert paper.evaluate(fill) == light


def test_budgets_stay_below_the_figures_on_a_phone(show: Show) -> None:
    """Also where only the top of the explorer is in view."""
    page = show("01")
    page.set_viewport_size({"width": 390, "height": 844})
    figures, budgets = (
        page.locator(f".pw-board > .{name}") for name in ("pw-status", "pw-budgets")
    )
    figures.wait_for(timeout=START_MS)
    page.wait_for_timeout(500)
    at = page.evaluate("document.querySelector('.pw-board').getBoundingClientRect().top + scrollY")
    for seen in (60, 120, 180, 400):
        page.evaluate(f"window.scrollTo(0, {at - 844 + seen})")
        page.wait_for_timeout(200)
        above, below = figures.bounding_box(), budgets.bounding_box()
        assert above is not None
        assert below is not None
        assert below["y"] >= above["y"] + above["height"]


def test_answers_unfold_by_keys(show: Show) -> None:
    """Questions are read first."""
    page = show("03")
    answer = page.locator(".jp-MarkdownOutput details").first
    expect(answer).not_to_have_attribute("open", "")
    answer.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(answer).to_have_attribute("open", "")
    expect(answer.get_by_text("Nine, one for each pair")).to_be_visible()


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_text_is_set_to_be_read(show: Show, number: str) -> None:
    """Lines are short, math is set, nothing is tiny, and no width has to be scrolled."""
    page = show(number)
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(500)
        assert not page.evaluate(WIDER), width
        assert page.evaluate(CUT) == []
        lines = page.evaluate(LINES)
        assert max(lines, default=0) <= LONGEST_LINE
        assert page.evaluate(SMALLEST) >= 12
    if number not in WITHOUT_MATH:
        page.locator("mjx-container, .MathJax").first.wait_for(state="attached")
        expect(page.locator(".jp-MarkdownOutput").filter(has_text="$")).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize("number", NOTEBOOKS)
def test_a_notebook_runs_in_jupyterlab(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    """All of its cells run, and the panel in its first screen follows a drag."""
    monkeypatch.setenv("PUZZLE_WIDGETS_BUILD", "no")  # training has a test of its own
    path = find_notebook(number).path
    shutil.copy(path, tmp_path)
    with running_lab(tmp_path) as url:
        page.goto(f"{url}/tree/{path.name}?token={TOKEN}", timeout=START_MS)
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=START_MS)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.locator(SLIDERS[number][0]).first.wait_for(state="attached", timeout=START_MS)
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=START_MS)
        page.locator(".jp-CodeCell").first.scroll_into_view_if_needed()
        move_first_slider(page, number)
        assert number == "01" or page.evaluate(GAP) >= 8
        expect(page.locator("[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
