"""Why nothing is feasible, in words that say what would help."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from puzzle_widgets.library.quantity import THROUGHPUT, Quantity
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem import Budget, SearchProblem
from puzzle_widgets.problem.budget_rows import limits_of
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
            return f"{asked}, but {_end(problem, budget, least, 1)}."
        if budget.lower > most:
            return f"{asked}, but {_end(problem, budget, most, 0)}."
        if budget.lower > budget.upper:
            return f"{asked}, which contradict each other."
    return ""


def _end(problem: SearchProblem, budget: Budget, value: float, side: int) -> str:
    """Say the end that is possible, so that it differs from a limit that it just misses."""
    quantity, reached, word = _as_stated(problem, budget, value, side)
    _, limit, _ = _as_stated(problem, budget, (budget.lower, budget.upper)[side], side)
    text = quantity.text(reached)
    if text == quantity.text(limit):
        text = f"{quantity.text(abs(reached - limit))} away from that"
    return f"the {word} possible is {text}"


def _as_stated(
    problem: SearchProblem, budget: Budget, value: float, side: int
) -> tuple[Quantity, float, str]:
    """A sum as its limit was stated: in runtime or throughput, and whether that is an end below."""
    speed = problem.library.throughput(value) if budget.rates[side] else None
    if speed is None or not math.isfinite(speed):
        return problem.library.quantity(budget.resource), value, ("most", "least")[side]
    return problem.library.quantity(THROUGHPUT), speed, ("least", "most")[side]


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
    asked = "; ".join(filter(None, [asked, *problem.rule_names]))
    hints = [_hint(problem, budget, solve) for budget in problem.budgets.values()]
    return " ".join([f"No architecture meets all limits together: {asked}.", *filter(None, hints)])


def _hint(problem: SearchProblem, budget: Budget, solve: Solve) -> str:
    """What the other limits leave of this one's resource, where that alone rules it out."""
    if math.isfinite(budget.upper):
        least = _extreme(problem, budget, "minimize", solve)
        if least > budget.upper:
            return _leave(problem, budget, least, 1)
    if math.isfinite(budget.lower):
        most = _extreme(problem, budget, "maximize", solve)
        if most < budget.lower:
            return _leave(problem, budget, most, 0)
    return ""


def _leave(problem: SearchProblem, budget: Budget, value: float, side: int) -> str:
    quantity, end, word = _as_stated(problem, budget, value, side)
    return f"Under the other limits, {quantity.label} is at {word} {quantity.text(end)}."


def _extreme(problem: SearchProblem, budget: Budget, goal: Goal, solve: Solve) -> float:
    """Bound on a budget's sum without that budget; NaN where the others are infeasible."""
    others = problem.with_budget(budget.resource)
    question = replace_field(replace_field(others, "objective", budget.resource), "goal", goal)
    outcome = solve(question.mckp)
    if outcome.choice is None:
        return math.nan
    return question.sign * outcome.bound + problem.library.non_block_cost(budget.resource)


def _ask(problem: SearchProblem, budget: Budget) -> str:
    parts: dict[str, list[str]] = {}
    for row in limits_of(problem.library, budget):
        words = f"{row.sense} {problem.library.quantity(row.resource).text(row.value)}"
        parts.setdefault(row.resource, []).append(words)
    asked = []
    for resource, words_of in parts.items():
        label = problem.library.quantity(resource).label
        asked.append(f"{label} of {' and '.join(words_of)}")
    return f"{' and '.join(asked)} is asked"
