"""Setting budgets: by the mouse, by typing, and beyond what is possible."""

from __future__ import annotations

from playwright.sync_api import FloatRect, expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY
from tests.browser.explorer import BARS, KL, MARKS, START_MS, STATUS, Explorer, answer_to


def box_of(explorer: Explorer, name: str) -> FloatRect:
    """Where the handle of a slider is."""
    box = explorer.slider(name).bounding_box()
    assert box is not None
    return box


def take(explorer: Explorer, name: str) -> tuple[float, float]:
    """Press the mouse on a slider's handle; the place of the mouse."""
    box = box_of(explorer, name)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    explorer.page.mouse.move(x, y)
    explorer.page.mouse.down()
    return x, y


def test_dragging_changes_everything_on_the_way(
    explorer: Explorer, library: pw.BlockLibrary
) -> None:
    """Answer, layers and front follow while the mouse is down, and end where it is let go."""
    x, y = take(explorer, "Memory")
    with explorer.changing(STATUS, BARS, MARKS):
        explorer.page.mouse.move(x - 60, y, steps=6)
    with explorer.changing(STATUS, BARS, MARKS):
        explorer.page.mouse.move(x - 90, y, steps=6)
    explorer.page.mouse.up()
    memory = explorer.settled("Memory")
    assert memory < 0.6 * library.parent_totals[MEMORY]
    explorer.expect_answer(answer_to(library, memory))


def test_no_stale_answer_after_a_fast_drag(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """After a wild drag the picture is that of the last place, and stays so."""
    x, y = take(explorer, "Memory")
    for place in (-110, 30, -80, 40, -70):
        explorer.page.mouse.move(x + place, y, steps=12)
    explorer.page.mouse.up()
    answer = answer_to(library, explorer.settled("Memory"))
    explorer.expect_answer(answer)
    explorer.card("Blocks by layer").get_by_role("combobox", name="Layer").select_option("7")
    chosen = explorer.page.locator(".pw-detail tr.pw-chosen th")
    expect(chosen).to_contain_text(answer.blocks[7].label)
    explorer.expect_answer(answer)


def test_typed_budget_is_searched(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """A number typed, with a unit or without, is the budget, and the slider goes there."""
    left = box_of(explorer, "Memory")["x"]
    explorer.type_limit("Memory", "50 GiB")
    explorer.expect_answer(answer_to(library, 51_200))
    expect(explorer.field("Memory")).to_have_value("51,200")
    assert box_of(explorer, "Memory")["x"] < left
    explorer.type_limit("Memory", "90,000")
    explorer.expect_answer(answer_to(library, 90_000))
    explorer.button("Budgets", "Reset").click()
    expect(explorer.field("Memory")).to_have_value("84,961")


def test_impossible_budget_is_told(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """A budget that nothing meets stays as typed and says so; the last picture stays, dimmed."""
    sense = explorer.limit("Memory").get_by_role("combobox")
    sense.select_option("≥")
    explorer.type_limit("Memory", "200000")
    expect(explorer.limit("Memory")).to_contain_text(
        f"Cannot be met: the most possible is {library.total_range(MEMORY)[1]:,.0f} MiB."
    )
    expect(explorer.field("Memory")).to_have_value("200,000")
    expect(explorer.status).to_have_text("Infeasible")
    expect(explorer.card("Blocks by layer")).to_contain_text("dimmed: the last one that was found")
    expect(explorer.button("Scenarios", "Save solution")).to_be_disabled()
    sense.select_option("≤")
    explorer.type_limit("Memory", "60000")
    explorer.expect_answer(answer_to(library, 60_000))


def test_words_are_no_budget(explorer: Explorer) -> None:
    """What is not a number is refused beside the field, escaped, and the answer stays."""
    drawn = explorer.drawn()
    explorer.type_limit("Memory", "<b>lots</b>")
    expect(explorer.limit("Memory")).to_contain_text(
        "'<b>lots</b>' is not an amount. Type an amount, such as"
    )
    expect(explorer.field("Memory")).to_have_attribute("aria-invalid", "true")
    expect(explorer.limit("Memory").locator("b")).to_have_count(0)
    expect(explorer.status).to_have_text("Optimal, proven")
    assert explorer.drawn() == drawn


def test_budgets_are_judged(explorer: Explorer) -> None:
    """Which limit binds is said; a clash is said once, and a press of a button mends it."""
    memory, throughput = explorer.limit("Memory"), explorer.limit("Throughput")
    expect(memory).to_contain_text("Not the limit: 10,317 MiB to spare")
    expect(throughput).to_contain_text("The limit: ")
    expect(explorer.card("Answer")).to_contain_text("Limited by Throughput")
    memory.get_by_role("combobox").select_option("≥")
    explorer.type_limit("Memory", "110,000")
    expect(explorer.status).to_have_text("Infeasible")
    expect(explorer.card("Budgets")).to_contain_text("No architecture meets all limits together")
    expect(explorer.card("Answer").locator(".pw-figures")).not_to_contain_text("No architecture")
    throughput.get_by_role("button", name="Lower Throughput to").click()
    expect(explorer.status).to_have_text("Optimal, proven")
    expect(explorer.card("Budgets")).not_to_contain_text("No architecture")
    assert float(explorer.field("Throughput").input_value().replace(",", "")) < 6_000


def test_an_empty_model_is_warned_of(explorer: Explorer) -> None:
    """It is optimal, and of no use: said in words and not in green."""
    explorer.limit("Throughput").get_by_role("button", name="Remove").click()
    explorer.type_limit("Memory", "10")
    expect(explorer.status).to_contain_text("Optimal, proven, with")
    expect(explorer.status.locator(".pw-warn")).to_have_count(1)
    expect(explorer.card("Answer")).to_contain_text("Warning: Every layer is a no-op")


def test_a_target_sets_the_budgets(explorer: Explorer) -> None:
    """A GPU limits the memory, four of them offer their rule, and GB and 2x may be typed."""
    budgets = explorer.card("Budgets")
    budgets.get_by_role("combobox", name="Target").select_option("L40S 48 GB")
    expect(explorer.field("Memory")).to_have_value("41,199")
    expect(budgets).to_contain_text("runtimes stay those of NVIDIA H100")
    budgets.get_by_role("combobox", name="Number of GPUs").select_option("\u00d7 4")
    rule = "each of 4 GPUs holds at most 41,199 MiB, copied KV heads counted"
    budgets.get_by_role("button", name=f"Add the rule: {rule}").click()
    expect(budgets.locator(".pw-rules")).to_contain_text(rule)
    explorer.type_limit("Throughput", "2x")
    expect(budgets.get_by_role("combobox", name="Speed-up")).to_have_value("2\u00d7")
    explorer.type_limit("Memory", "48 GB")
    expect(explorer.field("Memory")).to_have_value("45,776")
    expect(budgets.get_by_role("combobox", name="Target")).to_have_value("Any GPU")
    expect(explorer.field("Memory")).to_have_attribute("aria-invalid", "false")


def test_two_budgets_at_once(explorer: Explorer) -> None:
    """Chosen faster than the kernel answers, both are added."""
    explorer.page.get_by_role("combobox", name="Limit one more resource").evaluate(
        """(list) => ["Runtime (ms)", "Parameters"].forEach((title) => {
            list.value = [...list.options].find((one) => one.textContent === title).value;
            list.dispatchEvent(new Event("change", { bubbles: true }));
        })"""
    )
    expect(explorer.page.locator(".pw-limit")).to_have_count(4)
    for name in ("Runtime", "Parameters"):
        expect(explorer.field(name)).to_be_visible()


def test_scores_and_layers_are_weighed(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """The sum is the objective of everything at once, said in words, and so after a reload."""
    page = explorer.page
    page.get_by_role("button", name="Weights", exact=True).click()
    type_into(explorer, "LM loss (nats/token), smaller is better", "0.5")
    type_into(explorer, "Weights of layers", "0 to 9: 2")
    weights = {KL: 1.0, "metrics.lm_loss": 0.5}
    problem = pw.SearchProblem(
        library,
        minimize=weights,
        layer_weights=dict.fromkeys(range(10), 2),
        budgets={MEMORY: 60_000},
    )
    explorer.type_limit("Memory", "60000")
    explorer.limit("Throughput").get_by_role("button", name="Remove").click()
    score = f"{pw.search(problem).score:.1f}"
    expect(explorer.tile("Weighted score")).to_contain_text(score)
    expect(explorer.status).to_have_text("Optimal, proven")
    chosen = explorer.card("Budgets").get_by_role("combobox", name="Objective")
    expect(chosen.locator("option:checked")).to_contain_text("KL divergence + 0.5 x LM loss")
    page.wait_for_function("() => location.hash.startsWith('#s=')")
    page.wait_for_timeout(1_500)  # the address is written when all has settled
    page.reload()
    expect(explorer.tile("Weighted score")).to_contain_text(score, timeout=START_MS)
    page.get_by_role("button", name="Weights", exact=True).click()
    expect(page.get_by_label("Weights of layers")).to_have_value("0 to 9: 2")
    type_into(explorer, "Weights of layers", "0 to 9: much")
    expect(explorer.message).to_be_visible()
    expect(page.get_by_label("Weights of layers")).to_have_value("0 to 9: 2")


def test_another_workload_is_served(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """Memory is worked out, an unknown throughput goes, the best of some sizes is a click away."""
    page = explorer.page
    page.get_by_role("button", name="Workload", exact=True).click()
    type_into(explorer, "Batch size (sequences)", "65")
    expect(explorer.tile("Throughput")).to_have_count(0)
    expect(explorer.limit("Throughput")).to_have_count(0)
    expect(explorer.message).to_contain_text("Throughput")
    page.keyboard.press("Escape")
    served = pw.with_workload(library, batch_size=65)
    problem = pw.SearchProblem(served, minimize=KL, budgets={MEMORY: 60_000})
    explorer.type_limit("Memory", "60000")
    explorer.expect_answer(pw.search(problem))
    page.get_by_role("button", name="Workload", exact=True).click()
    type_into(explorer, "Batch sizes to search", "128, 256")
    page.get_by_role("button", name="Search each").click()
    told = page.get_by_role("status").filter(has_text="Batch 128")
    expect(told).to_contain_text("Batch 256")
    page.get_by_role("button", name="Use batch 128").click()
    half = pw.with_workload(library, batch_size=128)
    explorer.expect_answer(pw.search(pw.SearchProblem(half, minimize=KL, budgets={MEMORY: 60_000})))
    expect(explorer.tile("Throughput")).to_be_visible()
    page.get_by_role("button", name="As measured").click()
    expect(explorer.tile("Throughput")).to_be_visible()


def type_into(explorer: Explorer, name: str, value: str) -> None:
    """Type into a field of an open menu and confirm it."""
    field = explorer.page.get_by_role("textbox", name=name, exact=True)
    field.fill(value)
    field.press("Enter")


def test_a_rule_is_added_from_the_menu(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """By the keyboard: what it would cost is said before, and in the list when it is kept."""
    answer = answer_to(library, 0.75 * library.parent_totals[MEMORY])
    rule = pw.rules.few_blocks(library, 2)
    kept = pw.search(answer.problem.with_rule(rule))
    budgets = explorer.card("Budgets")
    opener = budgets.get_by_role("button", name="Add a rule")
    opener.focus()
    opener.press("Enter")
    budgets.get_by_role("combobox", name="Rule to add").select_option(
        "At most so many distinct blocks"
    )
    count = budgets.get_by_role("textbox", name="Distinct ones at most")
    count.fill("two")
    count.press("Enter")
    expect(budgets.locator(".pw-rule-choice")).to_contain_text("'two': type a whole number.")
    count.fill("2")
    count.press("Enter")
    cost = f"{kept.score - answer.score:.4g}"
    expect(budgets.locator(".pw-rule-choice")).to_contain_text(f"costs {cost}")
    budgets.get_by_role("button", name="Add the rule", exact=True).press("Enter")
    explorer.expect_answer(kept)
    explorer.page.keyboard.press("Escape")
    shown = budgets.locator(".pw-rule")
    expect(shown).to_contain_text(rule.words)
    expect(shown).to_contain_text(cost)
    shown.get_by_role("button", name="Remove the rule").click()
    explorer.expect_answer(answer)
