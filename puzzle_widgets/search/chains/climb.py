"""Multipliers that make the bound the best: column generation over choices that keep a chain.

The master is the linear program that mixes such choices so that the rows hold on average (G. B.
Dantzig, P. Wolfe, *Operations Research* 8, 1960). Its duals are multipliers, at which the shortest
path gives a bound and the next choice to mix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray
from puzzle_widgets.search.chains.path import Path, Trellis, path_at
from puzzle_widgets.search.reference.form import Form

_CALLS, _CALLS_A_ROW = 40, 40
_NEARLY, _PIVOT = 1e-9, 1e-11
_RAISE, _MOST_RAISES, _SLACKS = 8.0, 12, 4


class _Master:
    """The simplex method with one column of each slack, and one invented choice to begin with."""

    def __init__(self, limit: FloatArray, cap: float) -> None:
        size = len(limit) + 1
        self._inverse, self._amount = np.eye(size), np.append(limit, 1.0)
        self._score = np.append(np.zeros(len(limit)), cap)
        self._invented: int | None = size - 1
        self._raises = 0

    @property
    def value(self) -> float:
        """Score of the mixture: no bound is better once no column improves it."""
        return float(np.einsum("b,b->", self._score, self._amount))

    def multipliers(self) -> FloatArray:
        """Multipliers of the rows, after slacks that lower the score have their place."""
        for _ in range(_SLACKS * len(self._amount)):
            duals = np.einsum("b,bq->q", self._score, self._inverse)[:-1]
            if not len(duals) or duals.max() <= _NEARLY:
                break
            if not self.enter(np.eye(len(self._amount))[duals.argmax()], 0.0):
                break
        return np.asarray(np.maximum(-duals, 0.0))

    def enter(self, column: FloatArray, score: float) -> bool:
        """Bring a column into the basis; false where that changes nothing."""
        moved = np.einsum("bq,q->b", self._inverse, column)
        some = moved > _PIVOT
        if not some.any():
            return False
        ratio = np.where(some, self._amount / np.where(some, moved, 1.0), np.inf)
        place = int(ratio.argmin())
        self._inverse[place] /= moved[place]
        self._amount[place] = ratio[place]
        others = np.arange(len(moved)) != place
        self._inverse[others] -= moved[others, None] * self._inverse[place]
        self._amount[others] = np.maximum(self._amount[others] - moved[others] * ratio[place], 0.0)
        self._score[place] = score
        if place == self._invented:
            self._invented = None
        return True

    def raise_cap(self) -> bool:
        """Make the invented choice dearer; false where it is not used."""
        place = self._invented
        self._raises += 1
        if place is None or self._amount[place] <= _NEARLY or self._raises > _MOST_RAISES:
            return False
        self._score[place] *= _RAISE
        return True


def climb(
    form: Form, trellis: Trellis, start: FloatArray | None, stopped: Callable[[], bool]
) -> Iterator[Path]:
    """Give the shortest paths at better and better multipliers, in turn.

    Parameters
    ----------
    form, trellis
        The knapsack and its chain.
    start
        Multipliers to begin with, shape (rows,).
    stopped
        Asked before each.
    """
    rows = len(form.limit)
    master = _Master(form.limit, form.worst + 1.0)
    multipliers = np.zeros(rows) if start is None else start
    for call in range(_CALLS + _CALLS_A_ROW * rows):
        if stopped():
            return
        path = path_at(form, trellis, multipliers)
        yield path
        improves = call == 0 or path.value < master.value - _NEARLY * max(1.0, abs(path.value))
        entered = improves and master.enter(np.append(path.use, 1.0), path.score)
        if not entered and not master.raise_cap():
            return
        multipliers = master.multipliers()
