"""Spots on the screen: the Pareto front, and predictions against what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import bqplot as bq
import numpy as np

from puzzle_widgets.charts.figure import Axis, Figure, Spot, Spots
from puzzle_widgets.charts.palette import FRONT, KNEE, LIMIT, PARENT, SELECTED
from puzzle_widgets.widgets.charts.parts import axis_of, figure_of, fit, scale_of

_HOLLOW = "var(--pw-card)"
_MARGIN = {"top": 12, "bottom": 50, "left": 62, "right": 18}
_LOOKS: dict[str, dict[str, Any]] = {
    "parent": {"marker": "square", "default_size": 110},
    "selected": {"marker": "circle", "fill": False, "stroke": SELECTED, "stroke_width": 2.5},
    "knee": {"marker": "square", "fill": False, "stroke": KNEE, "stroke_width": 2},
    "scenarios": {"marker": "triangle-up", "fill": False, "stroke_width": 2.5},
    "reference": {"marker": "diamond", "fill": False, "stroke_width": 2.5},
    "measured": {"marker": "cross", "stroke": _HOLLOW},
    "baselines": {"marker": "triangle-down", "fill": False, "stroke_width": 2.5},
    "current": {"marker": "diamond"},
    "points": {"marker": "circle", "stroke": FRONT},
}


_TRUTH_LOOKS: dict[str, dict[str, Any]] = {
    "parent": {**_LOOKS["parent"], "apply_clip": False},
    "worst": {**_LOOKS["selected"], "apply_clip": False},
    "points": {**_LOOKS["points"], "apply_clip": False},
}


class SpotChart:
    """Spots of several kinds over a line; marks are made once, and changed in place.

    Parameters
    ----------
    looks
        Of each kind of spots, in the order in which they are drawn.
    css
        Class of the figure.
    dash
        Of the line.
    """

    def __init__(self, looks: dict[str, dict[str, Any]], css: str, dash: str = "solid") -> None:
        empty = Axis(0.0, 1.0), Axis(0.0, 1.0, grid=True)
        self._scales = {"x": scale_of(empty[0]), "y": scale_of(empty[1])}
        self.x_axis = axis_of(empty[0], self._scales["x"], "bottom", 36)
        self.y_axis = axis_of(empty[1], self._scales["y"], "left", 44)
        self.limits = self._lines(LIMIT, line_style="dashed", stroke_width=2)
        self.limits.scales = {"x": self._scales["x"], "y": bq.LinearScale(min=0.0, max=1.0)}
        self.line = self._lines(PARENT, stroke_width=1.5, line_style=dash)
        self.spots = {name: self._scatter(**own) for name, own in looks.items()}
        self.figure = figure_of(
            [self.limits, self.line, *self.spots.values()],
            [self.x_axis, self.y_axis],
            css,
            fig_margin=_MARGIN,
        )
        self.figure.layout.height, self.figure.layout.min_width = "360px", "0"
        self._figure: Figure | None = None
        self._shown: dict[str, Spots] = {}

    def on_click(self, name: str, do: Callable[[int], None]) -> None:
        """Call ``do`` with the place of a spot that is clicked, of the spots of this name."""

        def clicked(_mark: object, event: dict[str, Any]) -> None:
            spots = self._shown[name].spots if name in self._shown else ()
            spot = _clicked(spots, event["data"])
            if spot is not None:
                do(spot.place)

        self.spots[name].on_element_click(clicked)

    def show(self, figure: Figure) -> None:
        """Draw a figure: change what differs from the one before."""
        before, self._figure = self._figure, figure
        if before is None or figure.x != before.x:
            fit(self._scales["x"], self.x_axis, figure.x)
        if before is None or figure.y != before.y:
            fit(self._scales["y"], self.y_axis, figure.y)
        if before is None or figure.curves != before.curves:
            self._show_curves(figure)
        if before is None or figure.limits != before.limits:
            self._show_limits(figure)
        for group in figure.spots:
            if self._shown.get(group.name) != group:
                self._shown[group.name] = group
                _place(self.spots[group.name], group)

    def _show_curves(self, figure: Figure) -> None:
        for curve in figure.curves:
            with self.line.hold_sync():
                self.line.x = _floats([x for x, _ in curve.points])
                self.line.y = _floats([y for _, y in curve.points])

    def _show_limits(self, figure: Figure) -> None:
        places = np.array([[line.at, line.at] for line in figure.limits], dtype=np.float64)
        with self.limits.hold_sync():
            self.limits.x = places if figure.limits else np.zeros(0)
            self.limits.y = np.tile([0.0, 1.0], (len(figure.limits), 1))
            self.limits.visible = bool(figure.limits)

    def _lines(self, color: str, **looks: object) -> bq.Lines:
        return bq.Lines(x=np.zeros(0), y=np.zeros(0), scales=self._scales, colors=[color], **looks)

    def _scatter(self, **looks: object) -> bq.Scatter:
        return bq.Scatter(
            x=np.zeros(0),
            y=np.zeros(0),
            scales=self._scales,
            display_names=False,
            names_unique=False,
            tooltip=bq.Tooltip(fields=["name"], show_labels=False),
            interactions={"hover": "tooltip"},
            **looks,
        )


class FrontChart(SpotChart):
    """Line, points, and the marks beside them; see :func:`puzzle_widgets.charts.front_figure`."""

    def __init__(self) -> None:
        super().__init__(_LOOKS, "pw-front")


class TruthChart(SpotChart):
    """Models around the line of right ones; see :func:`puzzle_widgets.charts.truth_figure`."""

    def __init__(self) -> None:
        super().__init__(_TRUTH_LOOKS, "pw-truth-chart", "dashed")


def _clicked(spots: Sequence[Spot], data: dict[str, Any]) -> Spot | None:
    """The spot that a page says was clicked; none where that one has gone meanwhile.

    A click may arrive after others were drawn, so that its index is of an earlier drawing: where it
    stands tells which one it is.
    """
    index = int(data["index"])
    likely = [*spots[index : index + 1], *spots] if index >= 0 else list(spots)
    if "x" not in data or "y" not in data:
        return next(iter(spots[index : index + 1]), None)
    return next((spot for spot in likely if _stands_at(spot, data["x"], data["y"])), None)


def _stands_at(spot: Spot, *where: float) -> bool:
    pairs = zip((spot.x, spot.y), where, strict=True)
    return all(math.isclose(mine, said, rel_tol=1e-6) for mine, said in pairs)


def _place(mark: bq.Scatter, group: Spots) -> None:
    spots: Sequence[Spot] = group.spots
    with mark.hold_sync():
        mark.default_size = group.size
        mark.names = np.array([spot.words for spot in spots]) if spots else None
        mark.colors = [_HOLLOW if spot.hollow else spot.color for spot in spots] or [FRONT]
        mark.x, mark.y = _floats([spot.x for spot in spots]), _floats([spot.y for spot in spots])


def _floats(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(values, dtype=np.float64)
