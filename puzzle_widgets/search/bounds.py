"""What the least and greatest value of every layer tell, without a solver."""

from __future__ import annotations

import numpy as np

from puzzle_widgets.problem.mckp import Mckp


def hopeless(mckp: Mckp) -> bool:
    """Whether a layer has no variant left, or a row cannot be kept whatever the others do."""
    firsts = mckp.starts[:-1]
    if not np.logical_or.reduceat(mckp.allowed, firsts).all():
        return True
    if not mckp.rows:
        return False
    least = np.minimum.reduceat(np.where(mckp.allowed, mckp.cost, np.inf), firsts, axis=1)
    most = np.maximum.reduceat(np.where(mckp.allowed, mckp.cost, -np.inf), firsts, axis=1)
    over = least.sum(axis=1) > mckp.upper + mckp.tolerance
    under = most.sum(axis=1) < mckp.lower - mckp.tolerance
    return bool((over | under).any())


def least_score(mckp: Mckp) -> float:
    """Sum of every layer's best score: a bound that always holds."""
    score = np.where(mckp.allowed, mckp.score, np.inf)
    return float(np.minimum.reduceat(score, mckp.starts[:-1]).sum())
