"""Scenarios: keep, compare, rename, restore, save, load."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from playwright.sync_api import expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY, format_brief, format_share
from tests.browser.explorer import Explorer, answer_to


def saved(explorer: Explorer, link: str) -> str:
    """Content of the file that a link saves."""
    with explorer.page.expect_download() as download:
        explorer.card("Scenarios").get_by_role("link", name=link).click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def keep_two(explorer: Explorer, library: pw.BlockLibrary) -> tuple[pw.Solution, pw.Solution]:
    """Keep the first answer as Server and one of half the memory as Edge; both, searched here."""
    explorer.keep("Server")
    explorer.type_limit("Memory", "40000")
    edge = answer_to(library, 40_000)
    explorer.expect_answer(edge)
    explorer.keep("Edge")
    return answer_to(library, 0.75 * library.parent_totals[MEMORY]), edge


def test_scenarios_are_compared(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """Two saved solutions stand in the table, lie over each other by layer, and are told apart."""
    server, edge = keep_two(explorer, library)
    for place, solution in enumerate((server, edge)):
        expect(explorer.kept.nth(place)).to_contain_text(f"{solution.memory_mib:,.0f}")
        expect(explorer.kept.nth(place)).to_contain_text(f"{solution.throughput:,.0f}")
    panel = explorer.card("Scenarios")
    curves = panel.locator(".pw-steps path.line")
    for view in ("Runtime", "Memory"):
        panel.get_by_role("button", name=view, exact=True).click()
        expect(curves).to_have_count(3)
    panel.get_by_role("button", name="Throughput").click()
    expect(panel.locator(".pw-bars .pw-value").last).to_contain_text(f"{edge.throughput:,.0f}")
    panel.get_by_role("button", name="Difference").click()
    count = len(server.differing_layers(edge))
    expect(panel).to_contain_text(f"{count} of 80 layers differ.")
    chance = pw.chance_better(server.problem, edge, server)
    expect(panel).to_contain_text(f"better than A in {format_share(chance)} of the samples")
    panel.get_by_role("button", name=f"Show all {count} layers").click()
    expect(panel.locator(".pw-cards").last.locator("tbody tr")).to_have_count(count)


def test_scenarios_are_renamed_restored_deleted(
    explorer: Explorer, library: pw.BlockLibrary
) -> None:
    """A scenario is shown again, gives its budgets back, takes a new name, and goes."""
    server, edge = keep_two(explorer, library)
    panel = explorer.card("Scenarios")
    chooser = panel.get_by_role("combobox", name="Scenario", exact=True)
    chooser.select_option("Server")
    panel.get_by_role("button", name="Show", exact=True).click()
    expect(explorer.card("Answer")).to_contain_text("Scenario \N{LEFT SINGLE QUOTATION MARK}Server")
    explorer.expect_answer(server)
    explorer.button("Answer", "Back to current budgets").click()
    explorer.expect_answer(edge)
    panel.get_by_role("button", name="Restore budgets").click()
    expect(explorer.field("Memory")).to_have_value("84,961")
    explorer.expect_answer(server)
    panel.get_by_role("textbox", name="New name").fill("<i>Big</i>")
    panel.get_by_role("button", name="Rename").click()
    expect(explorer.kept.first).to_contain_text("<i>Big</i>")
    expect(explorer.page.locator(".pw-explorer").get_by_text("Server", exact=True)).to_have_count(0)
    panel.get_by_role("button", name="Delete").click()
    expect(explorer.kept).to_have_count(1)
    expect(explorer.kept).to_contain_text("Edge")


def test_scenarios_are_saved_and_loaded(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """The files hold what the table says, and the saved scenarios come back."""
    server, edge = keep_two(explorer, library)
    text = saved(explorer, "All as JSON")
    assert [one["name"] for one in json.loads(text)["scenarios"]] == ["Server", "Edge"]
    rows = list(csv.DictReader(saved(explorer, "Layers as CSV").splitlines()))
    assert len(rows) == 160
    own = [row["variant"] for row in rows if row["scenario"] == "Edge"]
    assert own == [block.name for block in edge.blocks]
    table = list(csv.DictReader(saved(explorer, "Table as CSV").splitlines()))
    assert [round(float(row["score"]), 6) for row in table] == [
        round(server.score, 6),
        round(edge.score, 6),
    ]
    for _ in range(2):
        count = explorer.kept.count()
        explorer.button("Scenarios", "Delete").click()
        expect(explorer.kept).to_have_count(count - 1)
    file = {"name": "kept.json", "mimeType": "application/json", "buffer": text.encode()}
    explorer.upload("Load scenarios", file)
    expect(explorer.message).to_contain_text("2 scenarios loaded.")
    expect(explorer.kept).to_contain_text(["Server", "Edge"])


def test_a_scenario_is_compared_with_while_budgets_move(
    explorer: Explorer, library: pw.BlockLibrary
) -> None:
    """Its outlines stay on front and layers, and each figure says its difference, until stopped."""
    server, _ = keep_two(explorer, library)
    panel = explorer.card("Scenarios")
    panel.get_by_role("combobox", name="Scenario", exact=True).select_option("Server")
    panel.get_by_role("button", name="Use as reference").click()
    expect(explorer.kept.first).to_contain_text("reference")
    expect(explorer.card("Pareto front")).to_contain_text("Reference: Server")
    expect(explorer.card("Blocks by layer")).to_contain_text("Reference: Server")
    explorer.type_limit("Memory", "60000")
    answer = answer_to(library, 60_000)
    explorer.expect_answer(answer)
    change = answer.score - server.score
    expect(explorer.tile("KL divergence")).to_contain_text(f"+{format_brief(change)} vs Server")
    outlines = explorer.page.locator(".pw-layer-view rect.bar[style*='stroke: var']")
    expect(outlines).to_have_count(2 * 82)  # and one beyond each end
    panel.get_by_role("button", name="Stop comparing").click()
    expect(explorer.tile("KL divergence")).not_to_contain_text("vs")
    expect(explorer.card("Pareto front")).not_to_contain_text("Reference")
