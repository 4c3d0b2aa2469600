"""``puzzle-widgets search``: the best architecture, or several diverse ones."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType

from puzzle_widgets.cli import tables
from puzzle_widgets.cli.ask import read_options, read_problem
from puzzle_widgets.cli.exits import EXIT_CODES, FOUND, INTERRUPTED
from puzzle_widgets.cli.open_library import open_asked
from puzzle_widgets.cli.output import (
    check_output,
    chosen_format,
    note,
    plain,
    write_json,
    write_tables,
    write_text,
)
from puzzle_widgets.cli.records import scenarios_of, solutions_record
from puzzle_widgets.cli.stop import stoppable
from puzzle_widgets.files.layers_file import dump_layers
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.sweeps import search_diverse

_Cancelled = Callable[[], bool]


def run(asked: Namespace) -> int:
    """Search, write what was found, and tell by the exit code whether there is anything."""
    check_output(asked)
    problem = read_problem(asked, open_asked(asked))
    shown = Console(stderr=True)
    with stoppable() as stop, shown.status("Searching (Ctrl-C stops) ..."):
        solutions, reason = _solve(asked, problem, stop.is_set)
    _write(asked, problem, solutions)
    found = any(solution.found for solution in solutions)
    if reason and (found or chosen_format(asked) != "table"):
        note(f"puzzle-widgets: {plain(reason)}")
    if chosen_format(asked) == "csv":
        for said in dict.fromkeys(said for solution in solutions for said in solution.notes):
            note(f"puzzle-widgets: {plain(said)}")
    if found:
        return FOUND
    return INTERRUPTED if stop.is_set() else EXIT_CODES[solutions[0].status]


def _solve(
    asked: Namespace, problem: SearchProblem, cancelled: _Cancelled
) -> tuple[Sequence[Solution], str]:
    """Solutions, and why there are fewer than asked; at least one, found or not."""
    options = read_options(asked) | {"cancelled": cancelled}
    if asked.diverse != 1:
        several = search_diverse(problem, asked.diverse, asked.min_difference, **options)
        if several:
            return several.solutions, several.reason
    solution = search(problem, **options)
    return [solution], solution.reason


def _write(asked: Namespace, problem: SearchProblem, solutions: Sequence[Solution]) -> None:
    scenarios = scenarios_of([found for found in solutions if found.found], "solution")
    form = chosen_format(asked)
    if form == "csv":
        write_text(dump_layers(scenarios), asked)
    elif form == "json":
        every = scenarios_of(solutions, "solution")
        asking = {"solutions": {"found": len(scenarios), "asked": asked.diverse}}
        write_json(solutions_record(every, problem) | asking, asked)
    else:
        write_tables(_tables(problem, solutions), asked)


def _tables(problem: SearchProblem, solutions: Sequence[Solution]) -> list[RenderableType]:
    parts: list[RenderableType] = list(tables.question(problem))
    if len(solutions) > 1:
        parts.append(tables.comparison(solutions))
    for place, solution in enumerate(solutions, 1):
        if len(solutions) > 1:
            parts.append(tables.words(f"Solution {place}", "bold"))
        parts += [tables.proof(solution), *tables.notes([solution])]
        if solution.found:
            parts += [tables.summary(solution), tables.blocks(solution)]
    return parts
