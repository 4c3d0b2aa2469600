"""What front, surface and decision map share: their search, a walk along them, charts of cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts import Figure
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.state.record import SweepName
from puzzle_widgets.sweeps import DecisionGrid, SurfaceGrid
from puzzle_widgets.sweeps.budget_axis import BudgetAxis
from puzzle_widgets.sweeps.front import resource_use
from puzzle_widgets.widgets.charts import CellChart, legend_line, strip_line
from puzzle_widgets.widgets.layers.detail import changed_words
from puzzle_widgets.widgets.panel import (
    Panel,
    Shown,
    button,
    guard,
    named,
    refill,
    row,
    symbol_button,
)
from puzzle_widgets.widgets.status import status_words

_OUTDATED = "Out of date: objective or other budgets have changed since."
Grid = TypeVar("Grid", SurfaceGrid, DecisionGrid)


class SearchLine:
    """A button that searches or stops, a progress bar, and what became of it.

    Parameters
    ----------
    what
        What is searched, such as ``"surface"``.
    of
        What is counted, such as ``"cells"``.
    """

    def __init__(self, what: str, of: str) -> None:
        self._words, self._of = f"Compute {what}", of
        self.button = button(self._words)
        self.progress = widgets.IntProgress(layout=widgets.Layout(width="140px"))
        self.count = widgets.HTML()
        self.said = widgets.HTML()
        self.said.add_class("pw-live")
        self.running = row(self.progress, self.count, css="pw-progress")
        self.box = row(self.button, self.running, self.said, css="pw-sweep-search")

    def show(self, counts: tuple[int, int] | None, *, running: bool, again: bool) -> None:
        """Show how far the search is, done of asked, and whether it can be begun once more."""
        done, asked = counts or (0, 1)
        with self.progress.hold_sync():
            self.progress.max, self.progress.value = asked, done
        self.count.value = f"{done} of {asked} {self._of}" if counts else "Searching …"
        self.running.layout.display = None if running else "none"
        self.button.description = "Stop" if running else "Compute again" if again else self._words
        self.button.tooltip = "Stop the search" if running else self._words
        whole = counts is not None and done >= asked and not running
        self.button.layout.display = "none" if whole and not again else ""

    def say(self, words: str, *, warn: bool = False) -> None:
        """Say what became of the search."""
        css = "pw-warn" if warn else "pw-quiet"
        self.said.value = Markup("<span class='{}'>{}</span>").format(css, words)


class SweepPanel(Panel):
    """A panel with a search of many answers, which its button begins and stops."""

    sweep: ClassVar[SweepName]
    counted: ClassVar[str]
    _begins = False

    def __init__(self, source: Shown, *, messages: bool | None = None) -> None:
        super().__init__(source, messages=messages)
        if self.alone:
            self.opened()

    def build_search(self) -> widgets.Widget:
        """Make the button with its progress."""
        what = "Pareto front" if self.sweep == "front" else self.title.split()[-1]
        self.search = SearchLine(what, self.counted)
        self.clicked(self.search.button, self._search_or_stop)
        return self.search.box

    def opened(self) -> None:
        """Search what is looked at for the first time, here and in libraries opened later."""
        if not self._begins:
            self._begins = True
            self.when("library", "question", do=self.search_unasked)

    def search_unasked(self) -> None:
        """Search, unless there is something to see, or it is on its way."""
        if self.sweep not in self.state.record.asked and self.can_search():
            self.state.start(self.sweep)

    def can_search(self) -> bool:
        """Whether there is something to search."""
        return not self.state.question

    def _search_or_stop(self) -> None:
        running = getattr(self.state, f"{self.sweep}_running")
        (self.state.stop if running else self.state.start)(self.sweep)


class Walk:
    """Buttons and a list to go along points or rows; the arrow keys press the buttons.

    Parameters
    ----------
    panel
        The panel that holds it.
    noun
        What it goes along, such as ``"point"``.
    """

    def __init__(self, panel: SweepPanel, noun: str) -> None:
        self._panel, self._noun = panel, noun
        step = getattr(panel.state, f"step_{noun}")
        self._show = getattr(panel.state, f"show_{noun}")
        self.first, self.previous, self.next, self.last = (
            symbol_button(symbol, f"{word} {noun}", css=f"pw-{css}")
            for word, css, symbol in (
                ("First", "first", "«"),
                ("Previous", "prev", "\u2039"),
                ("Next", "next", "\u203a"),
                ("Last", "last", "»"),
            )
        )
        for end in (self.first, self.last):
            end.layout.display = "none"  # for the keys Home and End
        self.pick = widgets.Dropdown(layout=widgets.Layout(width="auto"))
        picked = named(noun.capitalize(), self.pick)
        picked.add_class("pw-pick")
        buttons = (self.first, self.previous, self.next, self.last)
        self.box = row(*buttons, picked, css="pw-walk")
        panel.clicked(self.previous, lambda: step(-1))
        panel.clicked(self.next, lambda: step(1))
        panel.clicked(self.first, lambda: self._show(0))
        panel.clicked(self.last, lambda: self._show(len(self.pick.options) - 2))
        panel.changed(self.pick, self._picked)

    def show(self, entries: Sequence[str], chosen: int | None) -> None:
        """Offer these, and show which is chosen."""
        count = len(entries)
        none = f"Choose a {self._noun} ({count})" if entries else f"No {self._noun}s yet"
        options = ((none, -1), *((words, place) for place, words in enumerate(entries)))
        with self._panel.silence(), self.pick.hold_sync():
            if self.pick.options != options:
                self.pick.options = options
            self.pick.value = -1 if chosen is None or not entries else chosen
        for part in (self.pick, self.previous, self.next):
            part.disabled = not entries

    def _picked(self, place: int) -> None:
        if place < 0:
            self._panel.state.show_current()
        else:
            self._show(place)


class MapPanel(SweepPanel, Generic[Grid]):
    """A panel of charts of cells, made again for other axes, and a line of words."""

    about: ClassVar[str]

    def build_map(self) -> None:
        """Make what is filled once there is a grid."""
        self.charts: list[CellChart] = []
        self._made_for: object = None
        self.pointed: tuple[int, int] | None = None
        self.box = widgets.VBox()
        self.key, self.legend, self.line = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.line.add_class("pw-map-line")
        self.legend.add_class("pw-map-legend")

    @property
    def grid(self) -> Grid | None:
        """The answers as far as they are known."""
        return getattr(self.state, self.sweep)

    def figures(self, grid: Grid) -> tuple[Figure, ...]:
        """What is drawn of them."""
        raise NotImplementedError

    def click(self, row: int, column: int) -> None:
        """Act on a click on a cell."""
        raise NotImplementedError

    def hang(self, grid: Grid, figures: Sequence[Figure]) -> None:
        """Put the charts on the page."""
        raise NotImplementedError

    def describe(self) -> None:
        """Say what is pointed at or chosen."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw the cells; charts of other axes are made again."""
        grid = self.grid
        if grid is None:
            self._forget()
            return
        if not self.charts or self._made_for != _axes(grid):
            self._forget()
            self._make(grid)
        self.show_figures()
        self.describe()

    def show_figures(self) -> None:
        """Show cells and the marks over them, and what they mean."""
        grid = self.grid
        if grid is None or not self.charts or self._made_for != _axes(grid):
            return
        figures = self.figures(grid)
        for chart, figure in zip(self.charts, figures, strict=True):
            chart.show(figure)
        self.key.value = strip_line(figures[0].strip)
        self.legend.value = legend_line(figures[0].legend)

    def tell_search(self, now: SearchProblem, dimmed: widgets.Widget) -> None:
        """Say how far the search is, and whether it was of another problem than the one now."""
        grid, running = self.grid, getattr(self.state, f"{self.sweep}_running")
        counts = None if grid is None else (grid.done, grid.asked)
        self.search.show(counts, running=running, again=counts is not None)
        outdated = grid is not None and grid.problem != now
        (dimmed.add_class if outdated else dimmed.remove_class)("pw-dim")
        held = held_words(grid.problem if grid is not None else now)
        self.head.value = self.heading(f"{self.about}, {held}" if self.alone else _sentence(held))
        if outdated:
            self.search.say(_OUTDATED, warn=True)
        else:
            self.search.say("" if running else _progress_words(grid, self.counted))

    def point(self, row: int, column: int) -> None:
        """Follow the pointer."""
        self.pointed = (row, column)
        self.describe()

    def _make(self, grid: Grid) -> None:
        hover, click = guard(self.state, self.point), guard(self.state, self.click)
        figures = self.figures(grid)
        self._made_for = _axes(grid)
        self.charts = [CellChart(figure, hover, click) for figure in figures]
        self.body.layout.display = ""  # before: bqplot fails in hidden boxes
        self.hang(grid, figures)

    def _forget(self) -> None:
        self.body.layout.display = "none"
        refill(self.box, ())
        self.pointed, self.charts = None, []


def line(first: str, rest: Sequence[str] = ()) -> Markup:
    """Build the line that follows the pointer: what is pointed at, then its figures."""
    if not rest:
        return Markup("<span>{}</span>").format(first)
    figures = Markup(" ").join(Markup("<span>{}</span>").format(words) for words in rest)
    return Markup("<b>{}</b> {}").format(first, figures)


def answer_words(solution: Solution | None, axes: Sequence[BudgetAxis]) -> list[str]:
    """Tell of an answer: score, proof, use of each axis' resource, layers changed."""
    if solution is None:
        return ["Not searched yet"]
    if not solution.found:
        return [status_words(solution)]
    score = solution.library.quantity(solution.problem.objective)
    uses = []
    for axis in axes:
        quantity = axis.library.quantity(axis.resource)
        uses.append(f"{quantity.label} {quantity.text(resource_use(solution, axis.resource))}")
    return [
        f"Summed {score.label} {score.text(solution.score)}",
        status_words(solution),
        *uses,
        changed_words(solution),
    ]


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def held_words(problem: SearchProblem) -> str:
    """Say which other budgets hold everywhere on a map."""
    return f"within {budget_words(problem)}" if problem.budgets else "no other budgets"


def _axes(grid: SurfaceGrid | DecisionGrid) -> object:
    return (grid.x, grid.y) if isinstance(grid, SurfaceGrid) else grid.targets


def _progress_words(grid: SurfaceGrid | DecisionGrid | None, of: str) -> str:
    """Say what was found: how many of what, how far proven, how many without an architecture."""
    if grid is None:
        return "Not searched yet."
    found = grid.solutions if isinstance(grid, DecisionGrid) else sum(grid.cells, ())
    states = [solution.status for solution in found if solution is not None]
    empty = states.count("infeasible")
    open_ones = states.count("feasible") + states.count("no_solution_in_time")
    whole = grid.done == grid.asked
    head = f"{grid.asked} {of}" if whole else f"Stopped after {grid.done} of {grid.asked} {of}"
    rest = "the rest" if empty else "all"
    proof = f"{open_ones} not proven optimal" if open_ones else f"{rest} proven optimal"
    return f"{head}: {empty} infeasible, {proof}." if empty else f"{head}: {proof}."
