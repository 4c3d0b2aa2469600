"""Another workload of what is open: memory is worked out again, and what was decided stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.library.rescale import Serving, served
from puzzle_widgets.library.weighted import with_sums
from puzzle_widgets.problem import check_problem
from puzzle_widgets.problem.budget_rows import BudgetSetting, first_settings
from puzzle_widgets.problem.restated import moved_rules
from puzzle_widgets.solution.scenario import resummed
from puzzle_widgets.state.opening import begin
from puzzle_widgets.state.record import Record
from puzzle_widgets.state.weighing import carrying
from puzzle_widgets.sweeps.batch_sizes import library_at

_STAYS = (
    "said",
    "former",
    "reference",
    "own_config",
    "target",
    "looks",
    "run",
    "workload",
    "layer",
)
_STAYS_OF_FRONT = ("front_held", "front_points")
_AXES = ("front_resource", "surface_x", "surface_y", "decisions_over")


def set_serving(record: Record, serving: Serving) -> Record:
    """Serve the open model otherwise: another batch size, other lengths, formats, non-block costs.

    Budgets and rules stay; a limit on what is not known for this workload goes, and one that is
    still as the library was opened with is set anew, from the parent's totals. A batch size whose
    runtimes the run or the library has brings them. ``Serving()`` goes back.
    """
    if not isinstance(serving, Serving):
        raise ProblemError(f"serving={short_repr(serving)}: give a Serving.")
    if serving == record.serving:
        return record
    origin = record.opened.plain
    return _moved(record, _library(record, origin, serving), origin, serving)


def _library(record: Record, origin: BlockLibrary, serving: Serving) -> BlockLibrary:
    size = serving.batch_size
    if record.run is None or size is None:
        return served(origin, serving)
    return served(library_at(origin, size, record.run), replace(serving, batch_size=None))


def _moved(record: Record, plain: BlockLibrary, origin: BlockLibrary, serving: Serving) -> Record:
    library = with_sums(plain, record.library.sums.values())
    objective = record.objective if record.objective in library.keys else library.scores[0]
    rows = _budgets(record, library)
    fresh = begin(
        library,
        objective=objective,
        goal=record.goal,
        budgets=rows,
        rules=moved_rules(record.rules, record.library, library),
    )
    stays: dict[str, Any] = {name: getattr(record, name) for name in (*_STAYS, *_STAYS_OF_FRONT)}
    stays |= {name: _axis(record, fresh, name) for name in _AXES}
    again = [resummed(one, library) for one in record.scenarios]
    moved = fresh.change(
        **stays,
        asked=record.asked & {"front"},
        origin=None if serving == Serving() else origin,
        serving=serving,
        notices=record.notices,
    )
    found = carrying(moved, [one for one in again if one is not None])
    check_problem(found.problem)
    return found


def _budgets(record: Record, library: BlockLibrary) -> tuple[BudgetSetting, ...]:
    """The rows on what is still known, with the usual ones; those never changed as at first."""
    first, untouched = first_settings(library), set(_untouched(record))
    own = {row.resource: row for row in first}
    kept = [row for row in record.budgets if _known(library, row.resource)]
    there = {row.resource for row in kept}
    more = [replace(row, on=False) for row in first if row.resource not in there]
    return (*(own[row.resource] if row in untouched else row for row in kept), *more)


def _untouched(record: Record) -> list[BudgetSetting]:
    first = first_settings(record.library)
    return [row for row in record.budgets if row in first]


def _known(library: BlockLibrary, resource: str) -> bool:
    return library.has_throughput if resource == THROUGHPUT else resource in library.keys


def limits_moved(before: Record, after: Record) -> str:
    """Say which limits went with a workload, their cost not being known, and which are set anew."""
    gone = [row for row in before.budgets if row.on and not _known(after.library, row.resource)]
    same = set(after.budgets)
    anew = [row for row in _untouched(before) if row.on and row not in (*gone, *same)]
    left, moved = _labels(before, gone), _labels(before, anew)
    said = [f"Not known for this workload, so that its limit was left out: {left}."] if left else []
    said += [f"Set anew for this workload, as you had not changed it: {moved}."] if moved else []
    return " ".join(said)


def _labels(record: Record, rows: list[BudgetSetting]) -> str:
    return " and ".join(dict.fromkeys(record.library.quantity(row.resource).label for row in rows))


def _axis(record: Record, fresh: Record, name: str) -> str:
    before: str = getattr(record, name)
    usable = {*fresh.map_resources, *fresh.library.keys}
    return before if before in usable else getattr(fresh, name)
