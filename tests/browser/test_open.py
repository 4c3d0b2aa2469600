"""Opening the app: what is there before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY
from tests.browser.explorer import START_MS, Explorer, answer_to
from tests.support.notebook import write_notebook

if TYPE_CHECKING:
    from tests.conftest import StartApp

# Widgets that change one after the other, from before their page has them until after.
CHANGING = """
import asyncio
from ipywidgets import HTML, VBox
from puzzle_widgets.widgets.page import page_aids

lines = [HTML("before") for _ in range(80)]

async def change():
    for line in lines:
        await asyncio.sleep(0.03)
        line.value = "after"

task = asyncio.get_running_loop().create_task(change())
box = VBox([page_aids(), *lines])
box.add_class("pw-ui")
box
"""


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


def test_nothing_set_while_the_page_loads_is_lost(
    watched_page: Page, start_app: StartApp, tmp_path: Path
) -> None:
    """Whatever the kernel does while widgets are being made on the page, in the end they agree."""
    url = start_app(notebook=write_notebook(tmp_path / "page.ipynb", CHANGING))
    for _ in range(3):
        watched_page.goto(url)
        expect(watched_page.get_by_text("after", exact=True)).to_have_count(80, timeout=START_MS)
