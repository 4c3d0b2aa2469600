"""``puzzle-widgets search`` and ``front``: the best architectures, told."""

from __future__ import annotations

import csv
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import Progress
from rich.status import Status

from puzzle_widgets.cli import tables
from puzzle_widgets.cli.inputs import open_asked, open_with_run, read_options, read_problem
from puzzle_widgets.cli.output import (
    EXIT_CODES,
    FOUND,
    INTERRUPTED,
    check_output,
    chosen_format,
    say,
    stoppable,
    write_json,
    write_tables,
    write_text,
)
from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.files.front_file import front_content
from puzzle_widgets.files.scenario_file import ASKED, asked_cell, dump_layers, scenarios_content
from puzzle_widgets.library.quantity import THROUGHPUT, format_figure
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Scenario, Solution, search
from puzzle_widgets.sweeps import (
    ParetoFront,
    iter_pareto_front,
    search_batch_sizes,
    search_diverse,
)
from puzzle_widgets.sweeps.batch_sizes import Run


def run_search(asked: Namespace) -> int:
    """Search, write what was found, and tell by the exit code whether there is anything."""
    check_output(asked)
    library, run = open_with_run(asked)
    problem = read_problem(asked, library)
    if asked.batch_sizes:
        problem = _at_best_size(asked, problem, run)
    shown = Console(stderr=True)
    with stoppable() as stop, shown.status("Searching (Ctrl-C stops) ...") as status:
        solutions, reason = _solve(
            asked, problem, stop.is_set, lambda so_far: _tell(status, so_far)
        )
    _write_solutions(asked, problem, solutions)
    found = any(solution.found for solution in solutions)
    if reason and (found or chosen_format(asked) != "table"):
        say(reason)
    if chosen_format(asked) == "csv":
        for said in dict.fromkeys(said for solution in solutions for said in solution.notes):
            say(str(said))
    if found:
        return FOUND
    return INTERRUPTED if stop.is_set() else EXIT_CODES[solutions[0].status]


def _at_best_size(asked: Namespace, problem: SearchProblem, run: Run | None) -> SearchProblem:
    """Search each batch size, say what each gives, and ask the problem at the best."""
    found = search_batch_sizes(problem, asked.batch_sizes, run=run, **read_options(asked))
    for sentence in found.sentences:
        say(sentence)
    best = found.best or next((one for one in found if one.solution is not None), None)
    if best is None or best.solution is None:
        raise ProblemError("The problem cannot be asked of any of these batch sizes.")
    return best.solution.problem


def _tell(status: Status, so_far: Solution) -> None:
    """Show how a long search goes."""
    found = format_figure(so_far.problem.objective, so_far.score) if so_far.found else "none"
    status.update(f"Searching (Ctrl-C stops): best {found}, optimality gap {so_far.gap_text} ...")


def _solve(
    asked: Namespace,
    problem: SearchProblem,
    cancelled: Cancelled,
    progress: Callable[[Solution], None],
) -> tuple[Sequence[Solution], str]:
    """Solutions, and why there are fewer than asked; at least one, found or not."""
    options = read_options(asked) | {"cancelled": cancelled}
    if asked.diverse != 1:
        several = search_diverse(problem, asked.diverse, asked.min_difference, **options)
        if several:
            return several.solutions, several.reason
    solution = search(problem, **options, progress=progress)
    return [solution], solution.reason


def _write_solutions(
    asked: Namespace, problem: SearchProblem, solutions: Sequence[Solution]
) -> None:
    scenarios = _scenarios_of([found for found in solutions if found.found], "solution")
    form = chosen_format(asked)
    if form == "csv":
        write_text(dump_layers(scenarios), asked)
    elif form == "json":
        every = _scenarios_of(solutions, "solution")
        asking = {"solutions": {"found": len(scenarios), "asked": asked.diverse}}
        write_json(_solutions_record(every, problem) | asking, asked)
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


def run_front(asked: Namespace) -> int:
    """Find the front with a progress bar, and write the points that were found."""
    check_output(asked)
    problem = read_problem(asked, open_asked(asked))
    _check_range(asked, problem)
    with stoppable() as stop:
        front = _find_front(asked, problem, stop)
    if front.solutions or stop.is_set():
        return _finish_front(asked, problem, front)
    return _explain_empty(asked, problem, front)


def _check_range(asked: Namespace, problem: SearchProblem) -> None:
    keys = (*problem.library.costs, THROUGHPUT)
    if asked.over not in keys:
        raise ProblemError(
            f"--over {asked.over!r}: {problem.library.name} has no such stat. "
            f"Give one of {', '.join(keys)}."
        )
    if asked.between and not asked.between[0] < asked.between[1]:
        raise ProblemError("--between LO HI: LO must be below HI.")
    if asked.between and asked.over == THROUGHPUT and asked.between[0] <= 0:
        raise ProblemError("--between LO HI: a throughput must be above 0 tokens/s.")


def _find_front(asked: Namespace, problem: SearchProblem, stop: Event) -> ParetoFront:
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


def _finish_front(asked: Namespace, problem: SearchProblem, front: ParetoFront) -> int:
    _write_front(asked, problem, front)
    if not front.complete:
        say(f"stopped after {front.done} of {front.asked} searches.")
    return FOUND if front.solutions else INTERRUPTED


def _explain_empty(asked: Namespace, problem: SearchProblem, front: ParetoFront) -> int:
    """Say why there is no point at all."""
    _write_front(asked, problem, front)
    solution = search(problem, **read_options(asked))
    for said in (solution.reason, *solution.notes):
        say(str(said))
    return EXIT_CODES[solution.status]


def _write_front(asked: Namespace, problem: SearchProblem, front: ParetoFront) -> None:
    form = chosen_format(asked)
    if form == "csv":
        write_text(_points_csv(front), asked)
    elif form == "json":
        write_json(_front_record(front, problem), asked)
    else:
        notes = tables.notes(front.solutions, "point")
        write_tables([*tables.question(problem), tables.front_table(front, problem), *notes], asked)


def _scenarios_of(solutions: Sequence[Solution], stem: str) -> list[Scenario]:
    """Number the solutions: ``"solution 1"``, ``"solution 2"``, ..."""
    return [Scenario(f"{stem} {place}", found) for place, found in enumerate(solutions, 1)]


def _solutions_record(scenarios: Sequence[Scenario], problem: SearchProblem) -> dict[str, Any]:
    """Give a scenario file's content with gap, throughput, speed-up, shares, units and parent."""
    content = scenarios_content(scenarios)
    content["scenarios"] = [
        record | _figures(scenario.solution)
        for record, scenario in zip(content["scenarios"], scenarios, strict=True)
    ]
    library = problem.library
    content["parent_totals"] = dict(library.parent_totals)
    content["units"] = {key: library.quantity(key).unit for key in library.keys}
    content["provenance"] = library.provenance.origin
    content["notes"] = list(library.notes)
    return content


def _front_record(front: ParetoFront, problem: SearchProblem) -> dict[str, Any]:
    """Give a front's points as scenarios, with the resource and how far the front is known."""
    content = _solutions_record(_scenarios_of(front.solutions, "point"), problem)
    searches = {"done": front.done, "asked": front.asked, "complete": front.complete}
    return content | {"over": front.resource, "searches": searches}


def _points_csv(front: ParetoFront) -> str:
    """One line per point: status, figures and totals."""
    names = ["point", "status", "score", "bound", "gap", "throughput_tokens_per_s", "speedup"]
    rows = [
        {
            "point": place,
            "status": found.status,
            "score": found.score,
            "bound": found.bound,
            "gap": found.gap,
            "throughput_tokens_per_s": found.throughput,
            "speedup": found.speedup,
            **found.totals,
            "notes": " ".join(map(str, found.notes)),
        }
        for place, found in enumerate(front.solutions, 1)
    ]
    if rows:
        rows[0][ASKED] = asked_cell(front_content(front))
    return str(
        (pd.DataFrame(rows) if rows else pd.DataFrame(columns=names)).to_csv(
            index=False, quoting=csv.QUOTE_NONNUMERIC
        )
    )


def _figures(solution: Solution) -> dict[str, Any]:
    return {
        "gap": solution.gap,
        "throughput_tokens_per_s": solution.throughput,
        "speedup": solution.speedup,
        "shares_of_parent": dict(solution.shares),
        "reason": solution.reason,
        "notes": list(map(str, solution.notes)),
    }
