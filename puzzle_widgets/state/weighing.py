"""Weighted sums in a record: its library carries those that objective and scenarios ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from puzzle_widgets.library import BlockLibrary, FrozenMapping
from puzzle_widgets.library.score_sum import ScoreSum
from puzzle_widgets.library.weighted import with_sums
from puzzle_widgets.solution.scenario import Scenario, on_library
from puzzle_widgets.state.record import Record


def with_objective(record: Record, library: BlockLibrary, objective: str) -> Record:
    """Give a record another objective, which a library with more sums has."""
    return carrying(record.change(library=library, objective=objective))


def carrying(record: Record, scenarios: Iterable[Scenario] | None = None) -> Record:
    """Let a record's library carry the sums that are asked for, and no others.

    All scenarios then are of that one library, and every score of theirs can be told. What was
    said of a sum that it no longer has is forgotten, as its file would forget it.
    """
    kept = record.scenarios if scenarios is None else tuple(scenarios)
    library = with_sums(record.library, _sums(record, kept))
    moved = tuple(
        one
        if one.solution.library is library
        else replace(one, solution=on_library(one.solution, library))
        for one in kept
    )
    said = {key: goal for key, goal in record.said.items() if key in library.keys}
    return record.change(
        library=library,
        scenarios=moved,
        said=record.said if len(said) == len(record.said) else FrozenMapping(said),
    )


def _sums(record: Record, scenarios: Iterable[Scenario]) -> list[ScoreSum]:
    asked = [(record.library, record.objective)]
    problems = (one.solution.problem for one in scenarios)
    asked += [(problem.library, problem.objective) for problem in problems]
    found = {key: library.sums[key] for library, key in asked if key in library.sums}
    return list(found.values())
