"""A heat map on the screen: cells to point at and click, with outlines and a cross over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import bqplot as bq
import numpy as np

from puzzle_widgets.charts.figure import Cells, Figure, Outline
from puzzle_widgets.charts.palette import BLANK_VALUE, HEAT, HEAT_BLANK, HEAT_LINEAR
from puzzle_widgets.library.model import FloatArray
from puzzle_widgets.widgets.charts.parts import axis_of, figure_of, scale_of

OnCell = Callable[[int, int], None]
_COLORS = [HEAT_BLANK, HEAT_LINEAR, *HEAT]
_TOP, _BOTTOM, _RIGHT, _MARGIN = 6, 46, 12, 76
_MOST_OUTLINES = 2


class CellChart:
    """The cells of one grid; their colors and the marks over them change in place.

    Parameters
    ----------
    figure
        With cells; the axes and the grid stay those of this one.
    on_hover, on_click
        Called with the row and the column of the cell pointed at, or clicked.
    """

    def __init__(self, figure: Figure, on_hover: OnCell, on_click: OnCell) -> None:
        cells = _cells(figure)
        self._shape = cells.values.shape
        across, up = scale_of(figure.x), scale_of(figure.y)
        across.min, across.max = cells.x_edges[0], cells.x_edges[-1]
        up.min, up.max = cells.y_edges[0], cells.y_edges[-1]
        self._color = bq.ColorScale(colors=_COLORS, min=BLANK_VALUE, max=1.0)
        self.cells = bq.GridHeatMap(
            color=_padded(np.full(self._shape, BLANK_VALUE)),
            row=_one_more(cells.y_edges),
            column=_one_more(cells.x_edges),
            scales={"row": up, "column": across, "color": self._color},
            stroke="transparent",
            interactions={},
        )
        self.cells.on_hover(lambda _, event: self._tell(event, on_hover))
        self.cells.on_element_click(lambda _, event: self._tell(event, on_click))
        self._scales = {"x": across, "y": up}
        self.cross = self._cross()
        self.outlines = [self._outline() for _ in range(_MOST_OUTLINES)]
        self.figure = figure_of(
            [self.cells, *self.outlines, self.cross],
            [axis_of(figure.x, across, "bottom", 34), axis_of(figure.y, up, "left", _MARGIN - 14)],
            "pw-heat",
            fig_margin={"top": _TOP, "bottom": _BOTTOM, "left": _MARGIN, "right": _RIGHT},
        )
        self.figure.layout.height = f"{cells.height + _TOP + _BOTTOM}px"
        self.show(figure)

    def show(self, figure: Figure) -> None:
        """Color the cells, and put the marks where they belong."""
        padded = _padded(_cells(figure).values)
        if not np.array_equal(padded, self.cells.color):
            self.cells.color = padded
        spots = [spot for group in figure.spots for spot in group.spots]
        with self.cross.hold_sync():
            self.cross.visible = bool(spots)
            if spots:
                self.cross.x, self.cross.y = np.array([spots[0].x]), np.array([spots[0].y])
        wanted = [*figure.outlines, *[None] * _MOST_OUTLINES]
        for mark, outline in zip(self.outlines, wanted, strict=False):
            _put_around(mark, outline)

    def _tell(self, event: Mapping[str, Any], whom: OnCell) -> None:
        cell = event.get("point") or event.get("data") or {}
        row, column = cell.get("rowNum", -1), cell.get("columnNum", -1)
        if 0 <= row < self._shape[0] and 0 <= column < self._shape[1]:
            whom(int(row), int(column))

    def _cross(self) -> bq.Scatter:
        return bq.Scatter(
            x=np.zeros(1),
            y=np.zeros(1),
            scales=self._scales,
            marker="cross",
            colors=["#ffffff"],
            stroke="#000000",
            default_size=150,
            interactions={},
            visible=False,
        )

    def _outline(self) -> bq.Lines:
        return bq.Lines(
            x=np.zeros(0),
            y=np.zeros(0),
            scales=self._scales,
            stroke_width=2.5,
            visible=False,
            interactions={},
        )


def _cells(figure: Figure) -> Cells:
    if figure.cells is None:
        raise RuntimeError(f"{figure.title}: no cells to draw")
    return figure.cells


def _put_around(mark: bq.Lines, outline: Outline | None) -> None:
    with mark.hold_sync():
        mark.visible = outline is not None
        if outline is not None:
            left, right, low, high = outline.left, outline.right, outline.low, outline.high
            mark.colors, mark.line_style = [outline.color], outline.dash
            mark.x = np.array([left, right, right, left, left], dtype=np.float64)
            mark.y = np.array([low, low, high, high, low], dtype=np.float64)


def _one_more(edges: tuple[float, ...]) -> FloatArray:
    """Edges with one more cell beyond the end: bqplot flattens tables of a single row."""
    return np.array([*edges, 2 * edges[-1] - edges[-2]], dtype=np.float64)


def _padded(values: FloatArray) -> FloatArray:
    return np.pad(values, ((0, 1), (0, 1)), constant_values=BLANK_VALUE)
