"""Scenarios beside each other: which are the same, and the words of their budgets."""

from __future__ import annotations

import puzzle_widgets as pw
from puzzle_widgets.solution.scenario import first_alike
from tests.support.libraries import LOSS, MEMORY, make_library

LIBRARY = make_library([[(0, 10, 60), (1, 6, 50)], [(0, 20, 40), (2, 5, 30)]])


def answer(memory: float) -> pw.Solution:
    """Search within a memory budget."""
    return pw.search(pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: memory}))


def test_the_first_of_the_same_architecture_is_found_whatever_was_asked() -> None:
    """Other budgets, the same blocks; what found nothing is like nothing."""
    solutions = [answer(limit) for limit in (40, 20, 31, 5, 21, 5)]
    assert first_alike(solutions) == (None, None, 0, None, 1, None)
    assert first_alike([]) == ()
