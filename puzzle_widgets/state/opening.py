"""Records to begin with: of a library, a problem, a solution, a run in one of its workloads."""

from __future__ import annotations

from typing import Any

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.files import read_reports
from puzzle_widgets.files.ground_truth import embedded_ground_truth
from puzzle_widgets.library import BlockLibrary, FrozenMapping, PuzzletronRun, TableRun
from puzzle_widgets.library.puzzletron import Wanted
from puzzle_widgets.library.quantity import MEMORY, RUNTIME, THROUGHPUT, limited_key
from puzzle_widgets.library.sense import score_sense
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import first_settings, rules_of, settings_of
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.scenario import resummed
from puzzle_widgets.state.record import Record, Selection
from puzzle_widgets.state.weighing import carrying

Run = PuzzletronRun | TableRun
SOURCES = (
    "a block library, its name or path, a DataFrame, a Puzzletron run, a SearchProblem, or "
    "a Solution"
)


def open_any(source: object, workload: Wanted = None) -> Record:
    """Begin with whatever can be explored.

    Raises
    ------
    LibraryError
        If it cannot, or if a workload is named where there are none.
    """
    if isinstance(source, PuzzletronRun | TableRun):
        return open_run(source, workload)
    if workload is not None:
        raise LibraryError(
            "No workloads here. Only a Puzzletron run has them, or a table with rows for "
            "several batch sizes."
        )
    if isinstance(source, SearchProblem):
        return open_problem(source)
    return open_solution(source) if isinstance(source, Solution) else open_library(source)


def open_library(library: object) -> Record:
    """Begin with a library: its first score, and the budgets that are usual for it."""
    if not isinstance(library, BlockLibrary):
        raise LibraryError(f"A {type(library).__name__} cannot be explored. Give {SOURCES}.")
    objective = next(iter(library.scores), library.keys[0])
    goal = score_sense(library, objective).goal
    return begin(library, objective=objective, goal=goal, budgets=first_settings(library))


def open_problem(problem: SearchProblem) -> Record:
    """Begin with a problem's objective, budgets and rules."""
    return begin(
        problem.library,
        objective=problem.objective,
        goal=problem.goal,
        budgets=settings_of(problem, first_settings(problem.library)),
        rules=rules_of(problem, "as asked"),
    )


def open_solution(solution: Solution) -> Record:
    """Begin with a solution's problem; one that is not proven is a scenario, and is shown."""
    record = open_problem(solution.problem)
    if solution.status == "optimal" or not solution.found:
        return record
    return record.change(
        scenarios=(Scenario("given", solution),), selection=Selection("scenario", 0)
    )


def open_run(run: Run, workload: Wanted = None) -> Record:
    """Begin with a run in one workload, with the solutions and measurements in it.

    Raises
    ------
    LibraryError
        If it cannot be read.
    """
    chosen = run.chosen(workload).name
    record = open_library(run.library(chosen))
    reports = read_reports(run, record.library, chosen)
    return record.change(
        run=run,
        workload=chosen,
        notices=tuple(dict.fromkeys((*record.notices, *reports.notices))),
        scenarios=reports.scenarios,
        measured=reports.measured,
    )


def change_workload(record: Record, workload: str) -> Record:
    """Begin with another workload of the same run; saved solutions are summed again."""
    if record.run is None or workload == record.workload:
        return record
    opened = open_run(record.run, workload)
    known = {scenario.name for scenario in opened.scenarios}
    again = (resummed(one, opened.library) for one in record.scenarios if one.name not in known)
    kept = carrying(opened, (*opened.scenarios, *filter(None, again))).change(former=record.former)
    named = kept.change(reference=record.reference)
    return kept if named.reference_place is None else named


def begin(library: BlockLibrary, **fields: Any) -> Record:  # noqa: ANN401
    """Give a record with axes that the library has, and the measurements that come with it."""
    record = Record(
        library, **fields, measured=embedded_ground_truth(library), notices=tuple(library.notes)
    )
    resources = record.map_resources
    x = MEMORY if MEMORY in resources else next(iter(resources), "")
    others = [key for key in resources if limited_key(key) != limited_key(x)]
    usual = [key for key in (THROUGHPUT, RUNTIME) if key in others]
    y = next(iter([*usual, *others]), "")
    return record.change(
        said=FrozenMapping({record.objective: record.goal} if record.goal else {}),
        front_resource=_first_axis(record),
        surface_x=x,
        surface_y=y,
        decisions_over=y or x,
    )


def _first_axis(record: Record) -> str:
    if record.library.has_throughput:
        return THROUGHPUT
    return record.budgets[0].resource if record.budgets else record.library.keys[-1]
