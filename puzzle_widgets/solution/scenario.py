"""Scenarios: solutions kept under a name."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.problem import Architecture, SearchProblem
from puzzle_widgets.problem.budget_rows import limits_of
from puzzle_widgets.shown import Shown
from puzzle_widgets.solution.solution import Solution, evaluate


@dataclass(frozen=True)
class Scenario(Shown):
    """A solution kept under a name; ``notes`` say what is to be known of how it was loaded.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> scenario = pw.Scenario("free", pw.search(problem))
    >>> pw.to_frame([scenario])["scenario"].tolist()
    ['free']
    """

    name: str
    solution: Solution
    notes: tuple[str, ...] = ()


def resummed(scenario: Scenario, library: BlockLibrary) -> Scenario | None:
    """Sum a scenario's architecture by another library of the same blocks, without its budgets.

    ``None`` where that library lacks one of its blocks.
    """
    architecture: Architecture = scenario.solution.architecture or {}
    if any(architecture.get(layer.name) not in layer.positions for layer in library.layers):
        return None
    problem = scenario.solution.problem
    key = problem.objective if problem.objective in library.keys else library.keys[0]
    chosen = {layer.name: architecture[layer.name] for layer in library.layers}
    bare = SearchProblem.of(library, problem.goal, key)
    return Scenario(scenario.name, evaluate(bare, chosen))


def first_alike(solutions: Sequence[Solution]) -> tuple[int | None, ...]:
    """Find for each solution the first before it of the same architecture, whatever was asked.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> wide = problem.with_budget("stats.memory_mib", upper="200 %")
    >>> first_alike([pw.search(problem), pw.search(wide)])
    (None, 0)
    """
    found: list[int | None] = []
    for place, one in enumerate(solutions):
        before = (n for n in range(place) if solutions[n].architecture == one.architecture)
        found.append(next(before, None) if one.found else None)
    return tuple(found)


def free_name(words: str, taken: Container[str]) -> str:
    """Give words as a name, with a number behind them where they are taken.

    Examples
    --------
    >>> free_name("A", {"A", "A (2)"})
    'A (3)'
    """
    name, number = words, 1
    while name in taken:
        number += 1
        name = f"{words} ({number})"
    return name


def saved_words(scenarios: Sequence[Scenario]) -> str:
    """Say under which name the last one was saved, and whether an earlier one is the same."""
    first = first_alike([one.solution for one in scenarios])[-1]
    words = f"Saved as scenario {scenarios[-1].name!r}."
    if first is None:
        return words
    return f"{words} It is the same architecture as {scenarios[first].name!r}."


def budget_words(problem: SearchProblem) -> str:
    """Say a problem's budgets, such as ``"Memory ≤ 80,000 MiB"``."""
    library = problem.library
    rows = (row for budget in problem.budgets.values() for row in limits_of(library, budget))
    words = [library.quantity(row.resource).limit(row.sense, row.value) for row in rows]
    return ", ".join(words) or "none"
