"""Scenarios beside each other: which are the same, and the words of their budgets."""

from __future__ import annotations

import puzzle_widgets as pw
from puzzle_widgets.solution.scenario import budget_words, first_alike
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

LIBRARY = make_library([[(0, 10, 60), (1, 6, 50)], [(0, 20, 40), (2, 5, 30)]])


def answer(memory: float) -> pw.Solution:
    """Search within a memory budget."""
    return pw.search(pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: memory}))


def test_the_first_of_the_same_architecture_is_found_whatever_was_asked() -> None:
    """Other budgets, the same blocks; what found nothing is like nothing."""
    solutions = [answer(limit) for limit in (40, 20, 31, 5, 21, 5)]
    assert first_alike(solutions) == (None, None, 0, None, 1, None)
    assert first_alike([]) == ()


def test_a_limit_keeps_the_name_that_it_was_stated_by() -> None:
    """Throughput as throughput, latency as runtime, from Python and through other changes."""
    fast = pw.SearchProblem(LIBRARY, minimize=LOSS, throughput=900, budgets={MEMORY: 40})
    assert budget_words(fast) == "Memory \u2264 40 MiB, Throughput \u2265 900 tokens/s"
    assert "Throughput" in budget_words(fast.with_budget(MEMORY).with_fixed({0: "parent"}))
    slow = pw.SearchProblem(LIBRARY, minimize=LOSS, latency_ms=90)
    assert budget_words(slow) == "Runtime \u2264 90 ms"
    both = pw.SearchProblem(LIBRARY, minimize=LOSS, throughput=900, latency_ms=90)
    assert budget_words(both) == "Runtime \u2264 90 ms"
    assert pw.Budget(RUNTIME, upper=100) == pw.Budget(RUNTIME, upper=100, rates=(False, True))
