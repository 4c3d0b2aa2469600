"""What rules cost: without each and all of them, and with one more before it is added."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.reasons.words import score_words
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.optimum import search_without_reason

_NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class RuleOffer:
    """What one more rule would make of a score.

    Parameters
    ----------
    before
        The optimum without it.
    after
        The answer with it.
    """

    before: Solution
    after: Solution

    @property
    def cost(self) -> float:
        """How much worse the score gets, in the objective's unit; NaN where nothing is found."""
        worse = self.after.problem.sign * (self.after.score - self.before.score)
        return 0.0 if abs(worse) <= _NOTHING * max(abs(self.before.score), 1e-9) else worse

    @property
    def words(self) -> str:
        """Say the score before and after, and whether that is proven."""
        before, after = self.before, self.after
        if after.status == "infeasible":
            return "No architecture keeps all budgets and rules with it."
        if not after.found:
            return "No architecture with it was found in time."
        score, then = (score_words(after.problem, one.score) for one in (before, after))
        if after.status != "optimal":
            least = after.problem.sign * (after.bound - before.score)
            words = score_words(after.problem, max(least, 0.0))
            return f"Score {score} \u2192 {then} so far: costs at least {words} (not proven yet)."
        if self.cost == 0:
            return f"Costs nothing: the score stays {score}."
        return f"Score {score} \u2192 {then}: costs {score_words(after.problem, self.cost)}."


def rule_offer(
    before: Solution,
    problem: SearchProblem,
    *,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
) -> RuleOffer:
    """Search with one more rule.

    Parameters
    ----------
    before
        A proven optimum.
    problem
        Its problem with the rule.
    time_limit
        Seconds; what is found by then is told with its bound.
    cancelled
        Asked now and then; true stops.
    """
    after = search_without_reason(
        problem, warm_start=before, time_limit=time_limit, cancelled=cancelled
    )
    return RuleOffer(before, after)


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
        return worse if worse > _NOTHING * max(abs(solution.score), 1e-9) else 0.0

    each = tuple(cost(problem) for problem in without_one)
    return RuleCosts(solution, each, each[0] if len(each) == 1 else cost(without_all))
