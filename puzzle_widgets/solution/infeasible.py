"""Why nothing is feasible, in words that say what would help."""

from __future__ import annotations

import math
from collections.abc import Callable

from puzzle_widgets.library.quantity import format_number
from puzzle_widgets.problem import Budget, SearchProblem
from puzzle_widgets.problem.mckp import Mckp, to_mckp
from puzzle_widgets.problem.problem import replace_field
from puzzle_widgets.search.outcome import Outcome

Solve = Callable[[Mckp], Outcome]


def explain(problem: SearchProblem, solve: Solve) -> str:
    """Say why a problem has no architecture.

    Parameters
    ----------
    problem
        An infeasible problem.
    solve
        Engine for the questions "how little, how much is possible under the other limits?".

    Returns
    -------
    str
        The rule that alone cannot be met, else for each budget what the others leave possible.
    """
    return _empty_layer(problem) or _alone(problem) or _together(problem, solve)


def _empty_layer(problem: SearchProblem) -> str:
    mckp = to_mckp(problem)
    pairs = zip(problem.library.layers, mckp.starts[:-1], mckp.starts[1:], strict=True)
    for layer, start, end in pairs:
        if not mckp.allowed[start:end].any():
            return f"Layer {layer.name!r}: every variant is banned. Allow one of them."
    return ""


def _alone(problem: SearchProblem) -> str:
    """Budgets that cannot be met even when all others are lifted."""
    for key, budget in problem.budgets.items():
        least, most = _possible(problem, key)
        text = problem.library.quantity(key).text
        if budget.upper < least:
            return f"{_ask(problem, budget)}, but the least possible is {text(least)}."
        if budget.lower > most:
            return f"{_ask(problem, budget)}, but the most possible is {text(most)}."
    return ""


def _possible(problem: SearchProblem, key: str) -> tuple[float, float]:
    mckp, column = to_mckp(problem), problem.library.column(key)
    pairs = list(zip(mckp.starts[:-1], mckp.starts[1:], strict=True))
    allowed = [column[start:end][mckp.allowed[start:end]] for start, end in pairs]
    return float(sum(part.min() for part in allowed)), float(sum(part.max() for part in allowed))


def _together(problem: SearchProblem, solve: Solve) -> str:
    asked = "; ".join(_ask(problem, budget) for budget in problem.budgets.values())
    if problem.differences:
        asked = "; ".join(filter(None, [asked, f"{len(problem.differences)} rules of difference"]))
    hints = [_hint(problem, budget, solve) for budget in problem.budgets.values()]
    return " ".join([f"No architecture meets all limits together: {asked}.", *filter(None, hints)])


def _hint(problem: SearchProblem, budget: Budget, solve: Solve) -> str:
    """What the other limits leave of this one's resource."""
    quantity = problem.library.quantity(budget.resource)
    wants_less = math.isfinite(budget.upper)
    others = problem.with_budget(budget.resource)
    goal = "minimize" if wants_less else "maximize"
    question = replace_field(replace_field(others, "objective", budget.resource), "goal", goal)
    outcome = solve(to_mckp(question))
    if outcome.choice is None:
        return ""
    value = abs(outcome.score)
    words = "at least" if wants_less else "at most"
    return f"Under the other limits, {quantity.label} is {words} {quantity.text(value)}."


def _ask(problem: SearchProblem, budget: Budget) -> str:
    quantity = problem.library.quantity(budget.resource)
    parts = []
    if math.isfinite(budget.lower):
        parts.append(f"at least {format_number(budget.lower)}")
    if math.isfinite(budget.upper):
        parts.append(f"at most {format_number(budget.upper)}")
    return f"{quantity.label} of {' and '.join(parts)} {quantity.unit}".rstrip() + " is asked"
