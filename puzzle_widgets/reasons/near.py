"""Every choice whose score is near the optimum: counted and listed, or bounded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from puzzle_widgets.problem.mckp import BoolArray, FloatArray, IntArray, Mckp
from puzzle_widgets.reasons.bounds import Relaxation
from puzzle_widgets.search.outcome import Cancelled, StoppedError, TooManyStatesError

Words = npt.NDArray[np.uint64]
_CELLS = 20_000
_BITS = 64
_ROUNDING = 1e-9
# Bounds on the number of choices for which it is worth trying to list all.
_TRIED = (3e8, 3e7, 1e7, 3e6, 1e6, 1e5, 1e4, 1e3)


def count_at_most(mckp: Mckp, relaxed: Relaxation, excess: float) -> FloatArray:
    """Bound from above how many choices exceed the bound by no more than parts of some excess.

    A dynamic program over penalties rounded down to a grid, rows left out: each choice within
    the excess has penalties that sum to no more (reduced-cost fixing, Kellerer, Pferschy,
    Pisinger, *Knapsack Problems*, ch. 11). Entry ``k`` counts for ``k / 20,000`` of the excess.
    """
    grid = excess * (1 + _ROUNDING) / _CELLS
    counts = np.zeros(_CELLS + 1)
    counts[0] = 1.0
    for start, end in zip(mckp.starts[:-1], mckp.starts[1:], strict=True):
        within = relaxed.penalties[start:end]
        within = within[within <= _CELLS * grid]
        steps = np.floor(within / grid).astype(np.intp) if grid > 0 else np.zeros(len(within), int)
        counts = np.sum(
            [np.concatenate([np.zeros(step), counts[: _CELLS + 1 - step]]) for step in steps],
            axis=0,
        )
    return np.asarray(np.cumsum(counts))


def all_near(
    mckp: Mckp,
    relaxed: Relaxation,
    prices: FloatArray,
    excess: float,
    most_states: int,
    cancelled: Cancelled,
) -> IntArray:
    """List every feasible choice whose score exceeds the bound by no more than some excess.

    Layer by layer every state takes every variable that its penalties allow; states that no rest
    can bring within the rows, or whose unused budget alone costs more than the excess, go.

    Parameters
    ----------
    mckp
        The knapsack.
    relaxed, prices
        Its relaxation at these shadow prices.
    excess
        Distance from the bound, in the minimized sense.
    most_states
        Greatest number of states before giving up.
    cancelled
        Asked at each layer.

    Returns
    -------
    IntArray
        Flat variable indices, shape (choices, layers), in no order.

    Raises
    ------
    TooManyStatesError, StoppedError
        Where there is no answer.
    """
    excess += _ROUNDING * max(abs(relaxed.bound), abs(excess))
    plan = _Plan.of(mckp, relaxed, excess)
    used, penalty = np.zeros((len(mckp.rows), 1)), np.zeros(1)
    codes: Words = np.zeros((plan.words, 1), dtype=np.uint64)
    for step, layer in enumerate(plan.order):
        if cancelled():
            raise StoppedError
        some = plan.kept[layer]
        states = len(penalty)
        kept = _grow(mckp, plan, (used, penalty), (prices, excess), step)
        if len(kept) > most_states:
            raise TooManyStatesError
        variable, state = np.divmod(kept, states)
        penalty = penalty[state] + relaxed.penalties[some[variable]]
        used = used[:, state] + mckp.cost[:, some[variable]]
        codes = codes[:, state]
        word, shift = divmod(plan.shifts[layer], _BITS)
        codes[word] |= variable.astype(np.uint64) << np.uint64(shift)
    return _decoded(mckp, plan, codes)


@dataclass(frozen=True, eq=False)
class _Plan:
    """Which variables are left in each layer, in which order layers are taken, and how they pack.

    ``least`` and ``most`` are the rows' sums that the layers after each step can still add, shape
    (steps, rows).
    """

    kept: Sequence[IntArray]
    order: Sequence[int]
    shifts: Sequence[int]
    words: int
    penalties: FloatArray
    least: FloatArray
    most: FloatArray

    @classmethod
    def of(cls, mckp: Mckp, relaxed: Relaxation, excess: float) -> _Plan:
        near: BoolArray = relaxed.penalties <= excess
        pairs = list(zip(mckp.starts[:-1].tolist(), mckp.starts[1:].tolist(), strict=True))
        kept = [start + np.flatnonzero(near[start:end]) for start, end in pairs]
        ends = [[side(mckp.cost[:, some], axis=1) for some in kept] for side in (np.min, np.max)]
        low, high = (np.array(one).reshape(len(kept), len(mckp.rows)) for one in ends)
        spread = ((high - low) / np.maximum((high - low).sum(axis=0), 1e-300)).sum(axis=1)
        # The widest first, so that little is open when the rows begin to tell.
        order = np.argsort(-spread, kind="stable")
        after = [np.cumsum(one[order][::-1], axis=0)[::-1] - one[order] for one in (low, high)]
        shifts, words = _packed([len(some) for some in kept])
        return cls(kept, order.tolist(), shifts, words, relaxed.penalties, *after)


def _packed(counts: Sequence[int]) -> tuple[list[int], int]:
    """Where each layer's variable stands among 64-bit words; none crosses a word."""
    shifts, at = [], 0
    for count in counts:
        bits = max(1, (count - 1).bit_length())
        if at % _BITS + bits > _BITS:
            at += _BITS - at % _BITS
        shifts.append(at)
        at += bits
    return shifts, at // _BITS + 1


def _grow(
    mckp: Mckp,
    plan: _Plan,
    states: tuple[FloatArray, FloatArray],
    prices: tuple[FloatArray, float],
    step: int,
) -> IntArray:
    """Indices, variable by variable and state by state, of those that can still end within."""
    (used, penalty), (price, excess) = states, prices
    some, kept = plan.kept[plan.order[step]], []
    for place, variable in enumerate(some.tolist()):
        total = used + mckp.cost[:, variable, None]
        least, most = total + plan.least[step][:, None], total + plan.most[step][:, None]
        slack = _ROUNDING * (1 + np.abs(total))
        fits = (least <= mckp.upper[:, None] + slack) & (most >= mckp.lower[:, None] - slack)
        unused = np.zeros_like(penalty)
        for row in np.flatnonzero(price):
            end = mckp.upper[row] - most[row] if price[row] > 0 else least[row] - mckp.lower[row]
            unused += abs(price[row]) * np.maximum(end, 0.0)
        near = penalty + plan.penalties[variable] + unused <= excess
        kept.append(place * len(penalty) + np.flatnonzero(fits.all(axis=0) & near))
    return np.concatenate(kept) if kept else np.zeros(0, dtype=np.intp)


def _decoded(mckp: Mckp, plan: _Plan, codes: Words) -> IntArray:
    choices = np.zeros((codes.shape[1], mckp.layers), dtype=np.intp)
    for layer, some in enumerate(plan.kept):
        word, shift = divmod(plan.shifts[layer], _BITS)
        mask = np.uint64((1 << max(1, (len(some) - 1).bit_length())) - 1)
        places = (codes[word] >> np.uint64(shift)) & mask
        choices[:, layer] = some[places.astype(np.intp)]
    return choices


def clean(mckp: Mckp, choices: IntArray, limit: float) -> tuple[IntArray, FloatArray]:
    """Those that keep every row and score no more than a limit, best first, with their scores.

    Sums near a limit are made exactly.
    """
    scores = mckp.score[choices].sum(axis=1)
    sums = mckp.cost[:, choices].sum(axis=2)
    tight = np.zeros(len(choices), dtype=np.bool_)
    broken = np.zeros(len(choices), dtype=np.bool_)
    for row, upper, lower in zip(sums, mckp.upper, mckp.lower, strict=True):
        edge = _ROUNDING * (1 + np.abs(row))
        broken |= (row > upper + edge) | (row < lower - edge)
        tight |= (np.abs(row - upper) <= edge) | (np.abs(row - lower) <= edge)
    exact = [at for at in np.flatnonzero(tight & ~broken) if mckp.broken_rows(choices[at])]
    broken[exact] = True
    kept = np.flatnonzero(~broken & (scores <= limit))
    kept = kept[[all(rule.holds(choices[at]) for rule in mckp.kinds) for at in kept]]
    kept = kept[np.argsort(scores[kept], kind="stable")]
    return choices[kept], scores[kept]


def excesses(counts: FloatArray, excess: float, least: float) -> Iterator[float]:
    """Excesses to try, the whole one first, then those of fewer and fewer choices.

    The whole one is not tried where there may be far too many.
    """
    tried = excess
    if counts[-1] <= 3 * _TRIED[0]:
        yield excess
    for most in _TRIED:
        place = int(np.searchsorted(counts, most, side="right")) - 1
        smaller = excess * max(place, 0) / _CELLS
        if math.isfinite(smaller) and least < smaller < tried:
            tried = smaller
            yield smaller
