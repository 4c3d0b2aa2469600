"""``puzzle-widgets front``: the Pareto front of score against one resource."""

from __future__ import annotations

import sys
from argparse import Namespace
from threading import Event

from rich.console import Console
from rich.progress import Progress

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
from puzzle_widgets.cli.records import front_record, points_csv
from puzzle_widgets.cli.stop import stoppable
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import search
from puzzle_widgets.sweeps import ParetoFront, iter_pareto_front


def run(asked: Namespace) -> int:
    """Find the front with a progress bar, and write the points that were found."""
    check_output(asked)
    problem = read_problem(asked, open_asked(asked))
    _check_range(asked, problem)
    with stoppable() as stop:
        front = _find(asked, problem, stop)
    if front.solutions or stop.is_set():
        return _finish(asked, problem, front)
    return _explain(asked, problem, front)


def _check_range(asked: Namespace, problem: SearchProblem) -> None:
    keys = (*problem.library.costs, THROUGHPUT)
    if asked.over not in keys:
        raise ProblemError(
            f"--over {asked.over!r}: {problem.library.name} has no such stat. "
            f"Give one of {', '.join(keys)}."
        )
    if asked.between and not asked.between[0] < asked.between[1]:
        raise ProblemError("--between LO HI: LO must lie below HI.")
    if asked.between and asked.over == THROUGHPUT and asked.between[0] <= 0:
        raise ProblemError("--between LO HI: a throughput lies above 0 tokens/s.")


def _find(asked: Namespace, problem: SearchProblem, stop: Event) -> ParetoFront:
    front = ParetoFront(asked.over, (), 0, asked.points)
    fronts = iter_pareto_front(
        problem,
        asked.over,
        asked.points,
        between=tuple(asked.between) if asked.between else None,
        cancelled=stop.is_set,
        **read_options(asked),
    )
    bar = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with bar:
        task = bar.add_task("Pareto front (Ctrl-C stops)", total=asked.points)
        for front in fronts:
            bar.update(task, completed=front.done, total=front.asked)
    return front


def _finish(asked: Namespace, problem: SearchProblem, front: ParetoFront) -> int:
    _write(asked, problem, front)
    if not front.complete:
        note(f"puzzle-widgets: stopped after {front.done} of {front.asked} searches.")
    return FOUND if front.solutions else INTERRUPTED


def _explain(asked: Namespace, problem: SearchProblem, front: ParetoFront) -> int:
    """Say why there is no point at all."""
    _write(asked, problem, front)
    solution = search(problem, **read_options(asked))
    for said in (solution.reason, *solution.notes):
        note(f"puzzle-widgets: {plain(said)}")
    return EXIT_CODES[solution.status]


def _write(asked: Namespace, problem: SearchProblem, front: ParetoFront) -> None:
    form = chosen_format(asked)
    if form == "csv":
        write_text(points_csv(front), asked)
    elif form == "json":
        write_json(front_record(front, problem), asked)
    else:
        notes = tables.notes(front.solutions, "point")
        write_tables([*tables.question(problem), tables.front_table(front, problem), *notes], asked)
