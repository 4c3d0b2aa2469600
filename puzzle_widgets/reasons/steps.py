"""Next steps: the least change of one limit that changes the optimum, and what that is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from puzzle_widgets.library import BlockLibrary, FrozenMapping
from puzzle_widgets.library.quantity import THROUGHPUT, Quantity, format_number
from puzzle_widgets.problem import Budget, SearchProblem
from puzzle_widgets.problem.budget_rows import BudgetSetting, to_budget
from puzzle_widgets.problem.mckp import to_architecture
from puzzle_widgets.problem.problem import replace_field
from puzzle_widgets.reasons.words import (
    BlockChange,
    change_words,
    changes_between,
    label_of,
    score_words,
)
from puzzle_widgets.search.engine import solve
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import Cancelled, Outcome, never
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.optimum import search_without_reason
from puzzle_widgets.solution.solution import evaluate

Direction = Literal["loosen", "tighten"]
# Scores that differ by less than this share are equal; limits move by it to exclude a sum.
_SAME = 1e-9
_QUICK = 0.02


@dataclass(frozen=True)
class End:
    """One limit of a problem: the upper (side 1) or lower (-1) one of a resource's sum, as stated.

    ``row`` says it as a person does, as a throughput where it was given as one.
    """

    row: BudgetSetting
    key: str
    side: int

    @classmethod
    def of(cls, library: BlockLibrary, row: BudgetSetting) -> End:
        """Find the limit on a sum that a row states."""
        budget = to_budget(library, row)
        return cls(row, budget.resource, 1 if math.isfinite(budget.upper) else -1)

    @property
    def looser(self) -> str:
        """Which way the row's own figure goes as it is loosened."""
        return "more" if self.row.sense == "at most" else "less"

    @property
    def tighter(self) -> str:
        """Which way it goes as it is tightened."""
        return "less" if self.row.sense == "at most" else "more"

    def as_stated(self, library: BlockLibrary, limit: float) -> float:
        """A limit on the sum, in the row's own unit."""
        return (library.throughput(limit) or 0.0) if self.row.resource == THROUGHPUT else limit

    def quantity(self, library: BlockLibrary) -> Quantity:
        """What the row is about."""
        return library.quantity(self.row.resource)

    def moved(self, problem: SearchProblem, limit: float) -> SearchProblem:
        """The problem with this limit elsewhere; infinite to lift it."""
        held = problem.budgets[self.key]
        ends = (
            (held.lower, limit)
            if self.side > 0
            else (-limit if math.isinf(limit) else limit, held.upper)
        )
        budget = replace(held, lower=ends[0], upper=ends[1])
        others = {key: kept for key, kept in problem.budgets.items() if key != self.key}
        if budget.limits:
            others[self.key] = budget
        return replace_field(problem, "budgets", FrozenMapping(others))


@dataclass(frozen=True, repr=False)
class NextStep:
    """The least change of one limit, alone, that changes the optimum.

    Parameters
    ----------
    direction
        ``"loosen"`` or ``"tighten"``.
    limits
        Bracket of the new limit, nearest first, in the unit in which the limit was stated; equal
        where it is exact. To tighten, anything beyond it changes the architecture. Empty where no
        change of this limit changes anything, or none is known.
    solution
        The best architecture at the far end of the bracket; ``None`` where there is none.
    gain
        How much better its score is than that of the answer; below 0 it is worse.
    changes
        Its blocks that differ from the answer's.
    words
        All that in a sentence.
    brief
        The same without the blocks.
    """

    direction: Direction
    limits: tuple[float, ...]
    solution: Solution | None
    gain: float
    changes: tuple[BlockChange, ...]
    words: str
    brief: str = ""

    @property
    def exact(self) -> bool:
        """Whether it is proven that nothing nearer changes the architecture."""
        return not self.limits or self.limits[0] == self.limits[-1]

    def __repr__(self) -> str:
        return f"NextStep({self.words})"


def loosen(
    solution: Solution, end: End, *, exact: bool = False, cancelled: Cancelled = never
) -> NextStep:
    """Find how far a limit has to be loosened before anything scores better.

    The least sum of the resource among all architectures of a better score is itself a search with
    the score as a budget. Without ``exact`` it gets a moment only, and its bound is one end of the
    bracket.

    Parameters
    ----------
    solution
        A proven optimum.
    end
        The limit.
    exact
        Whether to search until the step is proven.
    cancelled
        Asked now and then; true stops.
    """
    quick = None if exact else _QUICK
    free = end.moved(solution.problem, math.inf)
    best = search_without_reason(
        free, warm_start=solution, time_limit=quick and 5 * quick, cancelled=cancelled
    )
    if not _better(solution, best.bound):
        return _no_step(solution, end)
    asked = _nearest_better(solution, free, end)
    outcome = solve(asked.mckp, SearchOptions(time_limit=quick, cancelled=cancelled))
    if outcome.status == "infeasible":
        return _no_step(solution, end)
    nearest = best
    if outcome.choice is not None:
        nearest = evaluate(free, to_architecture(free.library, outcome.choice), "exact search")
    if not nearest.found:
        return _unknown(end, free)
    there = _best_there(solution, end, nearest, quick)
    far = nearest.totals[end.key]
    near = far if outcome.status == "optimal" else _nearest(solution, end, asked, outcome)
    return _step(solution, end, "loosen", (near, far), there)


def tighten(
    solution: Solution, end: End, *, exact: bool = False, cancelled: Cancelled = never
) -> NextStep:
    """Find what a limit just below what the answer uses leaves; where that begins is exact.

    Parameters
    ----------
    solution
        A proven optimum.
    end
        The limit.
    exact
        Whether to search until the optimum there is proven.
    cancelled
        Asked now and then; true stops.
    """
    use = solution.totals[end.key]
    beyond = use - end.side * _SAME * max(abs(use), _SAME)
    there = search_without_reason(
        end.moved(solution.problem, beyond),
        warm_start=solution,
        time_limit=None if exact else 5 * _QUICK,
        cancelled=cancelled,
    )
    return _step(solution, end, "tighten", (use, use), there)


def _better(solution: Solution, score: float) -> bool:
    """Whether a score, or a bound, is better than the answer's by more than rounding."""
    gain = solution.problem.sign * (solution.score - score)
    return not gain <= _SAME * max(abs(solution.score), _SAME)


def _nearest_better(solution: Solution, free: SearchProblem, end: End) -> SearchProblem:
    """Least sum of the resource (greatest, of a lower limit) with a score that is better."""
    objective, sign = free.objective, free.sign
    target = solution.score - sign * _SAME * max(abs(solution.score), _SAME)
    better = Budget(objective, upper=target) if sign > 0 else Budget(objective, lower=target)
    held = free.budgets.get(objective, better).tighten(better)
    asked = replace_field(free, "budgets", FrozenMapping({**free.budgets, objective: held}))
    goal = "minimize" if end.side > 0 else "maximize"
    return replace_field(replace_field(asked, "objective", end.key), "goal", goal)


def _best_there(solution: Solution, end: End, nearest: Solution, quick: float | None) -> Solution:
    """The best that is known where the nearest better architecture becomes feasible."""
    at = end.moved(solution.problem, nearest.totals[end.key])
    warm = replace(solution, architecture=nearest.architecture)
    found = search_without_reason(at, warm_start=warm, time_limit=quick)
    worse = not found.found or at.sign * (found.score - nearest.score) > 0
    return replace(nearest, problem=at, bound=found.bound) if worse else found


def _nearest(solution: Solution, end: End, asked: SearchProblem, outcome: Outcome) -> float:
    """No better architecture is within this limit."""
    held = solution.problem.budgets[end.key]
    limit = held.upper if end.side > 0 else held.lower
    bound = asked.sign * outcome.bound + solution.library.non_block_cost(end.key)
    return max(limit, bound) if end.side > 0 else min(limit, bound)


def _no_step(solution: Solution, end: End) -> NextStep:
    label = end.quantity(solution.library).label
    words = f"{label}: no looser limit changes anything; the optimum without it is the same."
    return NextStep("loosen", (), None, 0.0, (), words)


def _unknown(end: End, free: SearchProblem) -> NextStep:
    words = (
        f"{end.quantity(free.library).label}: what a looser limit changes was not found in time."
    )
    return NextStep("loosen", (end.row.value, math.nan), None, math.nan, (), words)


def _step(
    solution: Solution,
    end: End,
    direction: Direction,
    sums: tuple[float, float],
    there: Solution,
) -> NextStep:
    library = solution.library
    limits = tuple(end.as_stated(library, one) for one in sums)
    if there.architecture is None:
        words = _nothing_words(solution, end, limits[-1], there)
        return NextStep(direction, limits, None, math.nan, (), words)
    gain = solution.problem.sign * (solution.score - there.score)
    if abs(gain) <= _SAME * max(abs(solution.score), _SAME):
        gain = 0.0
    changes = changes_between(library, solution.architecture or {}, there.architecture)
    told = _loosened_words if direction == "loosen" else _tightened_words
    brief = told(solution, end, limits, there, gain)
    words = f"{brief}: {change_words(library, changes)}."
    return NextStep(direction, limits, there, gain, changes, words, brief)


def _nothing_words(solution: Solution, end: End, limit: float, there: Solution) -> str:
    quantity, sense = end.quantity(solution.library), "below" if end.tighter == "less" else "above"
    what = f"{quantity.label}: a limit {sense} {quantity.text(limit)}"
    if there.status == "infeasible":
        return f"{what} leaves no architecture."
    return f"{what} was not searched in time."


def _loosened_words(
    solution: Solution, end: End, limits: tuple[float, ...], there: Solution, gain: float
) -> str:
    quantity = end.quantity(solution.library)
    worth = _worth(solution, there, gain)
    near, far = (abs(one - end.row.value) for one in limits)
    limit = _precise(quantity, limits[-1], far)
    said = f"{_distance(quantity, far)} {end.looser}, a limit of {limit}, {worth}"
    if near == far:
        return f"{quantity.label}: {said}"
    proven = f" (proven to need at least {_distance(quantity, near)})" if near else ""
    return f"{quantity.label}: {said}{proven}, and a smaller step may do"


def _tightened_words(
    solution: Solution, end: End, limits: tuple[float, ...], there: Solution, gain: float
) -> str:
    quantity = end.quantity(solution.library)
    sense = "below" if end.tighter == "less" else "above"
    away = abs(limits[-1] - end.row.value)
    how_far = f", {_distance(quantity, away)} {end.tighter}," if away else ""
    limit = _precise(quantity, limits[-1], away)
    return (
        f"{quantity.label}: a limit just {sense} {limit}{how_far} {_worth(solution, there, gain)}"
    )


def _distance(quantity: Quantity, amount: float) -> str:
    """An amount that is left to go; small ones keep four digits."""
    if amount >= 1000:
        return quantity.text(amount)
    return f"{amount:.4g} {quantity.unit}".rstrip()


def _worth(solution: Solution, there: Solution, gain: float) -> str:
    problem = solution.problem
    label = label_of(problem.library, problem.objective)
    if gain == 0:
        return f"changes blocks, but not the summed {label}"
    falls = (gain > 0) == (problem.goal == "minimize")
    verb = "lowers" if falls else "raises"
    sure = "" if there.status == "optimal" else "at least " if gain > 0 else "at most "
    return f"{verb} the summed {label} by {sure}{score_words(problem, abs(gain))}"


def _precise(quantity: Quantity, value: float, distance: float) -> str:
    """A limit with as many digits as tell it from one at some distance."""
    text = quantity.text(value)
    if not distance or quantity.text(value - distance) != text:
        return text
    if distance >= 1:
        return f"{format_number(value)} {quantity.unit}".rstrip()
    digits = min(9, 1 - math.floor(math.log10(distance)))
    return f"{value:,.{digits}f} {quantity.unit}".rstrip()
