"""What was done last is what the kernel answers, whatever becomes of the connection."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY, RUNTIME, THROUGHPUT
from tests.browser.explorer import START_MS, Explorer, answer_to
from tests.browser.weak_line import WeakLine
from tests.support.app import running_app

pytestmark = pytest.mark.slow
# Which kernel the page speaks to; none while it is opened.
KERNEL = """() => {
    const facts = document.getElementById("jupyter-config-data");
    return facts && JSON.parse(facts.textContent).kernelId;
}"""


@pytest.fixture
def line(page: Page) -> WeakLine:
    """A line of the test's own, for all that the page opens."""
    return WeakLine(page).lay()


@pytest.fixture
def shaky(line: WeakLine, app_url: str) -> Explorer:
    """The app, open, at the end of that line."""
    return Explorer(line.page).open(app_url)


def drag(explorer: Explorer, name: str, pixels: float) -> None:
    """Move a slider's handle by the mouse, quickly, and let go."""
    box = explorer.slider(name).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    explorer.page.mouse.move(x, y)
    explorer.page.mouse.down()
    explorer.page.mouse.move(x + pixels, y, steps=30)
    explorer.page.mouse.up()


def place_of(explorer: Explorer, name: str) -> float:
    """Where a slider stands."""
    return float(explorer.slider(name).get_attribute("aria-valuenow") or "")


@pytest.mark.parametrize("opening", range(3))
def test_every_press_counts(explorer: Explorer, library: pw.BlockLibrary, opening: int) -> None:
    """40 steps of 500 MiB from 85,000 end at 65,000, as does whatever key comes after."""
    slider, page = explorer.slider("Memory"), explorer.page
    slider.focus()
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuenow", "65000.0")
    assert explorer.settled("Memory") == 65_000
    explorer.expect_answer(answer_to(library, 65_000))
    for key in (("Home", "PageUp", "PageUp"), ("End", "PageDown", "ArrowLeft"), ("Home",))[opening]:
        page.keyboard.press(key)
    before = place_of(explorer, "Memory")
    assert explorer.settled("Memory") == before
    assert before != 65_000


def test_drags_across_drops(shaky: Explorer, line: WeakLine, library: pw.BlockLibrary) -> None:
    """Twenty drags of two sliders in turn, four of them across a drop: none is lost at the end."""
    line.delay(100)
    for turn in range(20):
        name = ("Memory", "Throughput")[turn % 2]
        drag(shaky, name, -12 if turn % 4 < 2 else 10)
        if turn in (5, 8, 13, 19):
            line.drop()
        shaky.page.wait_for_timeout(300)
    placed = {name: place_of(shaky, name) for name in ("Memory", "Throughput")}
    assert {name: shaky.settled(name) for name in placed} == placed
    answer = answer_to(library, placed["Memory"], **{THROUGHPUT: placed["Throughput"]})
    shaky.expect_answer(answer)
    expect(line.notice).to_be_hidden()


def test_limit_typed_while_nothing_arrives(
    shaky: Explorer, line: WeakLine, library: pw.BlockLibrary
) -> None:
    """The page says that the answer is not to what was typed; then the answer comes."""
    line.freeze()
    shaky.type_limit("Memory", "72000")
    expect(line.notice).to_contain_text("What is shown does not reflect your last change yet")
    expect(shaky.page.locator(".pw-unsure")).not_to_have_count(0)
    line.drop()
    shaky.expect_answer(answer_to(library, 72_000))
    expect(line.notice).to_be_hidden()
    expect(shaky.field("Memory")).to_have_value("72,000")
    expect(shaky.slider("Memory")).to_have_attribute("aria-valuenow", "72000.0")


def test_controls_used_while_apart(
    shaky: Explorer, line: WeakLine, library: pw.BlockLibrary
) -> None:
    """Budgets, objective, units, layer and buttons all take effect, in their order."""
    shaky.add_budget("Runtime (ms)")
    shaky.add_budget("Parameters")
    line.cut()
    shaky.type_limit("Parameters", "1")
    shaky.limit("Parameters").get_by_role("button", name="Remove").click()
    shaky.type_limit("Runtime", "40000")
    shaky.card("Budgets").get_by_role("combobox", name="Objective").select_option("Runtime (ms)")
    shaky.card("Budgets").get_by_role("combobox", name="Objective").select_option("KL divergence")
    shaky.card("Budgets").get_by_role("button", name="GiB").click()
    shaky.card("Blocks by layer").get_by_role("combobox", name="Layer").select_option("7")
    shaky.card("Blocks by layer").get_by_role("button", name="Next layer").click()
    expect(line.notice).to_contain_text("Not connected")
    line.fix()
    answer = answer_to(library, 0.75 * library.parent_totals[MEMORY], **{RUNTIME: 40_000})
    shaky.expect_answer(answer)
    expect(shaky.field("Runtime")).to_have_value("40,000")
    expect(shaky.limit("Memory")).to_contain_text("GiB")
    expect(shaky.page.locator(".pw-detail").get_by_role("heading")).to_contain_text("Layer 8:")
    expect(line.notice).to_be_hidden()


def test_click_on_the_chart_while_apart(shaky: Explorer, line: WeakLine) -> None:
    """A point clicked and a scenario kept while the line was down are there afterwards, once."""
    shaky.open_tab("Scenarios")
    line.cut()
    shaky.points.nth(4).locator("path").dispatch_event("click")
    shaky.card("Scenarios").get_by_role("textbox", name="Name", exact=True).fill("apart")
    shaky.button("Scenarios", "Save solution").click()
    line.fix()
    expect(shaky.card("Answer")).to_contain_text("Point 5 of 24")
    expect(shaky.kept).to_have_count(1)
    expect(shaky.kept).to_contain_text("apart")
    expect(line.notice).to_be_hidden()
    line.drop()
    expect(line.notice).to_be_hidden()
    expect(shaky.kept).to_have_count(1)


def test_words_being_typed_stay(shaky: Explorer, line: WeakLine, library: pw.BlockLibrary) -> None:
    """An answer that arrives while a limit is typed does not write over it."""
    line.delay(400)
    shaky.slider("Memory").press("ArrowLeft")
    shaky.field("Memory").focus()
    shaky.page.keyboard.press("Control+A")
    shaky.page.keyboard.type("7100")
    expect(shaky.limit("Memory")).to_contain_text("at most 84,500 MiB")
    expect(shaky.field("Memory")).to_have_value("7100")
    shaky.page.keyboard.type("0")
    shaky.page.keyboard.press("Enter")
    shaky.expect_answer(answer_to(library, 71_000))


def test_kernel_that_has_ended(shaky: Explorer, library: pw.BlockLibrary) -> None:
    """The page says so, promises no answer, and goes on from what was decided in a new session."""
    page = shaky.page
    shaky.type_limit("Memory", "71000")
    shaky.expect_answer(answer_to(library, 71_000))
    page.wait_for_function("window.location.hash.startsWith('#s=')")
    before = page.evaluate(KERNEL)
    page.request.post(re.sub(r"/(#.*)?$", "", page.url) + f"/voila/api/shutdown/{before}")
    said = page.locator(".pw-notice:visible, #pzw-ended:visible")
    expect(said.first).to_contain_text("ended")
    page.wait_for_function(
        f"before => ![null, before].includes(({KERNEL})())", arg=before, timeout=START_MS
    )
    shaky.bars.first.wait_for(state="attached", timeout=START_MS)
    shaky.expect_answer(answer_to(library, 71_000))


def test_server_that_was_killed_and_started_again(page: Page, library: pw.BlockLibrary) -> None:
    """The page says that nothing answers; once a server does, it goes on from what was decided."""
    said = page.locator(".pw-notice:visible, #pzw-ended:visible")
    with running_app() as first:
        explorer = Explorer(page).open(first.url)
        port = int(re.search(r":(\d+)", first.url)[1])  # type: ignore[index]
        explorer.type_limit("Memory", "71000")
        explorer.expect_answer(answer_to(library, 71_000))
        page.wait_for_function("window.location.hash.startsWith('#s=')")
        before = page.evaluate(KERNEL)
        first.process.kill()
        expect(said.first).to_contain_text("Not connected")
    with running_app(port=port):
        page.wait_for_function(
            f"before => ![null, before].includes(({KERNEL})())", arg=before, timeout=START_MS
        )
        explorer.bars.first.wait_for(state="attached", timeout=START_MS)
        explorer.expect_answer(answer_to(library, 71_000))
        expect(said).to_have_count(0)
        page.goto("about:blank")
