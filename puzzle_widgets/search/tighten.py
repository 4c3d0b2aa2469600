"""A knapsack's rows as upper limits on costs above each layer's least, as tight as they can be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.problem.mckp import BoolArray, FloatArray, IntArray, Mckp

_ROUNDS = 50
_DIGITS, _ROUNDING = 52, 2.0**-52
# Costs above the least are rounded, and so are their sums and what the decided layers leave.
_SAFE = 4
# Steps of less than this share of the largest value are the last digits of a fraction.
_LEAST_STEP = 2.0**-40
# Numbers so small or large that scaled ones would have no exponent are not looked at for a step.
_MOST_SHIFT = 1000
# Sums may be rounded by this share of a limit; beyond it the row's numbers are brought together.
_HARMLESS = 1e-13
_FAR = 10.0


@dataclass(frozen=True, eq=False)
class Tight:
    """What is left of a knapsack's rows.

    Parameters
    ----------
    cost
        Above the least of the layer, 0 where not allowed, shape (rows, n).
    limit
        On the sum of these costs: no sum of floating-point numbers within the knapsack's limits
        exceeds it, shape (rows,).
    allowed
        Variables that some choice within each row by itself can have, shape (n,).
    rows, signs
        Of each row: its row in the knapsack, and 1 for an upper limit or -1 for a lower one.
    """

    cost: FloatArray
    limit: FloatArray
    allowed: BoolArray
    rows: IntArray
    signs: FloatArray


@dataclass(frozen=True, eq=False)
class _Rows:
    """Costs and limits of one-sided rows, and what is allowed: one step of the tightening."""

    cost: FloatArray
    limit: FloatArray
    allowed: BoolArray
    starts: IntArray

    def ends(self) -> tuple[FloatArray, FloatArray]:
        """Least and greatest cost of each layer, shape (rows, layers) each."""
        firsts = self.starts[:-1]
        least = np.minimum.reduceat(np.where(self.allowed, self.cost, np.inf), firsts, axis=1)
        most = np.maximum.reduceat(np.where(self.allowed, self.cost, -np.inf), firsts, axis=1)
        return least, most

    def spread(self, by_layer: FloatArray) -> FloatArray:
        """Give each variable its layer's value."""
        return np.repeat(by_layer, np.diff(self.starts), axis=-1)


def tighten(mckp: Mckp) -> Tight | None:
    """Drop what by far breaks a row alone; ``None`` where a layer or a row refutes all choices.

    Limits on whole multiples of some step (parameters, KV heads, bytes) are rounded down to a sum
    that can be reached. Where numbers are so unlike that sums would lose a row's digits, costs
    that alone make the row safe are raised as far as it stays safe. All of it is exact.
    """
    if not np.logical_or.reduceat(mckp.allowed, mckp.starts[:-1]).all():
        return None
    numbers, signs = _sides(mckp)
    limit = np.where(signs > 0, mckp.upper[numbers], -mckp.lower[numbers])
    rows = _Rows(signs[:, None] * mckp.cost[numbers], limit, mckp.allowed, mckp.starts)
    for _ in range(_ROUNDS):
        least, most = rows.ends()
        room = _sums(limit, -least)
        if (room < 0).any():
            return None
        above = np.where(rows.allowed, rows.cost - rows.spread(least), 0.0)
        step = np.array([step_of(costs) for costs in above])
        fewer = _without_breakers(rows, above, room)
        if fewer is None:
            return None
        changed = fewer if fewer is not rows else _raised(rows, room, step, most)
        if changed is rows:
            break
        rows = changed
    return Tight(above, _loosened(room, step, mckp.layers), rows.allowed, numbers, signs)


def step_of(values: FloatArray) -> float:
    """The largest step of which all values are whole multiples; 0 where there is none."""
    largest = float(values.max(initial=0.0))
    if not 0 < largest < math.inf:
        return 0.0
    shift = _DIGITS - math.frexp(largest)[1]
    if abs(shift) > _MOST_SHIFT:
        return 0.0
    scale = math.ldexp(1.0, shift)
    scaled = values * scale
    whole = scaled.astype(np.int64)
    if (whole != scaled).any():
        return 0.0
    step = float(np.gcd.reduce(whole)) / scale
    return step if step >= _LEAST_STEP * largest else 0.0


def _sides(mckp: Mckp) -> tuple[IntArray, FloatArray]:
    """Which sides of which rows are limited: a lower limit is an upper one on negated costs."""
    upper = np.flatnonzero(np.isfinite(mckp.upper))
    lower = np.flatnonzero(np.isfinite(mckp.lower))
    signs = np.concatenate([np.ones(len(upper)), -np.ones(len(lower))])
    return np.concatenate([upper, lower]).astype(np.intp), signs


def _sums(first: FloatArray, others: FloatArray) -> FloatArray:
    """Exact sums of a number and a line of others for each row, rounded once."""
    pairs = zip(first.tolist(), others.tolist(), strict=True)
    return np.array([math.fsum([one, *line]) for one, line in pairs])


def _without_breakers(rows: _Rows, above: FloatArray, room: FloatArray) -> _Rows | None:
    """Without variables that break a row by far, even beside the least of all others.

    Those that break it by less stay, so that shadow prices tell what more budget would save.
    """
    breaking = (above > _FAR * room[:, None]).any(axis=0)
    if not breaking.any():
        return rows
    allowed = rows.allowed & ~breaking
    if not np.logical_or.reduceat(allowed, rows.starts[:-1]).all():
        return None
    return _Rows(rows.cost, rows.limit, allowed, rows.starts)


def _raised(rows: _Rows, room: FloatArray, step: FloatArray, most: FloatArray) -> _Rows:
    """Raise what is safe beside the greatest of all others, in rows that need it."""
    rounding = (len(rows.starts) - 1) * _ROUNDING * room
    wide = (step == 0) & (rounding > _HARMLESS * np.abs(rows.limit))
    if not wide.any():
        return rows
    surplus = -_sums(rows.limit, -most)
    # Less what it is rounded by, beside which the surplus may be small.
    rounded = (np.abs(most) + surplus[:, None]) * _ROUNDING * 2
    safe = rows.spread(most - surplus[:, None] * (1 + 1e-9) - rounded)
    low = (wide & (surplus > 0))[:, None] & rows.allowed & (rows.cost < safe)
    if not low.any():
        return rows
    return _Rows(np.where(low, safe, rows.cost), rows.limit, rows.allowed, rows.starts)


def _loosened(room: FloatArray, step: FloatArray, layers: int) -> FloatArray:
    """Round down to whole steps, and give as much as sums may be rounded by.

    Also sums of whole steps are rounded, where a step has all the digits that a number has.
    """
    whole = step > 0
    steps = np.floor(room / np.where(whole, step, 1.0) * (1 + _SAFE * _ROUNDING))
    limit = np.where(whole, steps * step, room)
    return np.asarray(limit * (1 + _SAFE * layers * _ROUNDING))
