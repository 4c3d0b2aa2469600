"""Beat the solver, in a browser: by keyboard alone, by mouse, on a phone, light and dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import puzzle_widgets as pw
from puzzle_widgets.workshop.deal import Deal, deal
from tests.browser.explorer import START_MS
from tests.support.chromium import watch
from tests.support.notebook import write_notebook

if TYPE_CHECKING:
    from tests.conftest import StartApp

CELL = "import puzzle_widgets as pw\npw.BeatTheSolver('stdlib-2m-measured')"
MOST_TABS = 20


@pytest.fixture(scope="module")
def game_url(start_app: StartApp, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a page with nothing but the game."""
    path = tmp_path_factory.mktemp("game") / "page.ipynb"
    return start_app(notebook=write_notebook(path, CELL))


@pytest.fixture(scope="module")
def dealt() -> Deal:
    """The deal that the page opens with."""
    return deal(pw.load_library("stdlib-2m-measured"))


def open_game(page: Page, url: str) -> Page:
    """Open the page and wait for its last layer."""
    page.goto(url, timeout=START_MS)
    layer(page, 7).wait_for(timeout=START_MS)
    return page


def layer(page: Page, place: int) -> Locator:
    """Choices of a layer."""
    return page.get_by_role("radiogroup", name=f"Layer {place}", exact=True)


def tab_to(page: Page, goal: Locator, key: str = "Tab") -> None:
    """Press Tab until the goal has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        if goal.evaluate("(element) => element === document.activeElement"):
            return
    expect(goal).to_be_focused()


def test_the_game_is_won_by_keyboard(watched_page: Page, game_url: str, dealt: Deal) -> None:
    """Arrows choose blocks; each layer is one stop of the Tab key; the proof tells the rank."""
    page = open_game(watched_page, game_url)
    best = dealt.solution.architecture
    assert best is not None
    places = [one.positions[best[one.name]] for one in dealt.library.layers]
    for number, place in enumerate(places):
        tab_to(page, layer(page, number).get_by_role("radio").first)
        for _ in range(place):
            page.keyboard.press("ArrowDown")
        expect(layer(page, number).get_by_role("radio").nth(place)).to_be_checked()
    expect(page.get_by_role("status").filter(has_text="Within the budgets.")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Show the optimum"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".pw-game-proof")).to_contain_text("Yours is number 1 of")
    expect(page.locator(".pw-game-proof")).to_contain_text("optimal, proven")


def test_the_game_is_played_by_mouse(watched_page: Page, game_url: str) -> None:
    """Cards are clicked, sums follow; a hint, a new deal, and back to the first."""
    page = open_game(watched_page, game_url)
    sums = page.locator(".pw-game-sums")
    expect(sums).to_contain_text("too much")
    first = layer(page, 0).locator("label").first.inner_text()
    for number in range(8):
        layer(page, number).locator("label").last.click()
    expect(sums).not_to_contain_text("too much")
    page.get_by_role("button", name="Hint").click()
    expect(page.locator(".pw-note")).to_contain_text(re.compile("Layer|layers"))
    page.get_by_role("button", name="New deal").click()
    expect(page.locator(".pw-head")).to_contain_text("deal 1 of stdlib-2m-measured")
    expect(sums).to_contain_text("too much")
    page.get_by_role("spinbutton", name="Deal number").fill("0")
    page.keyboard.press("Enter")
    expect(page.locator(".pw-head")).to_contain_text("deal 0 of")
    expect(layer(page, 0).locator("label").first).to_have_text(first, use_inner_text=True)


@pytest.mark.parametrize(
    ("scheme", "width", "height"), [("light", 1440, 900), ("dark", 1280, 800), ("light", 390, 844)]
)
def test_the_game_fits_and_breaks_no_rule(
    browser: Browser, game_url: str, scheme: Any, width: int, height: int
) -> None:
    """Nothing sticks out, no text is small, and axe-core finds nothing; before and after."""
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python brings axe-core")
    from tests.browser.test_accessible import violations  # noqa: PLC0415 - skips without axe

    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": height}, bypass_csp=True
    )
    page = context.new_page()
    problems = watch(page)
    open_game(page, game_url)
    assert violations(page, ".pw-game") == []
    layer(page, 3).locator("label").nth(2).click()
    page.get_by_role("button", name="Show the optimum").click()
    expect(page.locator(".pw-game-proof")).to_be_visible()
    assert violations(page, ".pw-game") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = """() => [...document.querySelectorAll(".pw-game *")].filter((one) =>
        one.textContent && parseFloat(getComputedStyle(one).fontSize) < 12).length"""
    assert page.evaluate(small) == 0
    assert problems == []
    page.goto("about:blank")
    context.close()
