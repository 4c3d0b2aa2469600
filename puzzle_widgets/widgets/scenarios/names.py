"""Names that are offered for what is saved: its budgets in words, as far as they are short."""

from __future__ import annotations

import math
from collections.abc import Collection

from puzzle_widgets.library.quantity import MEMORY, RUNTIME, THROUGHPUT, format_number
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution.scenario import free_name
from puzzle_widgets.state import ExplorerState

_LONGEST_NAME = 72


def suggested_name(state: ExplorerState) -> str:
    """Offer a name that no scenario has yet, such as ``"80,000 MiB, 6,000 tokens/s"``."""
    taken = {kept.name for kept in state.record.kept}
    if state.shown is not None:
        in_ms = any(row.resource == RUNTIME and row.on for row in state.budgets)
        words = _budgets_words(state.shown.problem, as_speed=not in_ms)
        if words and len(words) <= _LONGEST_NAME:
            return free_name(words, taken)
    return _numbered(taken)


def _budgets_words(problem: SearchProblem, *, as_speed: bool) -> str:
    words = []
    for key, budget in problem.budgets.items():
        if math.isfinite(budget.upper):
            words.append(_limit_words(problem, key, budget.upper, "", as_speed=as_speed))
        if math.isfinite(budget.lower):
            words.append(_limit_words(problem, key, budget.lower, "≥ ", as_speed=as_speed))
    return ", ".join(words)


def _limit_words(
    problem: SearchProblem, key: str, limit: float, sign: str, *, as_speed: bool
) -> str:
    speed = problem.library.throughput(limit) if key == RUNTIME and as_speed else None
    if speed is not None and math.isfinite(speed):
        return f"{'≤ ' if sign else ''}{format_number(speed)} tokens/s"
    quantity = problem.library.quantity(key)
    named = quantity.unit and key in (MEMORY, RUNTIME, THROUGHPUT)
    return sign + quantity.text(limit) + ("" if named else f" {quantity.label}")


def _numbered(taken: Collection[str]) -> str:
    number = len(taken) + 1
    while f"Scenario {number}" in taken:
        number += 1
    return f"Scenario {number}"
