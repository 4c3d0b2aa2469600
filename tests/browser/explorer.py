"""The explorer as a visitor finds it: where its parts are, and what its charts show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from playwright.sync_api import Locator, Page, expect

import puzzle_widgets as pw
from puzzle_widgets.library import LayerName
from puzzle_widgets.library.quantity import MEMORY, format_exact
from puzzle_widgets.problem.budget_rows import first_settings, to_problem
from puzzle_widgets.problem.mckp import to_choice
from puzzle_widgets.solution.sizes import bar_heights, relative_sizes

START_MS = 120_000
PATIENCE_MS = 60_000
KL = "metrics.kl_div"
Sizes = list[list[float]]

# Tabs that a panel of another title is in.
TABS = {
    "Why": "Why",
    "Others nearly as good": "Others",
    "Layer": "Layer",
    "Scenarios": "Scenarios",
    "Budget surface": "Surface",
    "Decision map": "Map",
    "Predicted and measured": "Truth",
    "Export": "Export",
}

# What a chart shows: bars of the first mark, those of layers beyond the ends left out, as shares of
# the parent's, of which two and some room for a pointer are as high as the chart without its
# margins; and where the marks of the Pareto plot stand.
BARS = """() => { const chart = document.querySelector(".pw-layer-view .pw-layers");
    const whole = (chart.clientHeight - 46) / (2 + 44 / 230);
    return [...chart.querySelector(".bargroup").parentNode.children]
        .filter((group) => group.matches(".bargroup")).slice(1, -1)
        .map((group) => [...group.querySelectorAll("rect.bar")]
            .map((bar) => Math.round(bar.getAttribute("height") / whole * 100) / 100)) }"""
MARKS = """() => [...document.querySelectorAll(".pw-pareto g.object_grp")]
    .map((mark) => mark.getAttribute("transform"))"""
STATUS = """() => document.querySelector(".pw-status").textContent"""
# The page is laid out once more after the first bars: they are as tall as before a moment ago.
_SETTLED_BARS = f"""() => {{
  const sizes = ({BARS})(), before = window.sizesBefore;
  window.sizesBefore = JSON.stringify(sizes);
  return sizes.every((layer) => Math.max(...layer) <= 1) && window.sizesBefore === before;
}}"""


@dataclass(frozen=True)
class Explorer:
    """An open page of the app."""

    page: Page

    def open(self, url: str, *, searched: bool = True) -> Explorer:
        """Go to the app and wait for its charts; and for the front, unless told not to."""
        self.page.goto(url, timeout=START_MS)
        self.bars.first.wait_for(state="attached", timeout=START_MS)
        if searched:
            self.wait_for_front()
        return self

    def wait_for_front(self) -> None:
        """Wait until the front has been searched to the end."""
        searched = self.card("Pareto front").get_by_text("proven optimal.")
        expect(searched).to_be_visible(timeout=START_MS)

    def open_tab(self, title: str) -> None:
        """Open a tab, unless it is open."""
        tab = self.page.get_by_role("tab", name=re.compile(rf"^{title}\b"))
        if tab.get_attribute("aria-selected") != "true":
            tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")

    def card(self, title: str) -> Locator:
        """Find a panel by its title, and open its tab where it is in one."""
        if title in TABS:
            self.open_tab(TABS[title])
        heading = self.page.get_by_role("heading", name=title, exact=True)
        return self.page.locator(".pw-card").filter(has=heading)

    def open_menu(self, card: str) -> None:
        """Open a panel's menu of what is seldom needed, unless it is open."""
        opener = self.card(card).locator(".pw-menu-button")
        if opener.get_attribute("aria-expanded") != "true":
            opener.click()
        expect(opener).to_have_attribute("aria-expanded", "true")

    @property
    def bars(self) -> Locator:
        """Bars of the layer chart, those that answer to the pointer among them."""
        return self.page.locator(".pw-layer-view rect.bar")

    @property
    def status(self) -> Locator:
        """The line that says how far the answer is proven."""
        return self.card("Answer").locator(".pw-state-line")

    @property
    def points(self) -> Locator:
        """Points of the front, as drawn from left to right."""
        return self.page.locator(
            ".pw-pareto g.object_grp:has(path[style*='fill: rgb(0, 114, 178)'])"
        )

    @property
    def message(self) -> Locator:
        """The bar of messages."""
        return self.page.locator(".pw-message")

    @property
    def kept(self) -> Locator:
        """Rows of the table of scenarios, without the parent's."""
        return self.card("Scenarios").locator(".pw-cards tbody tr:not(.pw-parent)")

    def tile(self, label: str) -> Locator:
        """Figure of the answer, by its name."""
        named = self.page.get_by_role("term").filter(has_text=label)
        return self.card("Answer").locator(".pw-tile").filter(has=named)

    def field(self, name: str) -> Locator:
        """Text field of a budget."""
        return self.card("Budgets").get_by_role("textbox", name=name)

    def slider(self, name: str) -> Locator:
        """Handle of a budget's slider."""
        return self.card("Budgets").get_by_role("slider", name=name)

    def limit(self, name: str) -> Locator:
        """Row of a budget."""
        return self.page.locator(".pw-limit").filter(has=self.page.get_by_label(name))

    def button(self, card: str, name: str) -> Locator:
        """Button of a panel."""
        return self.card(card).get_by_role("button", name=name, exact=True)

    def add_budget(self, name: str) -> None:
        """Limit a resource that is not limited yet, by its title with the unit."""
        budgets = self.card("Budgets")
        before = budgets.locator(".pw-limit").count()
        budgets.get_by_role("combobox", name="Limit one more resource").select_option(name)
        expect(budgets.locator(".pw-limit")).to_have_count(before + 1)

    def type_limit(self, name: str, value: str) -> None:
        """Type a budget and confirm it."""
        self.field(name).fill(value)
        self.field(name).press("Enter")

    def settled(self, name: str) -> float:
        """Wait until a budget's field says where its slider stands; that amount."""
        there = self.slider(name).get_attribute("aria-valuenow") or ""
        expect(self.field(name)).to_have_value(f"{float(there):,g}")
        return float(there)

    def keep(self, name: str) -> None:
        """Save what is shown under a name."""
        before = self.kept.count()
        self.card("Scenarios").get_by_role("textbox", name="Name", exact=True).fill(name)
        self.button("Scenarios", "Save solution").click()
        expect(self.kept).to_have_count(before + 1)

    def upload(self, button: str, *files: dict[str, Any]) -> None:
        """Choose files for an upload."""
        with self.page.expect_file_chooser() as choosing:
            self.page.get_by_role("button", name=button).click()
        choosing.value.set_files(list(files))

    def expect_answer(self, solution: pw.Solution) -> None:
        """Wait until status, figures and every layer's bars are those of a solution."""
        expect(self.status).to_have_text("Optimal, proven")
        exact = self.tile("KL divergence").locator("dd")
        score, unit = format_exact(solution.score), solution.library.quantity(KL).unit
        expect(exact).to_have_attribute("title", f"{score} {unit}".rstrip())
        self.wait_for_bars(sizes_of(solution))

    def wait_for_bars(self, sizes: Sizes) -> None:
        """Wait until the layer chart shows these sizes."""
        close = (
            f"(sizes) => {{ const drawn = ({BARS})(); return drawn.length === sizes.length && "
            "drawn.every((pair, n) => pair.every((v, m) => Math.abs(v - sizes[n][m]) < 0.02)) }"
        )
        self.page.wait_for_function(close, arg=sizes, timeout=PATIENCE_MS)

    def drawn(self) -> Sizes:
        """Sizes that the layer chart shows, once it has the room that it keeps."""
        self.page.evaluate("() => { window.sizesBefore = '' }")
        self.page.wait_for_function(_SETTLED_BARS, polling=250)
        sizes: Sizes = self.page.evaluate(BARS)
        return sizes

    @contextmanager
    def changing(self, *reads: str) -> Iterator[None]:
        """Wait, at the end of the block, until all of these show something else than before it."""
        before = [self.page.evaluate(f"() => JSON.stringify(({read})())") for read in reads]
        yield
        for read, was in zip(reads, before, strict=True):
            self.page.wait_for_function(
                f"(was) => JSON.stringify(({read})()) !== was", arg=was, timeout=PATIENCE_MS
            )


def sizes_of(solution: pw.Solution) -> Sizes:
    """Heights of each layer's bars, attention and FFN, as shares of the parent's."""
    sizes, choice = relative_sizes(solution.library), to_choice(*_chosen(solution))
    subblocks = [
        bar_heights(subblock)[choice].tolist() for subblock in (sizes.attention, sizes.ffn)
    ]
    return [list(pair) for pair in zip(*subblocks, strict=True)]


def answer_to(library: pw.BlockLibrary, memory: float, **others: float) -> pw.Solution:
    """Answer to the budgets that the app opens with but for these, searched here."""
    wanted = {MEMORY: memory, **others}
    rows = tuple(
        replace(row, value=wanted[row.resource], on=True) if row.resource in wanted else row
        for row in first_settings(library)
    )
    return pw.search(to_problem(library, next(iter(library.scores)), "minimize", rows))


def _chosen(solution: pw.Solution) -> tuple[pw.BlockLibrary, Mapping[LayerName, str]]:
    assert solution.architecture is not None
    return solution.library, solution.architecture
