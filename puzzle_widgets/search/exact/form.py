"""Step 1: one form for every knapsack, with limits as tight as the costs allow."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp

_TWO_20 = 2.0**20
_EXACT = 2.0**52


@dataclass(frozen=True, eq=False)
class Form:
    """A knapsack in padded arrays: least summed score, every row's sum at most its limit.

    Parameters
    ----------
    score
        In units of ``unit``, infinite where a layer has no such variant, shape (layers, width).
    cost
        Scaled to magnitudes of at most 1, shape (rows, layers, width); 0 where there is none.
    limit
        With the rounding allowed already added, shape (rows,).
    flat
        The variable's index in the knapsack, shape (layers, width).
    unit
        Score that 1 stands for.
    rows, signs, scale
        Of each row: its row in the knapsack, 1 for an upper limit or -1 for a lower one, and the
        cost that 1 stands for.
    """

    score: FloatArray
    cost: FloatArray
    limit: FloatArray
    flat: IntArray
    unit: float
    rows: IntArray
    signs: FloatArray
    scale: FloatArray

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.score)

    def choice(self, places: IntArray) -> IntArray:
        """Turn one place a layer into flat variable indices."""
        return self.flat[np.arange(self.layers), places]

    def narrowed(self, kept: npt.NDArray[np.bool_]) -> Form:
        """The same knapsack with some variants only, in arrays as narrow as they allow."""
        width = int(kept.sum(axis=1).max())
        order = np.argsort(~kept, axis=1, kind="stable")[:, :width]
        lines = np.arange(self.layers)[:, None]
        score = np.where(kept, self.score, np.inf)[lines, order]
        cost = np.where(np.isfinite(score), self.cost[:, lines, order], 0.0)
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

    Rows that no choice can break are left out. Where a row's costs are whole multiples of some
    step (parameters, KV heads, bytes), its limit is rounded down to a sum that can be reached.
    """
    score, flat = _padded(mckp)
    there = np.isfinite(score)
    if not there.any(axis=1).all():
        return None
    rows, signs = _sides(mckp)
    cost = signs[:, None, None] * np.where(there, mckp.cost[rows][:, flat], 0.0)
    limit = signs * np.where(signs > 0, mckp.upper[rows], mckp.lower[rows])
    limit = _rounded(cost, limit, there) + mckp.tolerance[rows]
    least = np.where(there, cost, np.inf).min(axis=2).sum(axis=1)
    most = np.where(there, cost, -np.inf).max(axis=2).sum(axis=1)
    if (least > limit).any():
        return None
    kept = most > limit
    cost, limit, rows, signs = cost[kept], limit[kept], rows[kept], signs[kept]
    scale = np.abs(cost).max(axis=(1, 2)) if len(rows) else np.ones(0)
    unit = _unit(score, there)
    return Form(
        score / unit,
        cost / scale[:, None, None],
        limit / scale,
        flat,
        unit,
        rows,
        signs,
        scale,
    )


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


def _rounded(cost: FloatArray, limit: FloatArray, there: npt.NDArray[np.bool_]) -> FloatArray:
    """Round limits down to what whole steps can reach, where the costs are whole steps."""
    limit = limit.copy()
    first = there.argmax(axis=1)
    for row, costs in enumerate(cost):
        base = costs[np.arange(len(costs)), first]
        steps = np.where(there, costs - base[:, None], 0.0) * _TWO_20
        if np.abs(steps).max() < _EXACT and np.abs(base).sum() * _TWO_20 < _EXACT:
            whole = steps.astype(np.int64)
            step = int(np.gcd.reduce(whole, axis=None)) / _TWO_20
            if step and (whole == steps).all():
                count = np.floor((limit[row] - base.sum()) / step + 1e-9)
                limit[row] = min(limit[row], base.sum() + count * step)
    return limit


def _unit(score: FloatArray, there: npt.NDArray[np.bool_]) -> float:
    """Typical difference of a variant's score to the best of its layer; 1 where all are equal."""
    above = (score - score.min(axis=1, keepdims=True))[there]
    above = above[above > 0]
    return float(np.median(above)) if above.size else 1.0
