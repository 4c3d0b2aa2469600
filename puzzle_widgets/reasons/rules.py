"""What rules cost: how much better the optimum is without each, and without all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.optimum import search_without_reason


@dataclass(frozen=True, eq=False)
class RuleCosts:
    """What each rule of a problem costs its score.

    Parameters
    ----------
    solution
        The optimum under all rules.
    each
        How much better the optimum is without one rule, in the objective's unit, never below 0;
        NaN where that is not proven.
    together
        The same without any rule.
    """

    solution: Solution
    each: tuple[float, ...]
    together: float


def rule_costs(
    solution: Solution,
    without_one: Sequence[SearchProblem],
    without_all: SearchProblem,
    *,
    cancelled: Cancelled = never,
) -> RuleCosts:
    """Search again without each rule.

    Parameters
    ----------
    solution
        A proven optimum.
    without_one
        Its problem without each rule.
    without_all
        Its problem without any.
    cancelled
        Asked now and then; true stops.
    """

    def cost(problem: SearchProblem) -> float:
        found = search_without_reason(problem, warm_start=solution, cancelled=cancelled)
        if found.status != "optimal":
            return math.nan
        worse = solution.problem.sign * (solution.score - found.score)
        return worse if worse > 1e-9 * max(abs(solution.score), 1e-9) else 0.0

    each = tuple(cost(problem) for problem in without_one)
    return RuleCosts(solution, each, each[0] if len(each) == 1 else cost(without_all))
