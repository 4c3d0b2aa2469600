"""Slack: how much of a limit an answer leaves, and whether that limit holds the score back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.problem import Budget
from puzzle_widgets.problem.budget_rows import BudgetSetting, to_budget
from puzzle_widgets.solution.solution import Solution


@dataclass(frozen=True)
class Slack:
    """What is left of one limit.

    Parameters
    ----------
    amount
        Distance of the sum from the limit, in the unit of the limit's row: tokens/s for
        throughput. Never below 0.
    binds
        Whether the limit holds the score back: its shadow price is not 0, or every block that
        would better the score takes more than is left.
    """

    amount: float
    binds: bool


def slack_of(solution: Solution, row: BudgetSetting) -> Slack | None:
    """Work out what a solution leaves of a limit; ``None`` where the limit is not part of it.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> state.budgets = (pw.BudgetSetting("stats.memory_mib", "at most", 40, on=True),)
    >>> slack = slack_of(state.solution, state.budgets[0])
    >>> slack.binds, slack.amount == 40 - state.solution.totals["stats.memory_mib"]
    (True, True)
    """
    known = solution.slacks
    if row not in known:
        known[row] = _slack_of(solution, row)
    found: Slack | None = known[row]
    return found


def _slack_of(solution: Solution, row: BudgetSetting) -> Slack | None:
    if not row.on:
        return None
    use = _use(solution, row)
    asked = to_budget(solution.library, row)
    if use is None or not asked.limits:
        return None
    held = solution.problem.budgets.get(asked.resource)
    if held is None or asked.tighten(held) != held:
        return None
    left = row.value - use if row.sense == "at most" else use - row.value
    side = 1 if math.isfinite(asked.upper) else -1
    tightest = asked.upper == held.upper if side > 0 else asked.lower == held.lower
    return Slack(max(0.0, left), tightest and _presses(solution, held, side))


def binding(solution: Solution, rows: Iterable[BudgetSetting]) -> tuple[BudgetSetting, ...]:
    """Those of some limits that hold a solution's score back."""
    found = ((row, slack_of(solution, row)) for row in rows)
    return tuple(row for row, slack in found if slack is not None and slack.binds)


def _use(solution: Solution, row: BudgetSetting) -> float | None:
    return solution.throughput if row.resource == THROUGHPUT else solution.totals.get(row.resource)


def _presses(solution: Solution, budget: Budget, side: int) -> bool:
    """Whether the upper limit of a budget (``side`` 1), or the lower one (-1), binds."""
    if side * solution.shadow_prices.get(budget.resource, 0.0) > 0:
        return True
    total = solution.totals[budget.resource]
    left = budget.upper - total if side > 0 else total - budget.lower
    return _least_step(solution, budget.resource, side) > left


def _least_step(solution: Solution, resource: str, side: int) -> float:
    """How much more of a limit the cheapest block of a better score takes."""
    problem, library = solution.problem, solution.library
    chosen = solution.choice
    sizes = library.starts[1:] - library.starts[:-1]
    score = problem.sign * library.column(problem.objective)
    cost = side * library.column(resource)
    better = problem.mckp.allowed & (score < score[chosen].repeat(sizes))
    steps = (cost - cost[chosen].repeat(sizes))[better]
    return float(steps.min()) if steps.size else -math.inf
