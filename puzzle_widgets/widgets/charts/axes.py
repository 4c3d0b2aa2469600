"""Scales and axes of bqplot, fitted to an axis of a figure."""

from __future__ import annotations

from typing import Any

import bqplot as bq
import numpy as np

from puzzle_widgets.charts.axes import Axis


def scale_of(axis: Axis) -> bq.Scale:
    """Make a scale between an axis's ends."""
    if axis.log:
        return bq.LogScale(min=axis.low, max=axis.high)
    return bq.LinearScale(min=axis.low, max=axis.high, allow_padding=False)


def axis_of(axis: Axis, scale: bq.Scale, side: str, offset: int) -> bq.Axis:
    """Make the axis itself; its label stands ``offset`` px away."""
    made = bq.Axis(
        scale=scale,
        side=side,
        label_offset=f"{offset}px",
        grid_lines="solid" if axis.grid else "none",
    )
    fit_axis(made, axis)
    return made


def fit(scale: bq.Scale, made: bq.Axis, axis: Axis) -> None:
    """Fit a scale and its axis to another axis, in place."""
    with scale.hold_sync():
        scale.min, scale.max = axis.low, axis.high
    fit_axis(made, axis)


def fit_axis(made: bq.Axis, axis: Axis) -> None:
    """Fit ticks and label to another axis, in place."""
    # Labels go first, in a message of their own: ticks that come before them stay bare.
    labels = {as_javascript(tick): words for tick, words in axis.ticks}
    if made.tick_labels != labels:
        made.tick_labels = labels
    ticks = np.array([tick for tick, _ in axis.ticks], dtype=np.float64)
    if made.tick_values is None or not np.array_equal(made.tick_values, ticks):
        made.tick_values = ticks
    made.label = axis.title


def as_javascript(value: float) -> str:
    """Write a number as a browser does, to name a tick by it."""
    return f"{value:.0f}" if value == round(value) else repr(float(value))


def close_all(figure: bq.Figure, *scales: bq.Scale) -> None:
    """Let the front end forget all parts of a chart."""
    for part in (figure, *figure.marks, *figure.axes, *scales):
        part.close()


def figure_of(marks: list[bq.Mark], axes: list[bq.Axis], css: str, **looks: Any) -> bq.Figure:  # noqa: ANN401
    """Make a figure of the explorer's look."""
    figure = bq.Figure(
        marks=marks,
        axes=axes,
        display_toolbar=False,
        padding_x=0,
        padding_y=0,
        min_aspect_ratio=0.01,
        max_aspect_ratio=100,
        **looks,
    )
    figure.layout.width = "100%"
    figure.add_class("pw-figure").add_class(css)
    return figure
