r"""Step 2: the Lagrangian bound and its best multipliers.

With a multiplier :math:`\lambda_q \ge 0` for each limit :math:`u_q`,

.. math:: L(\lambda) = \sum_i \min_j \Bigl(s_{ij} + \sum_q \lambda_q c_{qij}\Bigr)
          - \sum_q \lambda_q u_q

is at most the score of any architecture within the limits; its maximum is the LP bound
(Kellerer, Pferschy, Pisinger, *Knapsack Problems*, ch. 11). ``L`` is concave with kinks. Here the
minimum is smoothed to :math:`-\mu \log \sum_j \exp(-z_{ij} / \mu)` and a barrier
:math:`\mu \sum_q \log \lambda_q` keeps multipliers positive, so that Newton's method climbs it;
:math:`\mu` falls by steps. Any multipliers give a true bound, so stopping early costs only
quality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from puzzle_widgets.problem.mckp import BoolArray, FloatArray
from puzzle_widgets.search.reference.form import LAST_DIGITS, Form

ROUGH, FINE = 1e-2, 1e-4
ROUNDING = 1e-10
_FIRST, _FALL = 0.1, 0.1
_STEPS = 20
_HUGE = 1e30


@dataclass(frozen=True, eq=False)
class Bound:
    """Multipliers, shape (rows,), and the bound that they give, in the form's unit."""

    multipliers: FloatArray
    value: float

    def reduced(self, form: Form) -> FloatArray:
        """Reduced score of each variant: what it adds to the bound, shape (layers, width)."""
        priced = form.score + form.priced(self.multipliers)
        return np.asarray(priced - priced.min(axis=1, keepdims=True))

    def variables(self, form: Form, excess: float) -> BoolArray:
        """What a choice of at most some excess can have, by flat index, shape (n,)."""
        kept = self.reduced(form) <= excess + self.rounding(form)
        found = np.zeros(form.above.shape, dtype=np.bool_)
        found[form.flat[kept & np.isfinite(form.score)]] = True
        return found

    def greatest_excess(self, form: Form, reduced: FloatArray) -> float:
        """No choice within the limits has more: largest reduced scores, every budget unused."""
        there = np.isfinite(form.score)
        least = np.where(there, form.cost, np.inf).min(axis=2).sum(axis=1)
        largest = np.where(there, reduced, 0.0).max(axis=1).sum()
        return float(largest + self.multipliers @ (form.limit - least)) * (1 + ROUNDING) + ROUNDING

    def rounding(self, form: Form) -> float:
        """Difference that rounding can make in an excess: large where multipliers are."""
        return ROUNDING + LAST_DIGITS * form.largest(self.multipliers)


@dataclass(frozen=True, eq=False)
class _Point:
    """The smoothed bound at some multipliers, with its softened choice and the true bound."""

    smooth: float
    share: FloatArray
    true: float


def bound_at(form: Form, multipliers: FloatArray) -> Bound:
    """The bound that given multipliers give."""
    priced = form.score + form.priced(multipliers)
    value = float(priced.min(axis=1).sum() - multipliers @ form.limit)
    return Bound(multipliers, value)


def best_bound(form: Form, start: FloatArray | None = None, last: float = FINE) -> Bound:
    """Climb to the best multipliers, from good ones of a like problem where there are any.

    Parameters
    ----------
    form
        The knapsack.
    start
        Multipliers to begin with, shape (rows,).
    last
        Smoothing to end with, in the form's unit.
    """
    if not len(form.limit):
        return bound_at(form, np.zeros(0))
    score = np.where(np.isfinite(form.score), form.score, _HUGE)
    worst = float(np.where(np.isfinite(form.score), form.score, -np.inf).max(axis=1).sum())
    multipliers = np.ones(len(form.limit)) if start is None else np.maximum(start, 1e-4)
    best = bound_at(form, multipliers if start is None else start)
    smoothing = _FIRST if start is None else _FIRST * _FALL
    while True:
        multipliers, found = _climb(score, form, multipliers, smoothing)
        if found.value > best.value:
            best = found
        if smoothing <= last * 1.01 or best.value > worst:
            return best
        smoothing *= _FALL


def _climb(
    score: FloatArray, form: Form, multipliers: FloatArray, smoothing: float
) -> tuple[FloatArray, Bound]:
    """Newton's method with step halving at one smoothing; gives also the best true bound met."""
    point = _smoothed(score, form, multipliers, smoothing)
    best = Bound(multipliers, point.true)
    for _ in range(_STEPS):
        step, promise = _newton_step(form, point, multipliers, smoothing)
        multipliers, point = _line_search(score, form, multipliers, smoothing, point, step, promise)
        if point.true > best.value:
            best = Bound(multipliers, point.true)
        if promise < 0.5 * smoothing:
            break
    return multipliers, best


def _smoothed(score: FloatArray, form: Form, multipliers: FloatArray, smoothing: float) -> _Point:
    priced = score + form.priced(multipliers)
    least = priced.min(axis=1, keepdims=True)
    weight = np.exp((least - priced) / smoothing)
    total = weight.sum(axis=1, keepdims=True)
    true = float(least.sum() - multipliers @ form.limit)
    soft = smoothing * float(np.log(multipliers).sum() - np.log(total).sum())
    return _Point(true + soft, weight / total, true)


def _newton_step(
    form: Form, point: _Point, multipliers: FloatArray, smoothing: float
) -> tuple[FloatArray, float]:
    """Newton's step and the gain that it promises."""
    rows = len(multipliers)
    weighted = form.cost * point.share
    mean = weighted.sum(axis=2)
    gradient = mean.sum(axis=1) - form.limit + smoothing / multipliers
    spread = np.einsum("qv,rv->qr", weighted.reshape(rows, -1), form.line)
    spread -= np.einsum("qi,ri->qr", mean, mean)
    curvature = spread / smoothing
    curvature[np.diag_indices(rows)] += smoothing / multipliers**2 + 1e-12
    try:
        step = np.linalg.solve(curvature, gradient)
    except np.linalg.LinAlgError:
        step = gradient / np.diag(curvature)
    return step, float(gradient @ step)


def _line_search(
    score: FloatArray,
    form: Form,
    multipliers: FloatArray,
    smoothing: float,
    point: _Point,
    step: FloatArray,
    promise: float,
) -> tuple[FloatArray, _Point]:
    """Shorten the step until multipliers stay positive and the smoothed bound rises."""
    falling = step < 0
    length = 1.0
    if falling.any():
        with np.errstate(over="ignore"):  # a step of almost 0 may be as long as it likes
            longest = float((-multipliers[falling] / step[falling]).min())
        length = min(1.0, 0.95 * longest)
    while True:
        moved = multipliers + length * step
        found = _smoothed(score, form, moved, smoothing)
        if found.smooth >= point.smooth + 0.1 * length * promise or length < 1e-6:
            return moved, found
        length *= 0.3
