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
    expect(why).to_contain_text("Greedy")
    why.get_by_role("button", name="Work out how sure it is").click()
    expect(why).to_contain_text("Most parameters")
    expect(why).to_contain_text("layers are decided")
    more = explorer.page.evaluate(
        "() => { const body = document.querySelector('.pw-tab-body');"
        " return body.scrollHeight - body.clientHeight }"
    )
    assert more <= 0


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
