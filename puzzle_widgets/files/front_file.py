"""The points of a front as a table: its columns, and a CSV file of it for spreadsheets."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from puzzle_widgets.files.scenario_file import ASKED, asked_cell, asked_content, harmless
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import (
    KV_HEADS,
    MEMORY,
    PARAMETERS,
    RUNTIME,
    THROUGHPUT,
    describe_key,
    limited_key,
)
from puzzle_widgets.solution.solution import STATUS_WORDS, Solution
from puzzle_widgets.sweeps.front import ParetoFront, resource_use

_USUAL = (MEMORY, RUNTIME, PARAMETERS, KV_HEADS)
Figure = float | str | None


@dataclass(frozen=True)
class FrontColumn:
    """One column of the table.

    Parameters
    ----------
    title
        What it is, with its unit.
    value
        What it says of a point: a number in that unit, or words; ``None`` where nothing is known.
    key
        Dotted key of the score or cost, or ``"throughput"``; empty for what is neither.
    """

    title: str
    value: Callable[[Solution], Figure]
    key: str = ""


def front_columns(library: BlockLibrary, objective: str) -> list[FrontColumn]:
    """List the columns: score, speed, costs, the usual ones first, layers changed, and proof.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> [column.title for column in front_columns(library, "metrics.kl_div")][:4]
    ['KL divergence, summed (nats/byte)', 'Throughput (tokens/s)', 'Speedup (x)', 'Memory (MiB)']
    """
    score = library.quantity(objective)
    unit = f" ({score.unit})" if score.unit else ""
    costs = dict.fromkeys([*(key for key in _USUAL if key in library.keys), *library.costs])
    return [
        FrontColumn(f"{score.label}, summed{unit}", _total(objective), objective),
        *_speed(library),
        *(_cost(library, key) for key in costs if key != objective),
        FrontColumn("Layers changed", lambda point: point.changed_count),
        FrontColumn("Status", lambda point: STATUS_WORDS[point.status]),
        FrontColumn("Gap (%)", lambda point: _known(100 * point.gap)),
    ]


def dump_front(front: ParetoFront, places: Iterable[int]) -> str:
    """Write points of a front as CSV, in this order; every number in full.

    Titles that a spreadsheet would take for a formula have an apostrophe in front. The last
    column says once, as JSON, what the front is the answer to: library, version, whole problem.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> front = pw.pareto_front(problem, "throughput", points=3)
    >>> dump_front(front, [2, 0]).splitlines()[1].partition(",")[0]
    '3'
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    points = [(place, front.solutions[place]) for place in places]
    if not points:
        return ""
    problem = points[0][1].problem
    columns = front_columns(problem.library, problem.objective)
    writer.writerow(["Point", *(harmless(column.title) for column in columns), ASKED])
    asked = asked_cell(front_content(front))
    for place, point in points:
        writer.writerow([place + 1, *(_cell(column.value(point)) for column in columns), asked])
        asked = ""
    return text.getvalue()


def front_content(front: ParetoFront) -> dict[str, Any]:
    """What a front is the answer to, as JSON values: its problem without a limit along the axis.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> front_content(pw.pareto_front(problem, "throughput", points=3))["over"]
    'throughput'
    """
    problem = front.solutions[0].problem
    if limited_key(front.resource) in problem.budgets:
        problem = problem.with_budget(limited_key(front.resource))
    return {**asked_content(problem), "over": front.resource}


def _cell(value: Figure) -> object:
    return "" if value is None else harmless(value)


def _speed(library: BlockLibrary) -> list[FrontColumn]:
    if RUNTIME not in library.keys:
        return []
    speedup = FrontColumn("Speedup (x)", lambda point: _known(point.speedup))
    if not library.has_throughput:
        return [speedup]
    title = describe_key(THROUGHPUT).title
    return [FrontColumn(title, lambda point: _known(point.throughput), THROUGHPUT), speedup]


def _cost(library: BlockLibrary, key: str) -> FrontColumn:
    return FrontColumn(library.quantity(key).title, _total(key), key)


def _total(key: str) -> Callable[[Solution], Figure]:
    return lambda point: _known(resource_use(point, key))


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
