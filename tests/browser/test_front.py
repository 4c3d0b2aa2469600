"""The Pareto front: click a point, read its blocks, choose what the front is against."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Error, Page, expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS
from tests.browser.explorer import BARS, PATIENCE_MS, STATUS, Explorer, answer_to


def figure(explorer: Explorer, name: str) -> float:
    """A figure of the answer."""
    return float(explorer.tile(name).locator("b").inner_text().split()[0].replace(",", ""))


def wait_until(explorer: Explorer, holds: Callable[[], bool]) -> None:
    """Ask again and again: what a page shows arrives piece by piece."""
    for _ in range(PATIENCE_MS // 200):
        if holds():
            return
        explorer.page.wait_for_timeout(200)
    raise AssertionError(explorer.card("Answer").inner_text())


def choose_last_point(explorer: Explorer, words: str) -> None:
    """Choose the last point until it is shown: a front that is going may still stand there."""
    picker = explorer.card("Pareto front").get_by_role("combobox", name="Point")

    def shown() -> bool:
        try:
            picker.select_option(index=explorer.points.count(), timeout=2_000)
            expect(explorer.card("Answer")).to_contain_text(words, timeout=2_000)
        except (AssertionError, Error):
            return False
        return True

    wait_until(explorer, shown)


def test_clicked_point_is_shown(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """A click shows that point's figures and blocks; a layer opens; the way back leads back."""
    explorer.points.nth(14).hover()
    expect(explorer.page.locator(".bqplot_tooltip_div")).to_contain_text(["Point 15 of 24"])
    with explorer.changing(STATUS, BARS):
        explorer.points.nth(14).click()
    expect(explorer.card("Answer")).to_contain_text("Point 15 of 24")
    expect(explorer.card("Blocks by layer")).to_contain_text("Point 15 of")
    throughput = f"{figure(explorer, 'Throughput'):,.0f} tokens/s"
    expect(explorer.page.locator(".pw-pareto .pw-pick option:checked")).to_contain_text(throughput)
    explorer.button("Answer", "Back to current budgets").click()
    expect(explorer.card("Answer")).to_contain_text("Current solution")
    explorer.expect_answer(answer_to(library, 0.75 * library.parent_totals[MEMORY]))


def test_clicked_layer_opens(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """A click on a layer lists all its variants with their figures and marks the chosen one."""
    answer = answer_to(library, 0.75 * library.parent_totals[MEMORY])
    columns = explorer.page.locator(".pw-layer-view rect.bar[style*='opacity: 0;']")
    columns.nth(31).click()  # the first column stands before the first layer
    detail = explorer.page.locator(".pw-detail")
    expect(detail.get_by_role("heading")).to_have_text(f"Layer 30: {answer.blocks[30].label}")
    chosen = detail.locator("tr.pw-chosen")
    expect(chosen).to_have_count(1)
    expect(chosen).to_contain_text("chosen")
    block = answer.blocks[30]
    expect(chosen.get_by_role("cell").last).to_have_text(f"{block.values[MEMORY]:,.0f}")
    explorer.page.get_by_role("button", name="Enlarge").click()  # there is room for all figures
    expect(chosen.get_by_role("cell").last).to_have_text(f"{block.values[PARAMETERS] / 1e6:,.1f}")
    explorer.page.get_by_role("button", name="Back", exact=True).click()
    detail.get_by_role("button", name="Show all 54 variants").click()
    expect(detail.locator("tbody tr")).to_have_count(54)
    detail.get_by_role("button", name="Close").click()
    expect(detail).to_be_hidden()


def test_front_against_another_resource(explorer: Explorer) -> None:
    """Another axis is another front, searched anew; held budgets hold at every point."""
    front = explorer.card("Pareto front")
    front.get_by_role("combobox", name="X axis").select_option("Memory")
    expect(front.locator(".axislabel").filter(has_text="Memory (MiB)")).to_be_visible()
    explorer.wait_for_front()
    choose_last_point(explorer, "Budgets of this answer: none")
    wait_until(explorer, lambda: figure(explorer, "Throughput") < 6_900)
    explorer.open_menu("Pareto front")
    front.get_by_role("checkbox", name="Keep other budgets").check()
    expect(explorer.card("Answer")).to_contain_text("Current solution")
    explorer.wait_for_front()
    choose_last_point(explorer, "Throughput ≥ 6,926 tokens/s")
    wait_until(explorer, lambda: figure(explorer, "Throughput") >= 6_926)


def test_search_of_the_front_can_be_stopped(watched_page: Page, troubled_url: str) -> None:
    """Points appear as they are found; progress is told; stopped, those found can be walked."""
    explorer = Explorer(watched_page).open(troubled_url, searched=False)
    front = explorer.card("Pareto front")
    expect(front).to_contain_text("5 of 24 searches")
    expect(explorer.points).to_have_count(5)
    expect(front.get_by_role("progressbar")).to_be_visible()
    front.get_by_role("button", name="Stop").click()
    expect(front).to_contain_text("Stopped after 5 of 24 searches: 5 points, proven optimal.")
    expect(front.get_by_role("progressbar")).to_be_hidden()
    explorer.points.nth(2).click()
    expect(explorer.card("Answer")).to_contain_text("Point 3 of 5")
    front.get_by_role("button", name="Compute Pareto front").click()
    expect(front).to_contain_text("5 of 24 searches")
    expect(front.get_by_role("button", name="Stop")).to_be_enabled()


def test_points_are_listed_filtered_picked_and_saved(
    explorer: Explorer, library: pw.BlockLibrary
) -> None:
    """A row shows its point; what is picked is kept, what is listed is a file."""
    page, card = explorer.page, explorer.card("Pareto front")
    card.get_by_role("button", name="Table", exact=True).click()
    table = card.get_by_role("table")
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(24)
    table.get_by_role("button", name="Memory (MiB)", exact=True).click()
    expect(table.locator("th[aria-sort=ascending]")).to_have_text("Memory (MiB)")
    expect(rows.first.get_by_role("rowheader")).to_have_text("24")
    table.get_by_role("textbox", name="Filter Memory (MiB)").fill("<= 40,000")
    memory = library.parent_totals[MEMORY]
    assert memory > 40_000
    expect(card.get_by_text("pass the filters")).to_be_visible()
    listed = rows.count()
    assert 2 < listed < 24
    table.get_by_role("textbox", name="Filter Status").fill("<")
    expect(table.get_by_role("textbox", name="Filter Status")).to_have_attribute(
        "aria-invalid", "true"
    )
    expect(rows).to_have_count(listed)
    with page.expect_download() as download:
        card.get_by_role("button", name=f"CSV of the {listed} points listed").click()
    file = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert len(file) == listed
    assert all(float(row["Memory (MiB)"]) <= 40_000 for row in file)
    with explorer.changing(STATUS, BARS):
        table.get_by_role("button", name="23", exact=True).press("Enter")
    expect(explorer.card("Answer")).to_contain_text("Point 23 of 24")
    expect(table.locator("tr[aria-current=true]").get_by_role("rowheader")).to_contain_text("23")
    for point in (24, 22):
        table.get_by_role("checkbox", name=f"Pick point {point}", exact=True).press("Space")
    card.get_by_role("button", name="Save 2 points as scenarios").click()
    expect(explorer.message).to_contain_text("2 scenarios saved.")
    card.get_by_role("button", name="Clear filters").click()
    expect(rows).to_have_count(24)
    card.get_by_role("button", name="Chart", exact=True).click()
    expect(explorer.points.first).to_be_visible()
    expect(explorer.kept).to_have_count(2)
