"""Rewrite a knapsack in magnitudes that suit a solver's absolute tolerances; optima stay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp

_SCORE_SIZE = 1e3
_NARROW = 1e-3


@dataclass(frozen=True, eq=False)
class Rescaled:
    """A knapsack in other units: ``score = offset + factor * rescaled score``."""

    mckp: Mckp
    offset: float
    factor: float

    def original(self, score: float) -> float:
        """Turn a summed score or bound of the rescaled knapsack back."""
        return self.offset + self.factor * score


def rescale(mckp: Mckp, *, shift_score: bool = True) -> Rescaled:
    """Count scores and costs from each layer's least, and scale them to like magnitudes.

    Parameters
    ----------
    mckp
        The knapsack; every layer has a variant that is allowed.
    shift_score
        Whether scores are counted from the least, too; a relative gap would then mean another.
    """
    rows, leasts = _from_least(mckp, mckp.cost)
    sizes = _sizes(rows)
    score, offset = mckp.score, 0.0
    if shift_score:
        shifted, least = _from_least(mckp, mckp.score[None])
        score, offset = shifted[0], float(least[0])
    factor = float(_sizes(np.where(mckp.allowed, score, 0.0)[None])[0]) / _SCORE_SIZE
    changed = replace(
        mckp,
        score=score / factor,
        cost=rows / sizes[:, None],
        lower=(mckp.lower - leasts) / sizes,
        upper=(mckp.upper - leasts) / sizes,
        outside=None if mckp.outside is None else mckp.outside / sizes,
    )
    return Rescaled(changed, offset, factor)


def narrowed(mckp: Mckp, choice: IntArray) -> Mckp | None:
    """Ban variants that by themselves score worse than a whole known choice.

    ``None`` where that leaves scores of like magnitude, so that nothing is gained.
    """
    shifted = _from_least(mckp, mckp.score[None])[0][0]
    kept = mckp.allowed & (shifted <= float(shifted[choice].sum()) * (1 + 1e-9))
    if shifted[kept].max() == 0 or shifted[kept].max() > _NARROW * shifted.max():
        return None
    return replace(mckp, allowed=kept)


def _from_least(mckp: Mckp, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values above each layer's least, 0 where banned, and the sum of the leasts."""
    starts = mckp.starts
    least = np.minimum.reduceat(np.where(mckp.allowed, rows, np.inf), starts[:-1], axis=1)
    shifted = np.where(mckp.allowed, rows - np.repeat(least, np.diff(starts), axis=1), 0.0)
    return shifted, least.sum(axis=1)


def _sizes(rows: FloatArray) -> FloatArray:
    sizes = np.abs(rows).max(axis=1)
    return np.where(sizes > 0, sizes, 1.0)
