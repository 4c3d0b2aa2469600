"""The budget surface: the best score for every pair of two budgets, to look at and to choose."""

from __future__ import annotations

import ipywidgets as widgets

from puzzle_widgets.charts import Drawing, Figure, draw, surface_figure
from puzzle_widgets.sweeps.surface import SurfaceGrid
from puzzle_widgets.widgets.charts import CellChart, legend_line, strip_line
from puzzle_widgets.widgets.files import picture_buttons
from puzzle_widgets.widgets.html import heading
from puzzle_widgets.widgets.maps.parts import (
    SearchLine,
    answer_words,
    held_words,
    line,
    progress_words,
)
from puzzle_widgets.widgets.panel import Panel, button, guard, named

_HINT = "Hover a cell for details; click it to set both budgets."
_OUTDATED = "Out of date: objective or other budgets have changed since."
_TOO_FEW = "A budget surface needs two costs; this library has fewer."


class BudgetSurface(Panel):
    """Best summed score over a grid of two budgets.

    Nothing is searched until the button is pressed. A click on a cell, or the two lists and
    their button, set both budgets; a cross marks the current ones.

    Parameters
    ----------
    source
        The state to show, or a library.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> surface = pw.BudgetSurface(state)
    >>> state.start_surface()
    >>> state.surface.complete
    True
    >>> surface.close()
    """

    title = "Budget surface"
    css_class = "pw-surface"

    def build(self) -> list[widgets.Widget]:
        """Make axes, search line, chart, and the choice of a cell beside it."""
        self.chart: CellChart | None = None
        self._axes: object = None
        self._pointed: tuple[int, int] | None = None
        wide = widgets.Layout(width="180px")
        self.x, self.y = widgets.Dropdown(layout=wide), widgets.Dropdown(layout=wide)
        self.search = SearchLine("surface", "cells")
        self.box = widgets.Box()
        self.box.add_class("pw-map-chart")
        axes = widgets.HBox([named("Columns", self.x), named("Rows", self.y)])
        axes.add_class("pw-row")
        self.body = widgets.Box([self.box, self._build_side()])
        self.body.add_class("pw-map-body")
        return [axes, self.search.box, self.body]

    def bind(self) -> None:
        """Follow the state, and act on it."""
        self.when("library", "surface_x", "surface_y", do=self._show_axes)
        self.when("surface", do=self._draw)
        self.when("budgets", do=self._show_figure, now=False)
        self.when("cell", do=self._show_cell, now=False)
        self.when("surface", "surface_running", "problem", do=self._tell_search)
        self.changed(self.x, lambda key: self._choose_axes(x=key))
        self.changed(self.y, lambda key: self._choose_axes(y=key))
        self.changed(self.column, lambda _: self._pick())
        self.changed(self.row, lambda _: self._pick())
        self.clicked(self.search.button, self._search_or_stop)
        self.clicked(self.use, self._use)

    def _build_side(self) -> widgets.Widget:
        self.key, self.legend, self.line = widgets.HTML(), widgets.HTML(), widgets.HTML()
        for name in ("pw-live", "pw-map-line"):
            self.line.add_class(name)
        auto = {"width": "auto"}
        self.column = widgets.Dropdown(layout=auto)
        self.row = widgets.Dropdown(layout=auto)
        self.column_name, self.row_name = named("Column", self.column), named("Row", self.row)
        self.use = button("Use these budgets", "Set both budgets to those of this cell")
        pick = widgets.VBox([self.column_name, self.row_name, self.use])
        pick.add_class("pw-map-pick")
        save = picture_buttons(self.state, "the surface", "budget-surface", self._picture)
        side = widgets.VBox([self.key, self.legend, pick, self.line, save])
        side.add_class("pw-map-side")
        return side

    def _picture(self) -> Drawing | None:
        """What is on the screen, for a file."""
        grid = self.state.surface
        return None if grid is None else draw(self._figure(grid))

    def _figure(self, grid: SurfaceGrid) -> Figure:
        limits = [budget for budget in self.state.budgets if budget.on]
        return surface_figure(grid, limits=limits, selected=self._cell(grid))

    def _cell(self, grid: SurfaceGrid) -> tuple[int, int] | None:
        """The chosen cell, where this grid has it."""
        cell = self.state.cell
        there = cell is not None and cell[0] < len(grid.y) and cell[1] < len(grid.x)
        return cell if there else None

    def _show_axes(self) -> None:
        library, state = self.state.library, self.state
        keys = [(library.quantity(key).title, key) for key in state.map_resources()]
        short = not state.surface_y
        with self._silence():
            for child, value in ((self.x, state.surface_x), (self.y, state.surface_y)):
                child.options = keys
                child.value = value if not short else None
                child.disabled = short
        self.search.button.disabled = short

    def _draw(self) -> None:
        """Draw the cells; a chart of other axes is made anew."""
        grid = self.state.surface
        if grid is None:
            self._forget()
            return
        if self.chart is None or self._axes != (grid.x, grid.y):
            self._forget()
            self._make(grid)
        self._show_figure()
        self._describe()

    def _make(self, grid: SurfaceGrid) -> None:
        hover, click = guard(self.state, self._point), guard(self.state, self.state.use_cell)
        self.chart, self._axes = CellChart(self._figure(grid), hover, click), (grid.x, grid.y)
        self.body.layout.display = ""  # before: bqplot fails in hidden boxes
        self.box.children = (self.chart.figure,)
        with self._silence():
            for child, axis in ((self.column, grid.x), (self.row, grid.y)):
                child.options = [(axis.words(n), n) for n in range(len(axis))]
            first = grid.y.places[0], grid.x.places[0]
            self.row.value, self.column.value = self._cell(grid) or first

    def _show_figure(self) -> None:
        """Show cells, the cross at the current budgets, the chosen cell, and what they mean."""
        grid = self.state.surface
        if grid is None or self.chart is None or self._axes != (grid.x, grid.y):
            return
        figure = self._figure(grid)
        self.chart.show(figure)
        self.key.value, self.legend.value = strip_line(figure.strip), legend_line(figure.legend)

    def _forget(self) -> None:
        self.body.layout.display = "none"
        self.box.children = ()
        self._pointed = None
        if self.chart is not None:
            self.chart.close()
        self.chart = None

    def _tell_search(self) -> None:
        grid, running = self.state.surface, self.state.surface_running
        self.search.show((grid.done, grid.asked) if grid else None, running=running)
        outdated = grid is not None and grid.problem != self.state.surface_problem()
        (self.body.add_class if outdated else self.body.remove_class)("pw-dim")
        problem = grid.problem if grid else self.state.surface_problem()
        self.head.value = heading(
            self.title, f"best summed score under two budgets, {held_words(problem)}"
        )
        if not self.state.surface_y:
            self.search.say(_TOO_FEW)
        elif outdated:
            self.search.say(_OUTDATED, warn=True)
        else:
            self.search.say("" if running else _outcome(grid))

    def _describe(self) -> None:
        """Say the cell pointed at, else the chosen one."""
        grid = self.state.surface
        if grid is None:
            return
        cell = self._pointed or self._cell(grid)
        if cell is None:
            self.line.value = line(_HINT)
            return
        words = f"{grid.x.words(cell[1])}, {grid.y.words(cell[0])}"
        answer = grid.cells[cell[0]][cell[1]]
        self.line.value = line(words, answer_words(answer, (grid.x, grid.y)))

    def _point(self, row: int, column: int) -> None:
        self._pointed = (row, column)
        self._describe()

    def _pick(self) -> None:
        if not self._quiet and self.chart is not None:
            self.state.choose_cell(self.row.value, self.column.value)

    def _show_cell(self) -> None:
        """Show the chosen cell, in the chart, in the lists and in words."""
        grid, self._pointed = self.state.surface, None
        cell = self._cell(grid) if grid is not None else None
        if cell is not None and self.chart is not None:
            with self._silence():
                self.row.value, self.column.value = cell
        self._show_figure()
        self._describe()

    def _use(self) -> None:
        self.state.use_cell(self.row.value, self.column.value)

    def _choose_axes(self, x: str | None = None, y: str | None = None) -> None:
        if not self._quiet:
            self.state.set_surface(x, y)

    def _search_or_stop(self) -> None:
        if self.state.surface_running:
            self.state.stop_surface()
        else:
            self.state.start_surface()


def _outcome(grid: SurfaceGrid | None) -> str:
    if grid is None:
        return "Not searched yet."
    cells = [cell for row in grid.cells for cell in row]
    return progress_words((grid.done, grid.asked), cells, "cells")
