"""The LP bound, and what it says at once of every variant: no search, one pass over the library."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.mckp import FloatArray, Mckp
from puzzle_widgets.search.reference.bound import Bound, best_bound
from puzzle_widgets.search.reference.form import Form, to_form

# Smoothing of the bound to end with, in typical differences of a score.
_LAST = 1e-8


@dataclass(frozen=True, eq=False)
class Relaxation:
    """What shadow prices prove of a bare knapsack.

    Parameters
    ----------
    bound
        No choice scores below it, in the minimized sense, non-block costs left out.
    penalties
        How much more the bound is where a variable is forced, shape (n,); infinite where it is not
        allowed.
    """

    bound: float
    penalties: FloatArray


def relax(mckp: Mckp, prices: FloatArray) -> Relaxation:
    """Bound a knapsack by shadow prices: any prices give a valid bound, the best the LP bound.

    The Lagrangian relaxation charges each variable the price of what it uses; each layer then
    takes its cheapest variable by itself (Kellerer, Pferschy, Pisinger, *Knapsack Problems*,
    ch. 11).

    Parameters
    ----------
    mckp
        The knapsack.
    prices
        Of each row, positive for its upper limit and negative for its lower one, shape (rows,).
    """
    limits = np.where(prices > 0, mckp.upper, mckp.lower)
    used = (prices != 0) & np.isfinite(limits)
    charged = np.where(
        mckp.allowed,
        mckp.score + prices[used] @ mckp.cost[used] if used.any() else mckp.score,
        math.inf,
    )
    least = np.minimum.reduceat(charged, mckp.starts[:-1])
    bound = math.fsum(least.tolist()) - math.fsum((prices[used] * limits[used]).tolist())
    return Relaxation(bound, charged - np.repeat(least, np.diff(mckp.starts)))


def best_prices(mckp: Mckp) -> tuple[Form, Bound] | None:
    """The linear relaxation's bound and multipliers; ``None`` where even that is infeasible."""
    form = to_form(mckp)
    if form is None:
        return None
    found = best_bound(form, last=_LAST)
    return None if found.value > form.worst else (form, found)


def lp_bound(problem: SearchProblem) -> float:
    """Bound the score by the linear relaxation, in which layers may mix variants.

    Limits are first made as tight as whole variants allow, so that it is at least as good as the
    plain relaxation. ``pw.search`` closes the gap between it and the optimum.

    Parameters
    ----------
    problem
        What is asked.

    Returns
    -------
    float
        In the objective's unit; no architecture within the budgets scores better. NaN where even
        the relaxation is infeasible.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> bound, score = pw.lp_bound(problem), pw.search(problem).score
    >>> 0.95 * score < bound < score
    True
    """
    check_problem(problem)
    best = best_prices(problem.mckp)
    if best is None:
        return math.nan
    form, found = best
    outside = problem.library.non_block_cost(problem.objective)
    return problem.sign * (form.least + form.unit * found.value) + outside
