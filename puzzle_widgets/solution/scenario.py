"""Scenarios: solutions kept under a name."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.weighted import with_sums
from puzzle_widgets.problem import Architecture, SearchProblem
from puzzle_widgets.problem.budget_rows import limits_of
from puzzle_widgets.problem.objective import Objective, sum_words
from puzzle_widgets.problem.problem import replace_field
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
    known = all(key in library.keys for key in problem.weights)
    objective: Objective = problem.weights if known else library.keys[0]
    by_layer = problem.layer_weights if known else {}
    chosen = {layer.name: architecture[layer.name] for layer in library.layers}
    bare = SearchProblem.of(library, problem.goal, objective, layer_weights=by_layer)
    return Scenario(scenario.name, evaluate(bare, chosen))


def on_library(solution: Solution, library: BlockLibrary) -> Solution:
    """Give a solution the same library with other weighted sums: its proof holds there, too."""
    problem = replace_field(solution.problem, "library", library)
    return replace(solution, problem=problem)


def together(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Give scenarios of one library all its weighted sums, so that they share their scores.

    Scenarios of another library than the first's stay as they are.
    """
    libraries = {id(one.solution.library): one.solution.library for one in scenarios}
    if len(libraries) < 2:
        return tuple(scenarios)
    first = scenarios[0].solution.library
    alike = [library for library in libraries.values() if library.plain == first.plain]
    joined = with_sums(first, [one for library in alike for one in library.sums.values()])
    return tuple(
        replace(one, solution=on_library(one.solution, joined))
        if one.solution.library.plain == first.plain
        else one
        for one in scenarios
    )


def aim_words(problem: SearchProblem) -> str:
    """Say what a problem makes best; of a weighted score, what it adds up."""
    label = problem.library.quantity(problem.objective).label
    words = sum_words(problem.library, problem.objective)
    return f"{problem.goal.capitalize()} {label}{f' ({words})' if words else ''}"


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
