"""Why: what binds, the next step, how sure the answer is, and what simpler ways find."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as TimedOut

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY
from tests.browser.explorer import Explorer, answer_to
from tests.browser.test_jupyterlab import explorer_in_lab

# What a baseline is drawn in on the front.
BASELINES = ".pw-pareto g.object_grp:has(path[style*='stroke: rgb(166, 94, 46)'])"

SCREENS = [(1440, 900), (1280, 720)]
# What of the open tab's panel is scrolled away, in px.
HIDDEN = """() => [...document.querySelectorAll(".pw-tab-body")]
    .filter((body) => body.scrollHeight > body.clientHeight || body.scrollWidth > body.clientWidth)
    .map((body) => [body.scrollHeight - body.clientHeight, body.scrollWidth - body.clientWidth])"""


def panel(explorer: Explorer) -> Locator:
    """The panel of the tab, which is open."""
    explorer.open_tab("Why")
    return explorer.page.locator(".pw-why")


def test_a_newcomer_reads_why_and_follows_the_next_step(
    explorer: Explorer, library: pw.BlockLibrary
) -> None:
    """The tab is open at the start, tells price and next step, and its button applies it."""
    answer = answer_to(library, 0.75 * library.parent_totals[MEMORY])
    why = panel(explorer)
    expect(why).to_contain_text("Throughput binds.")
    expect(why).to_contain_text("Memory is not the limit")
    step = pw.explain(answer).binding[0].more
    assert step is not None
    assert step.solution is not None
    why.get_by_role("button", name="Show", exact=True).click()
    explorer.expect_answer(step.solution)
    explorer.page.get_by_role("button", name="Undo").click()
    explorer.expect_answer(answer)


def test_noise_and_baselines_come_in_the_background(
    explorer: Explorer, library: pw.BlockLibrary
) -> None:
    """Found for the budgets that hold now; baselines are drawn on the front, and saved."""
    problem = answer_to(library, 0.75 * library.parent_totals[MEMORY]).problem
    why = panel(explorer)
    expect(why).to_contain_text("Greedy")
    why.get_by_role("button", name="Work out how sure it is").click()
    survival = pw.sensitivity(problem).survival
    expect(why).to_contain_text(f"{int((survival >= 0.95).sum())} of 80 layers are decided")
    found = pw.baselines(problem)
    table = why.get_by_role("table")
    for one in (one for one in found if one.keeps):
        line = table.get_by_role("row").filter(has_text=one.name[1:])
        expect(line).to_contain_text(f"{one.score:.4g}")
    why.get_by_role("checkbox", name="Baselines on the front").check()
    expect(explorer.page.locator(BASELINES)).to_have_count(sum(one.keeps for one in found))
    why.get_by_label("Save a baseline as a scenario").select_option("Greedy")
    expect(explorer.message).to_contain_text("Saved as scenario 'Greedy'")


def test_what_cannot_hold_is_told_and_mended(explorer: Explorer) -> None:
    """Of an infeasible problem: the demands that clash, and a button that mends it."""
    explorer.card("Budgets").get_by_role("combobox", name="Memory").select_option("≥")
    explorer.type_limit("Throughput", "20000")
    why = panel(explorer)
    expect(why).to_contain_text("cannot")
    mend = why.get_by_role("button").filter(has_text="Do it").first
    mend.click()
    expect(explorer.status).to_have_text("Optimal, proven")
    expect(why).to_contain_text("binds")


@pytest.mark.parametrize("name", ["Llama-3.3-70B (modeled)", "stdlib-2m-measured"])
def test_the_tab_needs_no_scroller(explorer: Explorer, name: str) -> None:
    """All of it is seen at once on both screens, with one budget that binds or two."""
    page = explorer.page
    page.get_by_role("combobox", name="Block library").select_option(name)
    why = panel(explorer)
    why.get_by_role("button", name="Work out how sure it is").click()
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        expect(why).to_contain_text("layers are decided at 5 % noise")
        shown = ".pw-why-table" if height > 720 else ".pw-why-briefly"
        expect(why.locator(shown)).to_be_visible()
        expect_no_scroller(page)
    explorer.type_limit("Memory", "40 %")
    expect(why).to_contain_text("Memory binds.")
    expect(why).to_contain_text("layers are decided at 5 % noise")
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        expect_no_scroller(page)


def test_enlarged_it_has_the_table_on_a_low_screen(explorer: Explorer) -> None:
    """In place of the sentence."""
    page = explorer.page
    page.set_viewport_size({"width": 1280, "height": 720})
    why = panel(explorer)
    expect(why.locator(".pw-why-briefly")).to_contain_text("Simpler ways find")
    expect(why.locator(".pw-why-briefly")).to_be_visible()
    expect(why.get_by_role("table")).to_be_hidden()
    page.get_by_role("button", name="Enlarge").click()
    expect(why.get_by_role("table")).to_be_visible()
    expect(why.locator(".pw-why-briefly")).to_be_hidden()


@pytest.mark.slow
def test_the_tab_needs_no_scroller_in_jupyterlab(page: Page, tmp_path: Path) -> None:
    """Beside the file browser: what has no room says where it is."""
    page.set_viewport_size({"width": 1440, "height": 900})
    with explorer_in_lab(page, tmp_path) as explorer:
        why = panel(explorer)
        why.get_by_role("button", name="Work out how sure it is").click()
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            expect(why).to_contain_text("layers are decided at 5 % noise")
            expect(why).to_contain_text("(greedy)")
            expect_no_scroller(page)
        expect(why.get_by_text("Enlarge the tab")).to_be_visible()


def expect_no_scroller(page: Page) -> None:
    """Wait until the open tab has room for all that is in it."""
    with suppress(TimedOut):
        page.wait_for_function(f"() => !({HIDDEN})().length", timeout=5_000)
    assert page.evaluate(HIDDEN) == []


def test_a_block_is_kept_from_the_layers_tab(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """A rule with its cost in the Budgets column, a dot on the chart, and a cross that drops it."""
    answer = answer_to(library, 0.75 * library.parent_totals[MEMORY])
    explorer.card("Blocks by layer").get_by_role("combobox", name="Layer").select_option("37")
    costs = pw.inclusion_costs(answer.problem, layers=[37])
    table = explorer.page.locator(".pw-detail").get_by_role("table")
    expect(table.get_by_role("columnheader").nth(1)).to_have_text("Would cost")
    cost = costs.cost(37, library.layers[37].parent)
    expect(table).to_contain_text(f"+{cost:.4g}")
    explorer.page.get_by_role("button", name="Keep the parent's").click()
    kept = pw.search(answer.problem.with_fixed({37: "parent"}))
    explorer.expect_answer(kept)
    rule = explorer.card("Budgets").locator(".pw-rule")
    expect(rule).to_contain_text("Layer 37: keep the parent's block")
    expect(rule).to_contain_text(f"{cost:.4g}")
    expect(explorer.card("Blocks by layer")).to_contain_text("kept by a rule")
    rule.get_by_role("button").click()
    explorer.expect_answer(answer)


def test_layers_that_hardly_matter_are_pale(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """As many as are not decided; the legend says what pale means, the line what another costs."""
    answer = answer_to(library, 0.75 * library.parent_totals[MEMORY])
    decided = pw.decidedness(answer.problem)
    explorer.open_menu("Blocks by layer")
    explorer.page.get_by_role("checkbox", name="Pale where it hardly matters").check()
    layers = explorer.card("Blocks by layer")
    expect(layers).to_contain_text("pale: hardly matters, another block costs at most")
    pale = explorer.page.locator(".pw-layer-view rect.bar[style*='opacity: 0.45']")
    expect(pale).to_have_count(2 * int(decided.hardly.sum()))
    layers.get_by_role("combobox", name="Layer").select_option("3")
    expect(layers).to_contain_text(decided.words(3))
