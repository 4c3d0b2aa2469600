"""The decision map: which block every layer gets, target by target."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts import Drawing, Figure, decision_figures, draw
from puzzle_widgets.sweeps.decision_map import DecisionGrid
from puzzle_widgets.widgets.charts import CellChart, legend_line, strip_line
from puzzle_widgets.widgets.files import picture_buttons
from puzzle_widgets.widgets.html import heading
from puzzle_widgets.widgets.layers.detail import layer_name, sized_label
from puzzle_widgets.widgets.maps.parts import (
    SearchLine,
    answer_words,
    held_words,
    line,
    progress_words,
)
from puzzle_widgets.widgets.panel import Panel, button, guard, named, row

_NONE = ("Choose a row", -1)
_HINT = "Hover a cell for details; click a row, or use the arrow keys, to show its architecture."
_OUTDATED = "Out of date: objective or other budgets have changed since."


class DecisionMap(Panel):
    """The block of every layer for each target of a budget, as in figure 8 of the Puzzle paper.

    Nothing is searched until the button is pressed. A click on a row, the list, the buttons and
    the arrow keys show its architecture.

    Parameters
    ----------
    source
        The state to show, or a library.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> decisions = pw.DecisionMap(state)
    >>> state.start_decisions()
    >>> state.show_row(0)
    >>> state.shown is state.decisions.solutions[0]
    True
    >>> decisions.close()
    """

    title = "Decision map"
    css_class = "pw-decisions"

    def build(self) -> list[widgets.Widget]:
        """Make the choice of rows, search line, charts and the walk along the rows."""
        self.charts: list[CellChart] = []
        self._targets: object = None
        self._pointed: tuple[int, int] | None = None
        self.over = widgets.Dropdown(layout=widgets.Layout(width="200px"))
        self.search = SearchLine("map", "rows")
        self.key, self.legend, self.line = widgets.HTML(), widgets.HTML(), widgets.HTML()
        for name in ("pw-live", "pw-map-line"):
            self.line.add_class(name)
        self.box = widgets.VBox()
        self.box.add_class("pw-keys")
        keys = row(self.key, self.legend, css="pw-map-keys")
        save = picture_buttons(self.state, "the decision map", "decision-map", self._picture)
        self.body = widgets.VBox([keys, self.box, self.line, self._build_walk(), save])
        self.body.add_class("pw-map-rows")
        return [named("Rows: targets of", self.over), self.search.box, self.body]

    def bind(self) -> None:
        """Follow the state, and act on it."""
        self.when("library", "decisions_over", do=self._show_over)
        self.when("decisions", do=self._draw)
        self.when("selection", "budgets", do=self._show_figures, now=False)
        self.when("decisions", "selection", do=self._show_walk)
        self.when("decisions", "decisions_running", "problem", do=self._tell_search)
        self.changed(self.over, self._choose_over)
        self.changed(self.pick, self._pick)
        self.clicked(self.search.button, self._search_or_stop)
        self.clicked(self.previous, lambda: self.state.step_row(-1))
        self.clicked(self.next, lambda: self.state.step_row(1))
        self.clicked(self.first, lambda: self.state.show_row(0))
        self.clicked(self.last, self._show_last)

    def _build_walk(self) -> widgets.Widget:
        self.previous = button("Previous row", "Show the row below", css="pw-prev")
        self.next = button("Next row", "Show the row above", css="pw-next")
        self.first = button("First row", "Show the lowest row", css="pw-first")
        self.last = button("Last row", "Show the highest row", css="pw-last")
        for end in (self.first, self.last):
            end.layout.display = "none"  # for the keys Home and End
        self.pick = widgets.Dropdown(layout=widgets.Layout(width="auto"), options=[_NONE])
        pick = named("Row", self.pick)
        pick.add_class("pw-pick")
        return row(self.first, self.previous, self.next, self.last, pick, css="pw-walk")

    def _picture(self) -> Drawing | None:
        """What is on the screen, for a file."""
        grid = self.state.decisions
        return None if grid is None else draw(*self._figures(grid), title="Decision map")

    def _figures(self, grid: DecisionGrid) -> tuple[Figure, ...]:
        selection = self.state.selection
        return decision_figures(
            grid,
            limits=[budget for budget in self.state.budgets if budget.on],
            selected=selection.place if selection.kind == "map" else None,
        )

    def _show_over(self) -> None:
        library, keys = self.state.library, self.state.map_resources()
        with self._silence():
            self.over.options = [(library.quantity(key).title, key) for key in keys]
            self.over.value = self.state.decisions_over or None
        self.search.button.disabled = not self.state.decisions_over

    def _draw(self) -> None:
        """Draw the cells; charts of other targets are made anew."""
        grid = self.state.decisions
        if grid is None:
            self._forget()
            return
        if not self.charts or self._targets != grid.targets:
            self._forget()
            self._make(grid)
        self._show_figures()
        self._describe()

    def _make(self, grid: DecisionGrid) -> None:
        hover, click = guard(self.state, self._point), guard(self.state, self._click)
        self._targets, figures = grid.targets, self._figures(grid)
        self.charts = [CellChart(figure, hover, click) for figure in figures]
        self.body.layout.display = ""  # before: bqplot fails in hidden boxes
        self.box.children = _hung([figure.title for figure in figures], self.charts)
        count = len(grid.targets)
        words = [(f"{n + 1} of {count}: {grid.targets.words(n)}", n) for n in range(count)]
        with self._silence():
            self.pick.options = [_NONE, *words]

    def _show_figures(self) -> None:
        """Show cells and outlined rows, and what they mean."""
        grid = self.state.decisions
        if grid is None or not self.charts or self._targets != grid.targets:
            return
        figures = self._figures(grid)
        for chart, figure in zip(self.charts, figures, strict=True):
            chart.show(figure)
        self.key.value = strip_line(figures[0].strip)
        self.legend.value = legend_line(figures[0].legend)

    def _forget(self) -> None:
        self.body.layout.display = "none"
        self.box.children = ()
        self._pointed = None
        for chart in self.charts:
            chart.close()
        self.charts = []

    def _show_walk(self) -> None:
        grid, selection = self.state.decisions, self.state.selection
        if grid is None:
            return
        with self._silence():
            self.pick.value = selection.place if selection.kind == "map" else _NONE[1]
        self._pointed = None
        self._describe()

    def _tell_search(self) -> None:
        grid, running = self.state.decisions, self.state.decisions_running
        self.search.show((grid.done, grid.asked) if grid else None, running=running)
        outdated = grid is not None and grid.problem != self.state.decisions_problem()
        (self.box.add_class if outdated else self.box.remove_class)("pw-dim")
        problem = grid.problem if grid else self.state.decisions_problem()
        self.head.value = heading(
            self.title, f"every layer's block, target by target, {held_words(problem)}"
        )
        if outdated:
            self.search.say(_OUTDATED, warn=True)
        elif grid is None:
            self.search.say("" if running else "Not searched yet.")
        else:
            words = progress_words((grid.done, grid.asked), grid.solutions, "rows")
            self.search.say("" if running else words)

    def _describe(self) -> None:
        """Say the cell pointed at, else the selected row."""
        grid, selection = self.state.decisions, self.state.selection
        if grid is None:
            return
        if self._pointed is not None:
            self.line.value = _cell_words(grid, *self._pointed)
        elif selection.kind == "map":
            answer = grid.solutions[selection.place]
            words = f"Shown: {grid.targets.words(selection.place)}"
            self.line.value = line(words, answer_words(answer, [grid.targets]))
        else:
            self.line.value = line(_HINT)

    def _point(self, place: int, layer: int) -> None:
        self._pointed = (place, layer)
        self._describe()

    def _click(self, place: int, _layer: int) -> None:
        self.state.show_row(place)

    def _pick(self, place: int) -> None:
        if self._quiet:
            return
        if place == _NONE[1]:
            self.state.show_current()
        else:
            self.state.show_row(place)

    def _choose_over(self, key: str) -> None:
        if not self._quiet:
            self.state.set_decisions(key)

    def _search_or_stop(self) -> None:
        if self.state.decisions_running:
            self.state.stop_decisions()
        else:
            self.state.start_decisions()

    def _show_last(self) -> None:
        if self.state.decisions is not None:
            self.state.show_row(self.state.decisions.asked - 1)


def _hung(names: list[str], charts: list[CellChart]) -> list[widgets.Widget]:
    """Put each chart under its name."""
    hung: list[widgets.Widget] = []
    for name, chart in zip(names, charts, strict=True):
        hung += [widgets.HTML(Markup("<h3>{}</h3>").format(name)), chart.figure]
    return hung


def _cell_words(grid: DecisionGrid, place: int, at: int) -> Markup:
    """Say target, layer and block."""
    solution, layer = grid.solutions[place], grid.problem.library.layers[at]
    where = f"{grid.targets.words(place)}, {layer_name(layer).lower()}"
    if solution is None or not solution.found:
        return line(where, answer_words(solution, []))
    return line(where, [sized_label(layer, solution.blocks[at])])
