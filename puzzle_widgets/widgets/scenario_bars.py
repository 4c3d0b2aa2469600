"""Bars of throughput, with their figures written out; plain HTML reads well at any width."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from puzzle_widgets.charts.comparison import Series
from puzzle_widgets.library.quantity import RUNTIME, THROUGHPUT, describe_key, format_number
from puzzle_widgets.widgets.scenario_series import series_title


def speed_bars(series: Sequence[Series]) -> Markup:
    """Build a bar a series: throughput in tokens/s, or runtime where that is all that is known."""
    speeds = [one.solution.throughput for one in series]
    known = [speed for speed in speeds if speed is not None]
    if len(known) == len(series):
        quantity, values = describe_key(THROUGHPUT), known
    else:
        quantity = series[0].solution.library.quantity(RUNTIME)
        values = [one.solution.totals[RUNTIME] for one in series]
    finite = [value for value in values if math.isfinite(value)]
    longest = max(finite, default=0.0) or 1.0
    bars = [_bar(one, v, longest, quantity.unit) for one, v in zip(series, values, strict=True)]
    return Markup(
        "<p class='pw-says'>{}</p><div class='pw-cards'><div class='pw-bars'>{}</div></div>"
    ).format(
        f"{quantity.title}; in brackets the speed-up against the parent.", Markup("").join(bars)
    )


def _bar(one: Series, value: float, longest: float, unit: str) -> Markup:
    endless = math.isinf(value)
    share = 100.0 if endless else 100.0 * value / longest
    figure = "no runtime at all" if endless else f"{format_number(value)} {unit}".strip()
    return Markup(
        "{}<span class='pw-track'><i style='width:{:.2f}%;background:{}'></i></span>"
        "<span class='pw-value'>{}{}</span>"
    ).format(series_title(one), share, one.color, figure, _speedup(one))


def _speedup(one: Series) -> str:
    speedup = one.solution.speedup
    if speedup is None or not math.isfinite(speedup):
        return ""
    return f" ({speedup:.2f} x)"
