"""Why: what binds, the next step, how sure the answer is, and what simpler ways find."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY
from tests.browser.explorer import Explorer, answer_to

# What a baseline is drawn in on the front.
BASELINES = ".pw-pareto g.object_grp:has(path[style*='stroke: rgb(166, 94, 46)'])"


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
    why.get_by_role("combobox").select_option("Greedy")
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


def test_the_tab_needs_no_scroller_on_a_usual_screen(explorer: Explorer) -> None:
    """All of it is seen at once at 1440 by 900."""
    explorer.page.set_viewport_size({"width": 1440, "height": 900})
    why = panel(explorer)
    why.get_by_role("button", name="Work out how sure it is").click()
    expect(why).to_contain_text("Most parameters")
    expect(why).to_contain_text("layers are decided")
    more = explorer.page.evaluate(
        "() => { const body = document.querySelector('.pw-tab-body');"
        " return body.scrollHeight - body.clientHeight }"
    )
    assert more <= 0
