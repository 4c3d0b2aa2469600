"""The budget surface: the best score for every pair of two budgets, to look at and to choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from puzzle_widgets.charts import Drawing, Figure, draw, surface_figure
from puzzle_widgets.charts.about import about
from puzzle_widgets.sweeps.surface import SurfaceGrid
from puzzle_widgets.widgets.files import picture_buttons
from puzzle_widgets.widgets.panel import button, menu, named, row, small_legend
from puzzle_widgets.widgets.sweeps.parts import MapPanel, answer_words, line

_HINT = "Hover a cell for details; click it to set both budgets."
_TOO_FEW = "A budget surface needs two costs; this library has fewer."


class BudgetSurface(MapPanel[SurfaceGrid]):
    """Best summed score over a grid of two budgets.

    It is searched when it is first looked at; its button searches it again. A click on a cell, or
    the two lists and their button, set both budgets; a cross marks the current ones.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> surface = pw.BudgetSurface("stdlib-2m-measured")
    >>> surface.state.surface.complete
    True
    >>> surface.close()
    """

    title = "Budget surface"
    css_class = "pw-surface"
    guide = "surface"
    sweep = "surface"
    counted = "cells"
    about = "best summed score under two budgets"

    def build(self) -> list[widgets.Widget]:
        """Make axes, search line, chart, and the choice of a cell beside it."""
        wide = widgets.Layout(width="180px")
        self.x, self.y = widgets.Dropdown(layout=wide), widgets.Dropdown(layout=wide)
        self.build_map()
        self.box.add_class("pw-map-chart")
        save = picture_buttons(self.state, "the surface", "budget-surface", self.picture)
        more = menu("Legend, save a picture", small_legend(self.legend), save)
        axes = row(named("Columns", self.x), named("Rows", self.y), more)
        self.body = widgets.Box([self.box, self._build_side()])
        self.body.add_class("pw-map-body")
        return [axes, self.build_search(), self.body]

    def bind(self) -> None:
        """Follow the state, and act on it."""
        self.when("library", "surface_x", "surface_y", do=self._show_axes)
        self.when("surface", do=self.draw)
        self.when("budgets", do=self.show_figures, now=False)
        self.when("cell", do=self._show_cell, now=False)
        self.when("surface", "surface_running", "problem", do=self._tell_search)
        self.changed(self.x, lambda key: self.state.set_surface(x=key))
        self.changed(self.y, lambda key: self.state.set_surface(y=key))
        for part in (self.column, self.row):
            self.changed(part, lambda _: self._act(self.state.choose_cell))
        self.clicked(self.use, lambda: self._act(self.state.use_cell))

    def figures(self, grid: SurfaceGrid) -> tuple[Figure, ...]:
        """The one chart."""
        limits = [budget for budget in self.state.budgets if budget.on]
        return (surface_figure(grid, limits=limits, selected=self._cell(grid)),)

    def click(self, row: int, column: int) -> None:
        """Set both budgets to the cell's."""
        self.state.use_cell(row, column)

    def hang(self, grid: SurfaceGrid, figures: Sequence[Figure]) -> None:
        """Put the chart on the page, and its columns and rows in the lists."""
        del figures
        self.box.children = [chart.figure for chart in self.charts]
        with self.silence():
            for child, axis in ((self.column, grid.x), (self.row, grid.y)):
                child.options = [(axis.words(n), n) for n in range(len(axis))]
            first = grid.y.places[0], grid.x.places[0]
            self.row.value, self.column.value = self._cell(grid) or first

    def describe(self) -> None:
        """Say the cell pointed at, else the chosen one."""
        grid = self.grid
        if grid is None:
            return
        cell = self.pointed or self._cell(grid)
        if cell is None:
            self.line.value = line(_HINT)
            return
        words = f"{grid.x.words(cell[1])}, {grid.y.words(cell[0])}"
        self.line.value = line(words, answer_words(grid.cells[cell[0]][cell[1]], (grid.x, grid.y)))

    def can_search(self) -> bool:
        """Whether there are two costs, and the sense of the score is known."""
        return super().can_search() and bool(self.state.surface_y)

    def _build_side(self) -> widgets.Widget:
        auto = {"width": "auto"}
        self.column, self.row = widgets.Dropdown(layout=auto), widgets.Dropdown(layout=auto)
        self.use = button("Use these budgets", "Set both budgets to those of this cell")
        pick = widgets.VBox([named("Column", self.column), named("Row", self.row), self.use])
        pick.add_class("pw-map-pick")
        side = widgets.VBox([self.key, self.legend, pick, self.line])
        side.add_class("pw-map-side")
        return side

    def picture(self) -> Drawing | None:
        """What is on the screen, for a file."""
        if self.grid is None:
            return None
        return about(draw(*self.figures(self.grid)), self.grid.problem)

    def _cell(self, grid: SurfaceGrid) -> tuple[int, int] | None:
        """The chosen cell, where this grid has it."""
        cell = self.state.cell
        there = cell is not None and cell[0] < len(grid.y) and cell[1] < len(grid.x)
        return cell if there else None

    def _show_axes(self) -> None:
        library, state = self.state.library, self.state
        keys = [(library.quantity(key).title, key) for key in state.record.map_resources]
        short = not state.surface_y
        with self.silence():
            for child, value in ((self.x, state.surface_x), (self.y, state.surface_y)):
                child.options = keys
                child.value = value if not short else None
                child.disabled = short
        self.search.button.disabled = short

    def _show_cell(self) -> None:
        """Show the chosen cell, in the chart, in the lists and in words."""
        grid, self.pointed = self.grid, None
        cell = self._cell(grid) if grid is not None else None
        if cell is not None and self.charts:
            with self.silence():
                self.row.value, self.column.value = cell
        self.show_figures()
        self.describe()

    def _tell_search(self) -> None:
        self.tell_search(
            self.state.record.problem_along(self.state.surface_x, self.state.surface_y), self.body
        )
        if not self.state.surface_y:
            self.search.say(_TOO_FEW)

    def _act(self, action: Callable[[int, int], None]) -> None:
        """Act on the cell that the lists name, once there are any."""
        if self.charts:
            action(self.row.value, self.column.value)
