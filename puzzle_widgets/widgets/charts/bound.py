"""The Lagrangian bound on the screen: curves, and two spots that move along them."""

from __future__ import annotations

from typing import Any

import bqplot as bq
import numpy as np

from puzzle_widgets.charts.figure import Curve, Figure
from puzzle_widgets.charts.palette import CURRENT, FRONT
from puzzle_widgets.widgets.charts.front import SpotChart

_LOOKS: dict[str, dict[str, Any]] = {
    "bound": {"marker": "circle", "stroke": FRONT},
    "choice": {"marker": "diamond", "stroke": CURRENT},
}
_NAMES = ("bound", "over", "within", "solution")


class BoundChart(SpotChart):
    """Curves by price; see :func:`puzzle_widgets.charts.lagrangian_figure`."""

    def __init__(self) -> None:
        super().__init__(_LOOKS, "pw-bound-chart")
        self.curves = {name: self._lines(FRONT, stroke_width=2) for name in _NAMES}
        self.figure.marks = [*self.curves.values(), *self.figure.marks]

    def _show_curves(self, figure: Figure) -> None:
        shown = {curve.name: curve for curve in figure.curves}
        for name, mark in self.curves.items():
            _fill(mark, shown.get(name))


def _fill(mark: bq.Lines, curve: Curve | None) -> None:
    points = curve.points if curve is not None else ()
    with mark.hold_sync():
        mark.visible = bool(points)
        if curve is None or not points:
            return
        mark.colors, mark.line_style = [curve.color], curve.dash
        mark.x = np.array([x for x, _ in points], dtype=np.float64)
        mark.y = np.array([y for _, y in points], dtype=np.float64)
