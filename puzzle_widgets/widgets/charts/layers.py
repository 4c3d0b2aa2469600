"""Charts over the layers on the screen: stacked bars to point at and click, and curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bqplot as bq
import numpy as np
from traitlets import List

from puzzle_widgets.charts.figure import Axis, Bars, Curve, Figure, Spots
from puzzle_widgets.charts.palette import PALE, PINNED, SELECTED
from puzzle_widgets.widgets.charts.parts import axis_of, figure_of, fit, scale_of

OnLayer = Callable[[int], None]
_EDGE, _EDGE_PX = "var(--pw-text)", 1.3
_SHADE, _SHADED, _CLEAR = "#808080", 0.22, "transparent"
_POINTER_PX, _TOP, _BOTTOM = 22, 4, 42
_HEIGHT = "280px"


class _PlainBars(bq.Bars):
    """Bars whose colors are ours; checking each costs more than all the rest of a redraw."""

    colors = List(default_value=[_CLEAR]).tag(sync=True, display_name="Colors")


class BarChart:
    """Bars of one architecture at a time.

    Parameters
    ----------
    x, y
        The axes: of layers, and of what is drawn.
    layers
        Number of layers.
    height
        Of the plot itself, in px.
    on_hover, on_click
        Called with the place of the layer pointed at, or clicked.
    """

    def __init__(
        self, x: Axis, y: Axis, layers: int, height: int, on_hover: OnLayer, on_click: OnLayer
    ) -> None:
        self._count = layers
        # A place beyond each end keeps the bars of one or two layers as wide as those of many.
        self._places = np.arange(-1, layers + 1, dtype=np.float64)
        room = (y.high - y.low) * _POINTER_PX / height
        self._low, self._top = y.low, y.high + room / 2
        up = bq.LinearScale(min=y.low, max=y.high + room, allow_padding=False)
        self._scales = {"x": scale_of(x), "y": up}
        self.bars = _PlainBars(
            x=self._places,
            y=np.zeros((1, layers + 2)),
            scales=self._scales,
            padding=0.14,
            stroke_width=0,
            color_mode="no_group",
            opacity_mode="no_group",
            interactions={},
        )
        self.frames, self.pins = self._frames(), self._pins()
        self.marker, self.columns = self._marker(), self._columns(on_hover, on_click)
        margin = _margin(y)
        axes = [
            axis_of(x, self._scales["x"], "bottom", 32),
            axis_of(y, up, "left", margin - 18),
        ]
        self.figure = figure_of(
            [self.bars, self.frames, self.marker, self.columns, self.pins],
            axes,
            "pw-layers",
            animation_duration=0,  # a bar on its way says neither what was nor what is
            fig_margin={"top": _TOP, "bottom": _BOTTOM, "left": margin, "right": 8},
        )
        self.figure.layout.height = f"{height + _POINTER_PX + _TOP + _BOTTOM}px"

    def draw(self, bars: Bars) -> None:
        """Draw an architecture."""
        around = np.zeros((len(bars.heights), self._count + 2))
        around[:, 1:-1] = bars.heights
        ends = [_CLEAR] * len(bars.heights)
        colors = [*ends, *(str(color) or _CLEAR for color in bars.colors.T.ravel()), *ends]
        shades = np.ones(around.shape)
        if bars.faint is not None:
            shades[:, 1:-1][:, bars.faint] = PALE
        opacities = shades.T.ravel().tolist()
        with self.bars.hold_sync():
            self.bars.colors = colors
            if self.bars.opacities != opacities:
                self.bars.opacities = opacities
            self.bars.y = around

    def frame(self, bars: Bars | None) -> None:
        """Draw the outlines of another architecture over the bars; ``None`` draws none."""
        if bars is not None:
            around = np.zeros((len(bars.heights), self._count + 2))
            around[:, 1:-1] = bars.heights
            drawn = np.zeros(around.shape)
            drawn[:, 1:-1] = (bars.colors != "") & (bars.heights != 0)
            with self.frames.hold_sync():
                self.frames.opacities = drawn.T.ravel().tolist()
                self.frames.y = around
        self.frames.visible = bars is not None

    def pin(self, group: Spots) -> None:
        """Mark layers by a dot at the top of their columns."""
        with self.pins.hold_sync():
            self.pins.x = np.array([spot.x for spot in group.spots], dtype=np.float64)
            self.pins.y = np.array([spot.y for spot in group.spots], dtype=np.float64)
            self.pins.names = np.array([spot.words for spot in group.spots] or [""])
            self.pins.visible = bool(group.spots)

    def mark(self, place: int | None) -> None:
        """Mark a layer by a shaded column with a pointer above it; ``None`` marks none."""
        shades = [0.0] * (self._count + 2)
        if place is not None and 0 <= place < self._count:
            shades[place + 1] = _SHADED
            self.marker.x = np.array([float(place)])
        self.marker.visible = any(shades)
        if self.columns.opacities != shades:
            self.columns.opacities = shades

    def _frames(self) -> bq.Bars:
        """Unfilled bars; those that only leave room have no edge either."""
        return bq.Bars(
            x=self._places,
            y=np.zeros((1, self._count + 2)),
            scales=self._scales,
            padding=0.14,
            colors=[_CLEAR],
            stroke=_EDGE,
            stroke_width=_EDGE_PX,
            opacity_mode="no_group",
            interactions={},
            visible=False,
        )

    def _pins(self) -> bq.Scatter:
        return bq.Scatter(
            x=np.zeros(0),
            y=np.zeros(0),
            scales=self._scales,
            marker="circle",
            colors=[PINNED],
            default_size=40,
            display_names=False,
            names_unique=False,
            tooltip=bq.Tooltip(fields=["name"], show_labels=False),
            interactions={"hover": "tooltip"},
            apply_clip=False,
            visible=False,
        )

    def _marker(self) -> bq.Scatter:
        return bq.Scatter(
            x=[0.0],
            y=[self._top],
            scales=self._scales,
            marker="triangle-down",
            colors=[SELECTED],
            default_size=60,
            interactions={},
            apply_clip=False,
            visible=False,
        )

    def _columns(self, on_hover: OnLayer, on_click: OnLayer) -> bq.Bars:
        """Bars that fill the plot, unseen: layers without a block can be reached by them."""
        columns = bq.Bars(
            x=self._places,
            y=np.full(self._count + 2, self._scales["y"].max),
            base=self._low,
            scales=self._scales,
            padding=0.0,
            colors=[_SHADE],
            opacity_mode="no_group",
            opacities=[0.0] * (self._count + 2),
            stroke_width=0,
            interactions={},
        )
        columns.on_hover(lambda _, event: self._tell(event, on_hover))
        columns.on_element_click(lambda _, event: self._tell(event, on_click))
        return columns

    def _tell(self, event: Any, whom: OnLayer) -> None:  # noqa: ANN401 - as the front end sends
        place = round(float(event["data"]["x"]))
        if 0 <= place < self._count:
            whom(place)


def _margin(y: Axis) -> int:
    """Room for the words of the ticks and of the axis, in px."""
    longest = max((len(words) for _, words in y.ticks), default=4)
    return max(64 if y.title else 24, round(24 + 6.4 * longest + (12 if y.title else 0)))


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
