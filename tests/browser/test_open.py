"""Opening the app: what is there before anything is touched."""

from __future__ import annotations

from playwright.sync_api import expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY
from tests.browser.explorer import Explorer, answer_to


def test_app_opens_on_the_modeled_library(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """The page says what it shows, and shows the proven answer to the first budgets."""
    assert explorer.page.title() == "puzzle-widgets"
    expect(explorer.page.get_by_role("heading", name="puzzle-widgets")).to_be_visible()
    expect(explorer.page.get_by_text("modeled, not measured", exact=True)).to_be_visible()
    expect(explorer.page.get_by_text("80 layers · 54 variants per layer")).to_be_visible()
    explorer.expect_answer(answer_to(library, 0.75 * library.parent_totals[MEMORY]))
    expect(explorer.message).to_be_hidden()


def test_figures_have_units(explorer: Explorer) -> None:
    """Every figure of the answer and every budget says its unit."""
    for title in ("Runtime (ms)", "Parameters"):
        explorer.add_budget(title)
    units = {
        "Memory": "MiB",
        "Runtime": "ms",
        "Throughput": "tokens/s",
        "Parameters": "billion",
    }
    for name, unit in units.items():
        expect(explorer.tile(name).locator("small")).to_have_text(unit)
        expect(explorer.limit(name)).to_contain_text(unit)
    axes = explorer.page.locator(".pw-pareto .axislabel")
    assert set(axes.all_text_contents()) == {"Throughput (tokens/s)", "Summed KL divergence"}
