"""Rewrite a knapsack in magnitudes that suit a solver's absolute tolerances; optima stay."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp
from puzzle_widgets.search.tighten import tighten

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


def rescale(mckp: Mckp, *, shift_score: bool = True) -> Rescaled | None:
    """Count scores and costs from each layer's least, and scale them to like magnitudes.

    Parameters
    ----------
    mckp
        The knapsack.
    shift_score
        Whether scores are counted from the least, too; a relative gap would then mean another.

    Returns
    -------
    Rescaled or None
        All rows are upper limits. ``None`` where a layer or a row refutes every choice.
    """
    tight = tighten(mckp)
    if tight is None:
        return None
    sizes = _sizes(tight.cost)
    score, offset = mckp.score, 0.0
    if shift_score:
        score, offset = above_least(replace(mckp, allowed=tight.allowed))
    factor = float(_sizes(np.where(tight.allowed, score, 0.0)[None])[0]) / _SCORE_SIZE
    changed = replace(
        mckp,
        score=score / factor,
        cost=tight.cost / sizes[:, None],
        lower=np.full(len(sizes), -np.inf),
        upper=tight.limit / sizes,
        allowed=tight.allowed,
    )
    return Rescaled(changed, offset, factor)


def least_score(mckp: Mckp) -> float:
    """Sum of every layer's best score: a bound that always holds."""
    return above_least(mckp)[1]


def narrowed(mckp: Mckp, choice: IntArray, resolution: float) -> Mckp | None:
    """Ban variants that no choice can have that scores like a known one, or a little better.

    An engine tells scores apart only to some digits of the largest. Where few variants score so
    unlike all others that the others' scores vanish beside them, this rules those few out.

    Parameters
    ----------
    mckp
        The knapsack.
    choice
        A choice that the engine calls optimal, flat indices.
    resolution
        The optimum scores no less than the choice, less this.

    Returns
    -------
    Mckp or None
        ``None`` where that leaves scores of like magnitude, so that nothing is gained.
    """
    score = math.fsum(mckp.score[choice].tolist())
    lower, upper = np.array([score - 2 * resolution]), np.array([score + resolution])
    tight = tighten(replace(mckp, cost=mckp.score[None], lower=lower, upper=upper))
    if tight is None:
        return None
    smaller = replace(mckp, allowed=tight.allowed)
    before, after = (float(above_least(one)[0].max()) for one in (mckp, smaller))
    return None if after == 0 or after > _NARROW * before else smaller


def above_least(mckp: Mckp) -> tuple[FloatArray, float]:
    """Scores above each layer's least, 0 where banned, and the sum of the leasts."""
    score = np.where(mckp.allowed, mckp.score, np.inf)
    least = np.minimum.reduceat(score, mckp.starts[:-1])
    above = np.where(mckp.allowed, score - np.repeat(least, np.diff(mckp.starts)), 0.0)
    return above, math.fsum(least.tolist())


def _sizes(rows: FloatArray) -> FloatArray:
    sizes = np.abs(rows).max(axis=1)
    return np.where(sizes > 0, sizes, 1.0)
