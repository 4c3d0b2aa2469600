"""What charts share: axes and scales of bqplot, legends as HTML; every word is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bqplot as bq
import numpy as np
from markupsafe import Markup

from puzzle_widgets.charts.figure import Axis, Key, Strip
from puzzle_widgets.charts.palette import HEAT
from puzzle_widgets.charts.svg import DASHES
from puzzle_widgets.widgets.html import render


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


_SHAPES = {
    "dot": Markup("<circle r='4' fill='{0}'/>"),
    "hollow": Markup("<circle r='4' fill='none' stroke='{0}' stroke-width='1.5'/>"),
    "ring": Markup("<circle r='5.5' fill='none' stroke='{0}' stroke-width='2.5'/>"),
    "diamond": Markup("<path d='M0-7 5 0 0 7-5 0Z' fill='{0}'/>"),
    "outline": Markup(
        "<path d='M0-6 4.5 0 0 6-4.5 0Z' fill='none' stroke='{0}' stroke-width='2'/>"
    ),
    "square": Markup("<path d='M-4.5-4.5h9v9h-9Z' fill='{0}'/>"),
    "box": Markup("<path d='M-5-5h10v10h-10Z' fill='{0}'/>"),
    "frame": Markup(
        "<path d='M-4.5-4.5h9v9h-9Z' fill='none' stroke='currentColor' stroke-width='1.3'/>"
    ),
    "cross": Markup("<path d='M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4Z' fill='{0}' stroke='{1}'/>"),
    "triangle": Markup("<path d='M0-5.5 6 5H-6Z' fill='none' stroke='{0}' stroke-width='2'/>"),
    "down": Markup("<path d='M0 5.5 6-5H-6Z' fill='none' stroke='{0}' stroke-width='2'/>"),
    "dashes": Markup("<path d='M0-7V7' stroke='{0}' stroke-width='2' stroke-dasharray='4 2'/>"),
    "line": Markup("<path d='M-13 0H13' stroke='{0}' stroke-width='3' stroke-dasharray='{2}'/>"),
}
_WIDE = {"line": 28}
_WHITE = "#ffffff"
_LEGEND = """
<div class='pw-legend'>
{%- if upward %}<span class='pw-key pw-upward'>\u2191 {{ upward }}</span>{% endif -%}
{% for icon, words in keys -%}
<span class='pw-key'>{{ icon }}{{ words }}</span>
{%- endfor %}</div>
"""
_HEAT_STRIP = """
<div class='pw-heat-key'><div>{{ strip.title }}</div>
<i style='background:linear-gradient(90deg,{{ colors }})'></i>
<div class='pw-heat-ticks'>
{%- for tick in strip.ticks %}<span>{{ tick }}</span>{% endfor %}</div></div>
"""


def legend_line(keys: Iterable[Key], *, upward: str = "") -> Markup:
    """Build a legend; a chart that may be too low for it has its upward axis told here."""
    return render(_LEGEND, keys=[(_icon(key), key.words) for key in keys], upward=upward)


def strip_line(strip: Strip | None) -> Markup:
    """Build a strip of all colors with words spread evenly under it."""
    if strip is None:
        return Markup("")
    return render(_HEAT_STRIP, strip=strip, colors=",".join(HEAT))


def _icon(key: Key) -> Markup:
    if not key.color or not key.shape:
        return Markup("")
    width = _WIDE.get(key.shape, 14)
    edge = "#000000" if key.color == _WHITE else "none"
    mark = _SHAPES[key.shape].format(key.color, edge, DASHES[key.dash] or "none")
    return Markup(
        "<svg class='pw-mark' width='{0}' height='14' viewBox='-{1} -7 {0} 14' "
        "aria-hidden='true'>{2}</svg>"
    ).format(width, width // 2, mark)
