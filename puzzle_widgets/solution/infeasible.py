"""Why nothing is feasible, in words that say what would help."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from puzzle_widgets.library.quantity import format_number
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem import Budget, SearchProblem
from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.problem.problem import replace_field
from puzzle_widgets.search.outcome import Outcome

Solve = Callable[[Mckp], Outcome]


def explain(problem: SearchProblem, solve: Solve) -> str:
    """Say which rule alone cannot be met, else what the others leave possible of each budget.

    ``solve`` answers "how little, how much is possible under the other limits?".
    """
    return _empty_layer(problem) or _alone(problem) or _together(problem, solve)


def _empty_layer(problem: SearchProblem) -> str:
    mckp = problem.mckp
    pairs = zip(problem.library.layers, mckp.starts[:-1], mckp.starts[1:], strict=True)
    for layer, start, end in pairs:
        if not mckp.allowed[start:end].any():
            return f"Layer {layer.name!r}: every variant is banned. Allow one of them."
    return ""


def _alone(problem: SearchProblem) -> str:
    """Budgets that cannot be met even when all others are lifted."""
    for key, budget in problem.budgets.items():
        least, most = _possible(problem, key)
        asked = _ask(problem, budget)
        if budget.upper < least:
            return f"{asked}, but the least possible is {_text(problem, key, least)}."
        if budget.lower > most:
            return f"{asked}, but the most possible is {_text(problem, key, most)}."
        if budget.lower > budget.upper:
            return f"{asked}, which contradict each other."
    return ""


def _text(problem: SearchProblem, key: str, value: float) -> str:
    """Write a value so that it differs from a limit that it just misses."""
    quantity, budget = problem.library.quantity(key), problem.budgets[key]
    limits = {quantity.text(budget.lower), quantity.text(budget.upper)}
    if quantity.text(value) not in limits:
        return quantity.text(value)
    nearest = min(abs(value - limit) for limit in (budget.lower, budget.upper))
    return f"{format_number(nearest)} {quantity.unit}".rstrip() + " away from that"


def _possible(problem: SearchProblem, key: str) -> tuple[float, float]:
    mckp, column = problem.mckp, problem.library.column(key)
    outside = problem.library.non_block_cost(key)
    pairs = list(zip(mckp.starts[:-1], mckp.starts[1:], strict=True))
    allowed = [column[start:end][mckp.allowed[start:end]] for start, end in pairs]
    least, most = (math.fsum([outside, *map(end, allowed)]) for end in (np.min, np.max))
    return least, most


def _together(problem: SearchProblem, solve: Solve) -> str:
    asked = "; ".join(_ask(problem, budget) for budget in problem.budgets.values())
    if problem.differences:
        asked = "; ".join(filter(None, [asked, f"{len(problem.differences)} rules of difference"]))
    hints = [_hint(problem, budget, solve) for budget in problem.budgets.values()]
    return " ".join([f"No architecture meets all limits together: {asked}.", *filter(None, hints)])


def _hint(problem: SearchProblem, budget: Budget, solve: Solve) -> str:
    """What the other limits leave of this one's resource, where that alone rules it out."""
    quantity = problem.library.quantity(budget.resource)
    if math.isfinite(budget.upper):
        least = _extreme(problem, budget, "minimize", solve)
        if least > budget.upper:
            return f"Under the other limits, {quantity.label} is at least {quantity.text(least)}."
    if math.isfinite(budget.lower):
        most = _extreme(problem, budget, "maximize", solve)
        if most < budget.lower:
            return f"Under the other limits, {quantity.label} is at most {quantity.text(most)}."
    return ""


def _extreme(problem: SearchProblem, budget: Budget, goal: Goal, solve: Solve) -> float:
    """Bound on a budget's sum without that budget; NaN where the others are infeasible."""
    others = problem.with_budget(budget.resource)
    question = replace_field(replace_field(others, "objective", budget.resource), "goal", goal)
    outcome = solve(question.mckp)
    if outcome.choice is None:
        return math.nan
    return question.sign * outcome.bound + problem.library.non_block_cost(budget.resource)


def _ask(problem: SearchProblem, budget: Budget) -> str:
    quantity = problem.library.quantity(budget.resource)
    parts = []
    if math.isfinite(budget.lower):
        parts.append(f"at least {format_number(budget.lower)}")
    if math.isfinite(budget.upper):
        parts.append(f"at most {format_number(budget.upper)}")
    return f"{quantity.label} of {' and '.join(parts)} {quantity.unit}".rstrip() + " is asked"
