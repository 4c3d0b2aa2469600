"""Step 1: one form for every knapsack, with limits as tight as the costs allow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp

_TWO_20 = 2.0**20
_EXACT = 2.0**52
# A little less than the rounding that is allowed, so that no sum here passes and fails there.
_SLACK = 0.99


@dataclass(frozen=True, eq=False)
class Form:
    """A knapsack in padded arrays: least summed score, every row's sum at most its limit.

    Parameters
    ----------
    score
        Above the least of its layer, in units of ``unit``, infinite where a layer has no such
        variant, shape (layers, width).
    cost
        Above the least of its layer, scaled to at most 1; 0 where there is none, shape
        (rows, layers, width).
    limit
        On the costs as they are here, with the rounding allowed already added, shape (rows,).
    flat
        The variable's index in the knapsack, shape (layers, width).
    above
        The same scores by flat index, shape (n,).
    least, unit
        Scores that 0 and 1 stand for.
    rows, signs, scale
        Of each row: its row in the knapsack, 1 for an upper limit or -1 for a lower one, and the
        cost that 1 stands for.
    """

    score: FloatArray
    cost: FloatArray
    limit: FloatArray
    flat: IntArray
    above: FloatArray
    least: float
    unit: float
    rows: IntArray
    signs: FloatArray
    scale: FloatArray

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.score)

    @property
    def worst(self) -> float:
        """No choice scores more than this: every layer's worst score, in this form's unit."""
        there = np.isfinite(self.score)
        most = np.where(there, self.score, -np.inf).max(axis=1)
        return float(most.sum()) * (1 + 1e-9) + 1e-6

    @cached_property
    def line(self) -> FloatArray:
        """Costs with one line a row, shape (rows, layers x width)."""
        return self.cost.reshape(len(self.limit), self.score.size)

    def priced(self, multipliers: FloatArray) -> FloatArray:
        """Each variant's costs at given multipliers, shape (layers, width)."""
        return (multipliers @ self.line).reshape(self.score.shape)

    def choice(self, places: IntArray) -> IntArray:
        """Turn one place a layer into flat variable indices."""
        return self.flat[np.arange(self.layers), places]

    def total(self, choice: IntArray) -> float:
        """Summed score of flat variable indices, in this form's unit."""
        return float(self.above[choice].sum())

    def narrowed(self, kept: npt.NDArray[np.bool_]) -> Form:
        """The same knapsack with some variants only, in arrays as narrow as they allow."""
        width = int(kept.sum(axis=1).max())
        order = np.argsort(~kept, axis=1, kind="stable")[:, :width]
        lines = np.arange(self.layers)[:, None]
        score = np.where(kept, self.score, np.inf)[lines, order]
        cost = np.ascontiguousarray(np.where(np.isfinite(score), self.cost[:, lines, order], 0.0))
        return replace(self, score=score, cost=cost, flat=self.flat[lines, order])

    def prices(self, multipliers: FloatArray, rows: int) -> FloatArray:
        """Multipliers as shadow prices of the knapsack's rows: score saved per unit of budget."""
        prices = np.zeros(rows)
        np.add.at(prices, self.rows, self.signs * multipliers * self.unit / self.scale)
        return prices

    def multipliers(self, prices: FloatArray) -> FloatArray:
        """Turn shadow prices back into multipliers of this form."""
        return np.maximum(self.signs * prices[self.rows] * self.scale / self.unit, 0.0)


def to_form(mckp: Mckp) -> Form | None:
    """Write a knapsack in this form; ``None`` where a layer or a row alone refutes it.

    Scores and costs are counted from the least of their layer, so that small differences of large
    numbers stay exact. Rows that no choice can break are left out. Where a row's costs are whole
    multiples of some step (parameters, KV heads, bytes), its limit is rounded down to a sum that
    can be reached.
    """
    score, flat = _padded(mckp)
    there = np.isfinite(score)
    if not there.any(axis=1).all():
        return None
    rows, signs = _sides(mckp)
    cost, limit = _above_least(signs[:, None, None] * mckp.cost[rows][:, flat], there)
    limit = signs * np.where(signs > 0, mckp.upper[rows], mckp.lower[rows]) - limit
    limit = _rounded(cost, limit, _SLACK * mckp.tolerance[rows])
    if (limit < 0).any():
        return None
    kept = cost.max(axis=2).sum(axis=1) > limit
    cost, limit, rows, signs = cost[kept], limit[kept], rows[kept], signs[kept]
    scale = _power_of_two(cost.max(axis=(1, 2))) if len(rows) else np.ones(0)
    least = score.min(axis=1)
    score = score - least[:, None]
    unit = _unit(score)
    return Form(
        score / unit,
        cost / scale[:, None, None],
        limit / scale,
        flat,
        (mckp.score - np.repeat(least, np.diff(mckp.starts))) / unit,
        float(least.sum()),
        unit,
        rows,
        signs,
        scale,
    )


def _above_least(cost: FloatArray, there: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Costs above the least of their layer, 0 where there is none, and the sum of the leasts."""
    least = np.where(there, cost, np.inf).min(axis=2)
    return np.where(there, cost - least[:, :, None], 0.0), least.sum(axis=1)


def _power_of_two(values: FloatArray) -> FloatArray:
    """The next power of two: to divide by it changes no digit, so that equal sums stay equal."""
    return np.asarray(np.ldexp(1.0, np.frexp(values)[1]))


def _padded(mckp: Mckp) -> tuple[FloatArray, IntArray]:
    """Scores and flat indices of the allowed variants, one line a layer."""
    counts = np.diff(mckp.starts)
    places = np.arange(int(counts.max()))
    flat = np.minimum(mckp.starts[:-1, None] + places, mckp.starts[-1] - 1)
    there = (places < counts[:, None]) & mckp.allowed[flat]
    return np.where(there, mckp.score[flat], np.inf), flat


def _sides(mckp: Mckp) -> tuple[IntArray, FloatArray]:
    """Which sides of which rows are limited: a lower limit is an upper one on negated costs."""
    upper = np.flatnonzero(np.isfinite(mckp.upper))
    lower = np.flatnonzero(np.isfinite(mckp.lower))
    signs = np.concatenate([np.ones(len(upper)), -np.ones(len(lower))])
    return np.concatenate([upper, lower]).astype(np.intp), signs


def _rounded(cost: FloatArray, limit: FloatArray, slack: FloatArray) -> FloatArray:
    """Add the slack to the limits; round down to whole steps where the costs are whole steps."""
    loose = limit + slack
    for row, costs in enumerate(cost):
        steps = costs * _TWO_20
        if steps.max() < _EXACT:
            whole = steps.astype(np.int64)
            step = int(np.gcd.reduce(whole, axis=None)) / _TWO_20
            if step and (whole == steps).all():
                reached = np.floor(loose[row] / step) * step
                loose[row] = min(loose[row], reached + slack[row])
    return loose


def _unit(above: FloatArray) -> float:
    """Typical difference of a variant's score to the best of its layer; 1 where all are equal."""
    positive = above[(above > 0) & np.isfinite(above)]
    return float(_power_of_two(np.atleast_1d(np.median(positive)))[0]) if positive.size else 1.0
