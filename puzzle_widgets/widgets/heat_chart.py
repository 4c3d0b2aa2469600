"""A heat map of cells that can be pointed at and clicked, with marks over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import bqplot as bq
import numpy as np

from puzzle_widgets.widgets.heat_colors import BLANK_VALUE, COLORS, FloatArray

OnCell = Callable[[int, int], None]
_TOP, _BOTTOM, _RIGHT = 6, 46, 12


@dataclass(frozen=True)
class HeatAxis:
    """One axis: where its cells begin and end, and what its ticks say.

    Parameters
    ----------
    edges
        Rising, one more than there are cells.
    label
        Words along the axis, with the unit.
    ticks
        Places and words of the ticks, the words under the number as a browser writes it.
    """

    edges: Sequence[float]
    label: str
    ticks: tuple[Sequence[float], Mapping[str, str]] = field(default=((), {}))

    @property
    def count(self) -> int:
        """Number of cells."""
        return len(self.edges) - 1

    @property
    def padded(self) -> FloatArray:
        """Edges with one more cell beyond the end: bqplot flattens tables of a single row."""
        last = 2 * self.edges[-1] - self.edges[-2]
        return np.array([*self.edges, last], dtype=np.float64)


def cell_edges(places: Sequence[float]) -> list[float]:
    """Edges half-way between places, and as far beyond the ends."""
    if len(places) == 1:
        return [places[0] - 0.5, places[0] + 0.5]
    inner = [0.5 * (one + other) for one, other in pairwise(places)]
    return [2 * places[0] - inner[0], *inner, 2 * places[-1] - inner[-1]]


class HeatChart:
    """Cells with colours, over two linear axes.

    Parameters
    ----------
    x, y
        Columns and rows; y rises upwards.
    on_hover, on_click
        Called with the row and the column of the cell pointed at, or clicked.
    height, margin
        Of the cells together, and room for the words of the rows, in px.
    """

    def __init__(
        self,
        x: HeatAxis,
        y: HeatAxis,
        on_hover: OnCell,
        on_click: OnCell,
        *,
        height: int,
        margin: int = 76,
    ) -> None:
        self._shape = (y.count, x.count)
        across, up = _scale(x), _scale(y)
        self.scales = {"x": across, "y": up}
        self._color = bq.ColorScale(colors=list(COLORS), min=BLANK_VALUE, max=1.0)
        self.cells = bq.GridHeatMap(
            color=np.full((y.count + 1, x.count + 1), BLANK_VALUE),
            row=y.padded,
            column=x.padded,
            scales={"row": up, "column": across, "color": self._color},
            stroke="transparent",
            interactions={},
        )
        self.cells.on_hover(lambda _, event: self._tell(event, on_hover))
        self.cells.on_element_click(lambda _, event: self._tell(event, on_click))
        axes = [_axis(x, across, "bottom"), _axis(y, up, "left", f"{margin - 14}px")]
        self.figure = self._figure(axes, height, margin)

    def show(self, values: FloatArray) -> None:
        """Colour the cells: ``values`` of shape (rows, columns), as the colour scale has them."""
        padded = np.full((self._shape[0] + 1, self._shape[1] + 1), BLANK_VALUE)
        padded[:-1, :-1] = values
        if not np.array_equal(padded, self.cells.color):
            self.cells.color = padded

    def over(self, *marks: bq.Mark) -> None:
        """Lay marks over the cells; the pointer goes through them."""
        self.figure.marks = [self.cells, *marks]

    def close(self) -> None:
        """Let the front end forget all parts of the chart."""
        scales = (*self.scales.values(), self._color)
        for part in (self.figure, *self.figure.marks, *self.figure.axes, *scales):
            part.close()

    def _tell(self, event: Mapping[str, Any], whom: OnCell) -> None:
        cell = event.get("point") or event.get("data") or {}
        row, column = cell.get("rowNum", -1), cell.get("columnNum", -1)
        if 0 <= row < self._shape[0] and 0 <= column < self._shape[1]:
            whom(int(row), int(column))

    def _figure(self, axes: list[bq.Axis], height: int, margin: int) -> bq.Figure:
        figure = bq.Figure(
            marks=[self.cells],
            axes=axes,
            display_toolbar=False,
            padding_x=0,
            padding_y=0,
            min_aspect_ratio=0.01,
            max_aspect_ratio=100,
            fig_margin={"top": _TOP, "bottom": _BOTTOM, "left": margin, "right": _RIGHT},
        )
        figure.layout.width, figure.layout.height = "100%", f"{height + _TOP + _BOTTOM}px"
        figure.add_class("pw-figure")
        figure.add_class("pw-heat")
        return figure


def outline(scales: Mapping[str, bq.Scale], color: str, *, dashed: bool = False) -> bq.Lines:
    """Make a mark that runs around some cells; it shows nothing until it is put around them."""
    return bq.Lines(
        x=np.zeros(0),
        y=np.zeros(0),
        scales=dict(scales),
        colors=[color],
        stroke_width=2.5,
        line_style="dashed" if dashed else "solid",
        visible=False,
        interactions={},
    )


def put_around(mark: bq.Lines, ends: tuple[float, float, float, float] | None) -> None:
    """Put an outline around left, right, low and high; ``None`` takes it away."""
    with mark.hold_sync():
        mark.visible = ends is not None
        if ends is not None:
            left, right, low, high = ends
            mark.x = np.array([left, right, right, left, left], dtype=np.float64)
            mark.y = np.array([low, low, high, high, low], dtype=np.float64)


def _scale(axis: HeatAxis) -> bq.LinearScale:
    low, high = float(axis.edges[0]), float(axis.edges[-1])
    return bq.LinearScale(min=low, max=high, allow_padding=False)


def _axis(axis: HeatAxis, scale: bq.LinearScale, side: str, offset: str = "34px") -> bq.Axis:
    return bq.Axis(
        scale=scale,
        side=side,
        label=axis.label,
        label_offset=offset,
        grid_lines="none",
        tick_labels=dict(axis.ticks[1]),
        tick_values=np.array(axis.ticks[0], dtype=np.float64),
    )
