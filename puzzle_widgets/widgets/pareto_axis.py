"""Axes of the Pareto plot: what they span, where ticks stand and what they say, budget lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import RUNTIME, THROUGHPUT, Quantity, format_number
from puzzle_widgets.state.limits import OFFERED, LimitSetting, limit_quantity

_PADDING = 0.04
_MOST_TICKS = 6
_ENOUGH = 4
_OUTLIER = 10.0
_OUTSIDE = 2.0
_SIGNS = {"at most": "≤", "at least": "≥"}
_IN_REACH = 0.5

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """What an axis shows, from ``low`` to ``high``."""

    low: float
    high: float

    def clip(self, value: float) -> float:
        """The value, or the nearer end where it lies outside."""
        return min(max(value, self.low), self.high)

    def holds(self, value: float) -> bool:
        """Whether the value lies within."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class BudgetLine:
    """A limit that is on: its place on the resource's axis, and its words in its own unit."""

    at: float
    words: str


def axis_options(library: BlockLibrary, present: str) -> list[tuple[str, str]]:
    """Resources to choose the axis from, ``(label with unit, key)``, the usual ones first."""
    known = [*library.costs, present]
    if library.throughput(1.0) is not None:
        known.append(THROUGHPUT)
    usual = [key for key in OFFERED if key in known]
    keys = dict.fromkeys([*usual, *known])
    return [(limit_quantity(library, key).title, key) for key in keys]


def budget_lines(
    library: BlockLibrary, rows: Iterable[LimitSetting], resource: str
) -> list[BudgetLine]:
    """Limits that are on and bear on the resource; runtime and throughput bear on each other."""
    lines = []
    for row in rows:
        at = _on_axis(library, row, resource)
        if row.on and at is not None and math.isfinite(at):
            quantity = limit_quantity(library, row.resource)
            words = f"{quantity.label} {_SIGNS[row.sense]} {quantity.text(row.value)}"
            lines.append(BudgetLine(at, words))
    return lines


def resource_span(uses: Sequence[float], limits: Sequence[float]) -> Span:
    """Span all architectures, and the limits that lie not too far from them."""
    base = _around(uses)
    reach = _IN_REACH * max(base.high - base.low, abs(base.high))
    near = [at for at in limits if base.low - reach <= at <= base.high + reach]
    return _around([*uses, *near])


def score_span(front: Sequence[float], others: Sequence[float], *, minimize: bool) -> Span:
    """Span the scores: from 0 where none lies below; losses far beyond the front stay outside."""
    scores = [*front, *others]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    if minimize and len(front) >= _ENOUGH:
        reach = _OUTSIDE * _usual_high(front)
        high = max(score for score in scores if score <= max(reach, low))
    if low < 0 or (not minimize and low > 0.5 * high):
        return _around([low, high])
    high = high if high > 0 else 1.0
    # A little below 0, so that the marks that stand there are whole.
    return Span(-0.5 * _PADDING * high, (1 + _PADDING) * high)


def ticks_of(span: Span) -> FloatArray:
    """Round places within the span, at most seven."""
    wanted = (span.high - span.low) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= wanted)
    first, last = math.ceil(span.low / step), math.floor(span.high / step)
    return step * np.arange(first, last + 1, dtype=np.float64)


def tick_labels(ticks: FloatArray, quantity: Quantity) -> dict[str, str]:
    """Words of each tick under the number as a browser writes it."""
    return {_as_javascript(tick): _tick_words(tick, quantity) for tick in ticks.tolist()}


def _on_axis(library: BlockLibrary, row: LimitSetting, resource: str) -> float | None:
    if row.resource == resource:
        return row.value
    if {row.resource, resource} == {RUNTIME, THROUGHPUT}:
        # Each is 1000 x tokens over the other, so one formula serves both ways.
        return library.throughput(row.value)
    return None


def _usual_high(scores: Sequence[float]) -> float:
    usual = _OUTLIER * float(np.quantile(scores, 0.75))
    return max([score for score in scores if score <= usual], default=max(scores))


def _around(values: Sequence[float]) -> Span:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = _PADDING * (high - low) or 0.1 * abs(low) or 1.0
    return Span(low - room, high + room)


def _tick_words(tick: float, quantity: Quantity) -> str:
    if not quantity.unit and abs(tick) >= 1e9:
        return f"{format_number(tick / 1e9)} B"
    return format_number(tick)


def _as_javascript(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else repr(value)
