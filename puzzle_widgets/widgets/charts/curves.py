"""Curves over the layers on the screen: one line per series."""

from __future__ import annotations

import bqplot as bq
import numpy as np

from puzzle_widgets.charts.figure import Curve, Figure
from puzzle_widgets.widgets.charts.axes import axis_of, figure_of, fit, scale_of

_HEIGHT = "280px"


class CurveChart:
    """Curves; a chart whose vertical axis is logarithmic stays so.

    Parameters
    ----------
    figure
        To begin with.
    """

    def __init__(self, figure: Figure) -> None:
        self._scales = {"x": scale_of(figure.x), "y": scale_of(figure.y)}
        self._x_axis = axis_of(figure.x, self._scales["x"], "bottom", 32)
        self._y_axis = axis_of(figure.y, self._scales["y"], "left", 52)
        self.figure = figure_of(
            [],
            [self._x_axis, self._y_axis],
            "pw-steps",
            fig_margin={"top": 10, "bottom": 46, "left": 68, "right": 14},
        )
        self.figure.layout.height = _HEIGHT
        self.show(figure)

    def show(self, figure: Figure) -> None:
        """Draw a figure; lines that are there stay."""
        fit(self._scales["x"], self._x_axis, figure.x)
        fit(self._scales["y"], self._y_axis, figure.y)
        new = [self._line() for _ in range(len(figure.curves) - len(self.figure.marks))]
        if new:
            self.figure.marks = [*self.figure.marks, *new]
        for mark, curve in zip(self.figure.marks, figure.curves, strict=False):
            _draw(mark, curve)
        for mark in self.figure.marks[len(figure.curves) :]:
            mark.visible = False

    def _line(self) -> bq.Lines:
        return bq.Lines(x=[0.0, 1.0], y=[1.0, 1.0], scales=self._scales, stroke_width=2)


def _draw(mark: bq.Lines, curve: Curve) -> None:
    with mark.hold_sync():
        mark.x = np.array([x for x, _ in curve.points], dtype=np.float64)
        mark.y = np.array([y for _, y in curve.points], dtype=np.float64)
        mark.colors, mark.line_style = [curve.color], curve.dash
        mark.labels, mark.visible = [curve.name], True
