"""The charts of a decision map: one for attention, one for FFN, or one for whole blocks."""

from __future__ import annotations

import bqplot as bq
import numpy as np

from puzzle_widgets.library.block import KINDS
from puzzle_widgets.library.quantity import format_number
from puzzle_widgets.solution.budget_axis import BudgetAxis
from puzzle_widgets.solution.decision_map import NONE_CHOSEN, DecisionGrid
from puzzle_widgets.solution.sizes import HalfSizes
from puzzle_widgets.state.limits import limit_quantity
from puzzle_widgets.widgets.heat_chart import HeatAxis, HeatChart, OnCell, outline, put_around
from puzzle_widgets.widgets.heat_colors import BLANK_VALUE, LINEAR_VALUE, FloatArray
from puzzle_widgets.widgets.layer_axis import layer_ticks
from puzzle_widgets.widgets.palette import LIMIT, SELECTED

_ROW_PX, _LEAST_PX = 19, 88
_MOST_LABELS = 20


def halves_of(grid: DecisionGrid) -> list[tuple[str, HalfSizes]]:
    """What there is to draw, each with its name."""
    if grid.sizes.whole is not None:
        return [("Whole blocks", grid.sizes.whole)]
    return [("Attention", grid.sizes.attention), ("FFN", grid.sizes.ffn)]


def cell_values(grid: DecisionGrid, half: HalfSizes) -> FloatArray:
    """Places on the colours: 0 for a no-op, 1 for the parent's size and above."""
    shares = np.where(np.isnan(half.shares), LINEAR_VALUE, np.clip(half.shares, 0.0, 1.0))
    shares[half.kinds == KINDS.index("linear")] = LINEAR_VALUE
    values: FloatArray = np.where(grid.choices == NONE_CHOSEN, BLANK_VALUE, shares[grid.choices])
    return values


class DecisionChart:
    """One half of every layer for every target; the selected row and the present one outlined.

    Parameters
    ----------
    targets
        The limits of the rows.
    on_hover, on_click
        Called with the row and the layer's place.
    """

    def __init__(self, targets: BudgetAxis, on_hover: OnCell, on_click: OnCell) -> None:
        layers = targets.library.layers
        self._layers, rows = len(layers), len(targets)
        ticks, words = layer_ticks(layers)
        across = HeatAxis(_edges(len(layers)), "Layer", (ticks.tolist(), words))
        labels = {f"{n}": format_number(targets.limits[n]) for n in _labelled(rows)}
        title = limit_quantity(targets.library, targets.resource).title
        up = HeatAxis(_edges(rows), title, (list(map(float, _labelled(rows))), labels))
        # Rows of whole pixels leave no seams between them.
        height = rows * max(_ROW_PX, _LEAST_PX // rows)
        self.heat = HeatChart(across, up, on_hover, on_click, height=height)
        self.present = outline(self.heat.scales, LIMIT, dashed=True)
        self.selected = outline(self.heat.scales, SELECTED)
        self.heat.over(self.present, self.selected)

    @property
    def figure(self) -> bq.Figure:
        """What goes on the page."""
        return self.heat.figure

    def mark(self, selected: int | None, present: int | None) -> None:
        """Outline the selected row, and the one nearest to the present limit."""
        for mark, row in ((self.selected, selected), (self.present, present)):
            ends = None if row is None else (-0.5, self._layers - 0.5, row - 0.5, row + 0.5)
            put_around(mark, ends)

    def close(self) -> None:
        """Let the front end forget all parts of the chart."""
        self.heat.close()


def _edges(count: int) -> list[float]:
    return [place - 0.5 for place in range(count + 1)]


def _labelled(rows: int) -> list[int]:
    """Rows that have room for words."""
    return list(range(0, rows, -(-rows // _MOST_LABELS)))
