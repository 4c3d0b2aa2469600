"""The LP relaxation of a knapsack, to compare bounds with."""

from __future__ import annotations

import math

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search import mip
from puzzle_widgets.search.rescale import rescale


def lp_bound(mckp: Mckp) -> float:
    """Bound by the LP relaxation: variables may be fractions; infinite if even that fails."""
    scaled = rescale(mckp)
    if scaled is None:
        return math.inf
    answer = mip._run(scaled.mckp, [], "HiGHS", mip.MipOptions(), integer=False)
    if answer.values is None:
        return math.inf if answer.refuted else -math.inf
    return float(mckp.score @ answer.values)
