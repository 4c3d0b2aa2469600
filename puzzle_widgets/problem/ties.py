"""What decides between choices of equal score: use of what is limited, then of the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.model import once_per_library
from puzzle_widgets.problem.budget import Budget
from puzzle_widgets.problem.mckp import FloatArray

# Less than this is not an amount to take a share of: weights and sums stay far from infinity.
_NOTHING = 1e-270


def tie_levels(library: BlockLibrary, budgets: Mapping[str, Budget], first: str) -> FloatArray:
    """Sums that decide between choices of equal score, shape (levels, n).

    Use of what is limited as shares of the limits; then each limited cost in turn, so that rounding
    hides no difference; then the rest as shares of the parent. More is worse for a lower limit,
    too: what lies above it is excess.
    """
    limited, shares = list(budgets), share_weights(library, budgets)
    levels = [library.column(first)] if first else []
    levels += [_weighted(library, shares)] if shares else []
    levels += [library.column(key) for key in limited] if len(limited) > 1 else []
    levels += _of_the_rest(library, frozenset(limited))
    return np.array(levels).reshape(len(levels), int(library.starts[-1]))


@once_per_library
def _of_the_rest(library: BlockLibrary, limited: frozenset[str]) -> list[FloatArray]:
    """Costs without a limit as shares of the parent, summed; none where all are limited."""
    parents = library.parent_totals
    rest = {key: _per_share(parents[key]) for key in library.costs if key not in limited}
    return [_weighted(library, rest)] if rest else []


def share_weights(library: BlockLibrary, budgets: Mapping[str, Budget]) -> dict[str, float]:
    """What a unit of each limited cost weighs in the first of the ties: its share of the limits."""
    parents = library.parent_totals
    return {
        key: sum(
            _per_share(limit, parents[key])
            for limit in (budget.lower, budget.upper)
            if math.isfinite(limit)
        )
        for key, budget in budgets.items()
    }


def _per_share(*wholes: float) -> float:
    """One over the first of some amounts that a share can be taken of; else 1."""
    return next((1 / abs(whole) for whole in wholes if abs(whole) > _NOTHING), 1.0)


def _weighted(library: BlockLibrary, weights: Mapping[str, float]) -> FloatArray:
    return np.asarray(sum(weight * library.column(key) for key, weight in weights.items()))
