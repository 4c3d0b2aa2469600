"""A chart of values by layer as steps: one line a series, laid over each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bqplot as bq
import ipywidgets as widgets
import numpy as np

from puzzle_widgets.library import Layer
from puzzle_widgets.widgets.layer_axis import fit_layer_axis, layer_axis, layer_places, tick_places
from puzzle_widgets.widgets.layer_costs import nice_ticks
from puzzle_widgets.widgets.scenario_series import Series

_HEIGHT = "280px"
_LARGE = 1e6


class StepChart:
    """Steps over layers, or over layers sorted by value; made once, changed in place.

    Parameters
    ----------
    layers
        To begin with, in the order of the network.
    log
        Whether the vertical scale is logarithmic. What is not positive then stands at its foot.
    """

    def __init__(self, layers: Sequence[Layer], *, log: bool = False) -> None:
        self._log = log
        self._x, self._x_axis = layer_axis(layers)
        self._y = bq.LogScale() if log else bq.LinearScale(allow_padding=False)
        self._y_axis = bq.Axis(scale=self._y, side="left", label_offset="52px")
        self.figure = bq.Figure(
            axes=[self._x_axis, self._y_axis],
            fig_margin={"top": 10, "bottom": 46, "left": 68, "right": 14},
            display_toolbar=False,
            layout=widgets.Layout(width="100%", height=_HEIGHT),
        )
        self.figure.add_class("pw-figure").add_class("pw-steps")

    def by_layer(self, layers: Sequence[Layer], series: Sequence[Series], key: str) -> None:
        """Draw a key's value in every layer, in the order of the network."""
        fit_layer_axis(self._x, self._x_axis, layers)
        self._x_axis.label = "Layer"
        values = [one.values(key) for one in series]
        self._draw(series, values, layer_places(len(layers) + 1) - 0.5)

    def by_rank(self, layers: Sequence[Layer], series: Sequence[Series], key: str) -> None:
        """Draw a key's values from the greatest to the least, whatever their layers."""
        count = len(layers)
        self._x.min, self._x.max = 0.0, float(count)
        with self._x_axis.hold_sync():
            self._x_axis.tick_values, self._x_axis.tick_labels = tick_places(count + 1), {}
            self._x_axis.label = "Layers, highest value first"
        values = [sorted(one.values(key), reverse=True) for one in series]
        self._draw(series, values, layer_places(count + 1))

    def name_values(self, title: str) -> None:
        """Say what the vertical axis is, with its unit."""
        self._y_axis.label = title

    def _draw(
        self, series: Sequence[Series], values: Sequence[Sequence[float]], edges: np.ndarray
    ) -> None:
        floor = self._fit_values(values)
        marks = self._marks(len(series))
        for mark, one, numbers in zip(marks, series, values, strict=False):
            heights = np.maximum(np.asarray([*numbers, numbers[-1]], dtype=np.float64), floor)
            with mark.hold_sync():
                mark.x, mark.y = edges, heights
                mark.colors, mark.line_style = [one.color], one.dash
                mark.labels, mark.visible = [one.name], True
        for mark in marks[len(series) :]:
            mark.visible = False

    def _marks(self, count: int) -> list[bq.Lines]:
        """Give at least so many lines; those that are there stay."""
        marks = list(self.figure.marks)
        new = [self._line() for _ in range(count - len(marks))]
        if new:
            self.figure.marks = [*marks, *new]
        return list(self.figure.marks)

    def _line(self) -> bq.Lines:
        scales = {"x": self._x, "y": self._y}
        return bq.Lines(
            x=[0.0, 1.0], y=[1.0, 1.0], scales=scales, interpolation="step-after", stroke_width=2
        )

    def _fit_values(self, values: Sequence[Sequence[float]]) -> float:
        """Fit the vertical scale; returns the least value that it can show."""
        every = np.concatenate([np.asarray(row, dtype=np.float64) for row in values])
        if self._log:
            return self._fit_log(every[every > 0])
        least, most = min(0.0, float(every.min())), float(every.max())
        top = max(most, 0.0) if most > least else 1.0
        self._y.min, self._y.max = least, top + 0.04 * (top - least)
        self._y_axis.tick_values = None if least < 0 else np.asarray(nice_ticks(top))
        self._y_axis.tick_format = ".3~s" if max(top, -least) >= _LARGE else ",~g"
        return -math.inf

    def _fit_log(self, positive: np.ndarray) -> float:
        least = float(positive.min()) if positive.size else 0.1
        most = float(positive.max()) if positive.size else 1.0
        floor = least / 2
        self._y.min, self._y.max = floor, most * 1.4
        self._y_axis.tick_format = "~g"
        self._y_axis.tick_values = log_ticks(floor, most * 1.4)
        return floor


def log_ticks(low: float, high: float) -> np.ndarray:
    """Choose ticks of a logarithmic axis: powers of ten, and 2 and 5 between where those are few.

    Parameters
    ----------
    low, high
        Ends of the axis, both positive.
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    within = [10.0**n for n in decades if low <= 10.0**n <= high]
    if len(within) < 3:
        within = [m * 10.0**n for n in decades for m in (1, 2, 5) if low <= m * 10.0**n <= high]
    step = math.ceil(len(within) / 8) or 1
    return np.asarray(within[::step], dtype=np.float64)
