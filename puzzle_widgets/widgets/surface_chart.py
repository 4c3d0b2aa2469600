"""The chart of a budget surface: cells of scores, the present budgets, the chosen cell."""

from __future__ import annotations

import bqplot as bq
import numpy as np

from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.solution.budget_axis import BudgetAxis
from puzzle_widgets.solution.surface import SurfaceGrid
from puzzle_widgets.state.limits import limit_quantity
from puzzle_widgets.widgets.heat_chart import (
    HeatAxis,
    HeatChart,
    OnCell,
    cell_edges,
    outline,
    put_around,
)
from puzzle_widgets.widgets.heat_colors import ScoreScale
from puzzle_widgets.widgets.palette import SELECTED
from puzzle_widgets.widgets.pareto_axis import Span, tick_labels, ticks_of

_ROW_PX, _LEAST_PX = 29, 88
Place = tuple[float, float]


class SurfaceChart:
    """Cells stand at their limits; a white cross is the present budgets.

    Parameters
    ----------
    x, y
        The limits of the columns and of the rows.
    on_hover, on_click
        Called with the row and the column of a cell.
    """

    def __init__(self, x: BudgetAxis, y: BudgetAxis, on_hover: OnCell, on_click: OnCell) -> None:
        self.axes = x, y
        self._x, self._y = _heat_axis(x), _heat_axis(y)
        height = len(y) * max(_ROW_PX, _LEAST_PX // len(y))
        self.heat = HeatChart(self._x, self._y, on_hover, on_click, height=height)
        self.present = bq.Scatter(
            x=np.zeros(1),
            y=np.zeros(1),
            scales=self.heat.scales,
            marker="cross",
            colors=["#ffffff"],
            stroke="#000000",
            default_size=150,
            interactions={},
            visible=False,
        )
        self.chosen = outline(self.heat.scales, SELECTED)
        self.heat.over(self.chosen, self.present)

    @property
    def figure(self) -> bq.Figure:
        """What goes on the page."""
        return self.heat.figure

    def show(self, grid: SurfaceGrid, scale: ScoreScale) -> None:
        """Colour the cells by their scores."""
        self.heat.show(scale.values(grid.scores))

    def mark(self, present: Place) -> None:
        """Put the cross at a pair of limits, or at the edge where they lie outside."""
        ends = [(axis.edges[0], axis.edges[-1]) for axis in (self._x, self._y)]
        x, y = (min(max(at, *end[:1]), end[1]) for at, end in zip(present, ends, strict=True))
        with self.present.hold_sync():
            self.present.x, self.present.y = np.array([x]), np.array([y])
            self.present.visible = True

    def choose(self, cell: tuple[int, int] | None) -> None:
        """Outline a cell, by row and column."""
        if cell is None:
            put_around(self.chosen, None)
            return
        row, column = cell
        across, up = self._x.edges, self._y.edges
        put_around(self.chosen, (across[column], across[column + 1], up[row], up[row + 1]))

    def holds(self, present: Place) -> bool:
        """Whether a pair of limits lies within the cells."""
        pairs = zip(present, (self._x, self._y), strict=True)
        return all(axis.edges[0] <= at <= axis.edges[-1] for at, axis in pairs)

    def close(self) -> None:
        """Let the front end forget all parts of the chart."""
        self.heat.close()


def _heat_axis(axis: BudgetAxis) -> HeatAxis:
    quantity = limit_quantity(axis.library, axis.resource)
    edges = cell_edges(axis.limits)
    ticks = ticks_of(Span(edges[0], edges[-1]))
    sense = "at least" if axis.resource == THROUGHPUT else "at most"
    label = f"{quantity.label}, {sense}" + (f" ({quantity.unit})" if quantity.unit else "")
    return HeatAxis(edges, label, (ticks.tolist(), tick_labels(ticks, quantity)))
