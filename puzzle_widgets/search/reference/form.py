"""Step 1: one form for every knapsack, with limits as tight as the costs allow."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from puzzle_widgets.problem.mckp import BoolArray, FloatArray, IntArray, Mckp
from puzzle_widgets.search.tighten import step_of, tighten

LAST_DIGITS = 1e-15  # of a sum: what rounding its summands may change
_UNLIKE = 1e6


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
        On the costs as they are here, shape (rows,).
    flat
        The variable's index in the knapsack, shape (layers, width).
    above
        The same scores by flat index, shape (n,).
    least, unit
        Scores that 0 and 1 stand for.
    rows, signs, scale
        Of each row: its row in the knapsack, 1 for an upper limit or -1 for a lower one, and the
        cost that 1 stands for.
    step
        All scores are whole multiples of it; 0 where there is no such step.
    coarse
        Whether some scores are so large that others' differences vanish beside them.
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
    step: float
    coarse: bool

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.score)

    def largest(self, multipliers: FloatArray) -> float:
        """What priced costs of any choice and limits sum up to at most: sums are rounded by it."""
        ends = self.cost.max(axis=2, initial=0.0).sum(axis=1) + np.abs(self.limit)
        return float(np.einsum("q,q->", multipliers, ends))

    @property
    def worst(self) -> float:
        """No choice scores more than this: every layer's worst score, in this form's unit."""
        there = np.isfinite(self.score)
        most = np.where(there, self.score, -np.inf).max(axis=1)
        return float(most.sum()) * (1 + 1e-9) + 1e-6

    @cached_property
    def line(self) -> FloatArray:
        """Costs with one line per row, shape (rows, layers x width)."""
        return self.cost.reshape(len(self.limit), self.score.size)

    def priced(self, multipliers: FloatArray) -> FloatArray:
        """Each variant's costs at given multipliers, shape (layers, width)."""
        priced: FloatArray = np.einsum("q,qv->v", multipliers, self.line)
        return priced.reshape(self.score.shape)

    def choice(self, places: IntArray) -> IntArray:
        """Turn one place per layer into flat variable indices."""
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
        with np.errstate(over="ignore"):  # per unit of what has hardly any size
            np.add.at(prices, self.rows, self.signs * multipliers * self.unit / self.scale)
        return prices

    def multipliers(self, prices: FloatArray) -> FloatArray:
        """Turn shadow prices back into multipliers of this form."""
        return np.maximum(self.signs * prices[self.rows] * self.scale / self.unit, 0.0)


def to_form(mckp: Mckp) -> Form | None:
    """Write a knapsack in this form; ``None`` where a layer or a row alone refutes it.

    Scores and costs are counted from the least of their layer, so that small differences of large
    numbers stay exact. Rows that no choice can break are left out.
    """
    tight = tighten(mckp)
    if tight is None:
        return None
    score, flat = _padded(mckp, tight.allowed)
    cost = np.where(np.isfinite(score), tight.cost[:, flat], 0.0)
    kept = cost.max(axis=2).sum(axis=1) > tight.limit
    cost, limit = cost[kept], tight.limit[kept]
    scale = _power_of_two(cost.max(axis=(1, 2))) if len(cost) else np.ones(0)
    least = score.min(axis=1)
    score = score - least[:, None]
    unit = typical(score)
    return Form(
        score / unit,
        cost / scale[:, None, None],
        limit / scale,
        flat,
        (mckp.score - np.repeat(least, np.diff(mckp.starts))) / unit,
        math.fsum(least.tolist()),
        unit,
        tight.rows[kept],
        tight.signs[kept],
        scale,
        step_of(np.where(np.isfinite(score), score, 0.0).ravel()) / unit,
        _coarse(score),
    )


def _power_of_two(values: FloatArray) -> FloatArray:
    """The next power of two: to divide by it changes no digit, so that equal sums stay equal."""
    return np.asarray(np.ldexp(1.0, np.frexp(values)[1]))


def _padded(mckp: Mckp, allowed: BoolArray) -> tuple[FloatArray, IntArray]:
    """Scores and flat indices of the allowed variants, one line per layer."""
    counts = np.diff(mckp.starts)
    places = np.arange(int(counts.max()))
    flat = np.minimum(mckp.starts[:-1, None] + places, mckp.starts[-1] - 1)
    there = (places < counts[:, None]) & allowed[flat]
    return np.where(there, mckp.score[flat], np.inf), flat


def _coarse(above: FloatArray) -> bool:
    """Whether the largest differences are a million times those of one variant in ten."""
    positive = above[(above > 0) & np.isfinite(above)]
    place = len(positive) // 10
    return bool(len(positive)) and positive.max() > _UNLIKE * np.partition(positive, place)[place]


def typical(above: FloatArray) -> float:
    """Typical difference of a variant's score to the best of its layer; 1 where all are equal."""
    positive = above[(above > 0) & np.isfinite(above)]
    return float(_power_of_two(np.atleast_1d(np.median(positive)))[0]) if positive.size else 1.0
