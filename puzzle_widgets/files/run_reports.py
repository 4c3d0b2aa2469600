"""What a Puzzletron run found and measured, set beside a library of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any, TypeVar

from puzzle_widgets.errors import LibraryError, ProblemError, ScenarioError, SolverError
from puzzle_widgets.files.architecture_file import architecture_of, plain_problem
from puzzle_widgets.library import BlockLibrary, FrozenMapping, TableRun
from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.puzzletron import PuzzletronRun, Wanted
from puzzle_widgets.library.puzzletron.layout import Profiles, profile_of
from puzzle_widgets.library.puzzletron.model_config import shape_of
from puzzle_widgets.library.puzzletron.reports import (
    End,
    FoundSolution,
    read_measured,
    read_solutions,
    read_sweep,
)
from puzzle_widgets.library.puzzletron.run import Member
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution.measured import MeasuredPoint
from puzzle_widgets.solution.optimum import search_without_reason
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Solution, evaluate, proven_by

_Report = TypeVar("_Report")
_SAID = 5
_SAME = 1e-9
_SECONDS_TO_PROVE, _SECONDS_FOR_ALL = 2.0, 16.0
_ENGINE = "found by Puzzletron"
_NO_PROOF = "no proof was tried"
NO_TIME = f"{_NO_PROOF}: those before it took the time for all of them."
_Bounds = tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class RunReports:
    """What was found in a run beside its library.

    Parameters
    ----------
    scenarios
        Architectures of its searches whose costs are of the library's workload.
    measured
        Whole models that it measured.
    notices
        What could not be used, a sentence each.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.RunReports().scenarios  # nothing was found
    ()
    """

    scenarios: tuple[Scenario, ...] = ()
    measured: tuple[MeasuredPoint, ...] = ()
    notices: tuple[str, ...] = ()


def read_reports(
    run: PuzzletronRun | TableRun, library: BlockLibrary, workload: Wanted = None
) -> RunReports:
    r"""Read solutions, their measured scores and sweeps; a broken report costs only itself.

    Parameters
    ----------
    run
        The run; a table has nothing beside its library.
    library
        ``run.library(workload)``.
    workload
        As for :meth:`PuzzletronRun.library`.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> head = "layer,variant,parent,batch size,sequence length,metrics.loss,stats.runtime_ms"
    >>> rows = "0,whole,yes,1,100,0,5", "0,whole,yes,8,100,0,20"
    >>> run = pw.open_run({"mine.csv": "\n".join([head, *rows]).encode()})
    >>> pw.read_reports(run, run.library())  # a table has none
    RunReports(scenarios=(), measured=(), notices=())
    """
    if isinstance(run, TableRun):
        return RunReports()
    opened = run.find(workload)
    member = opened.member
    reading = _Reading(member, library, dict(opened.workload.args))
    reading.attempt(reading.leave_out_history, member.layout.profiles)
    for path in member.layout.solutions:
        reading.attempt(reading.add_solutions, path)
    reading.say_of_solutions()
    for path in member.layout.validated:
        reading.attempt(reading.add_validated, path)
    for path in member.layout.sweeps:
        reading.attempt(reading.add_sweep, path)
    return RunReports(
        tuple(reading.scenarios.values()), tuple(reading.measured), tuple(reading.notices)
    )


def solutions_as_scenarios(content: object, file: str, library: BlockLibrary) -> list[Scenario]:
    """Read a ``solutions.json`` by itself as scenarios of a library that has its blocks."""
    found = read_solutions(content, shape_of(library), Location(file))
    if not found:
        raise ScenarioError(f"{file}: no solutions; the search that wrote it found none.")
    prover = Prover()
    return [to_scenario(one, library, prover) for one in found]


class _Reading:
    """The reports of one run, as they are read."""

    def __init__(self, run: Member, library: BlockLibrary, args: dict[str, Any]) -> None:
        self.run, self.library, self.args = run, library, args
        self.active, self.prover = Profiles(), Prover()
        self.scenarios: dict[str, Scenario] = {}
        self.measured: list[MeasuredPoint] = []
        self.notices: list[str] = []
        self._found: dict[tuple[str, int], FoundSolution] = {}

    def attempt(self, add: Callable[[_Report], None], report: _Report) -> None:
        """Add one report; where it cannot be read, say so."""
        try:
            add(report)
        except (LibraryError, ScenarioError) as error:
            self.notices.append(str(error))

    def leave_out_history(self, path: str) -> None:
        """Say which searches are no longer active, and leave their solutions out."""
        self.active = self.run.profiles
        paths = self.run.layout.solutions
        gone = sorted({profile_of(found) for found in paths if not self.active.counts(found)})
        if gone:
            self.notices.append(
                f"{path}: left out are the solutions of searches that are not active: "
                f"{', '.join(gone)}."
            )

    def add_solutions(self, path: str) -> None:
        """Architectures of one search, where their costs are of this workload."""
        if not self.active.counts(path):
            return
        found = read_solutions(self.run.parsed(path), self.run.shape, Location(path))
        if not found:
            self.notices.append(f"{path}: the search that wrote it found no solution.")
        mine = {n: one for n, one in enumerate(found) if _is_subset(one.args, self.args)}
        if others := len(found) - len(mine):
            self.notices.append(
                f"{path}: {others:,} of {len(found):,} solutions are of another workload."
            )
        folder = str(PurePosixPath(path).parent)
        for place, one in mine.items():
            self._found.setdefault((folder, place), one)
            self.attempt(self._add, one)

    def _add(self, found: FoundSolution) -> None:
        scenario = to_scenario(found, self.library, self.prover)
        name = _free(scenario.name, self.scenarios)
        self.scenarios[name] = replace(scenario, name=name)

    def say_of_solutions(self) -> None:
        """Say what their notes say, the first of many, and count those not proven for time."""
        said = [
            f"{one.name}: {note}"
            for one in self.scenarios.values()
            for note in one.notes
            if note != NO_TIME
        ]
        self.notices += said[:_SAID]
        if (more := len(said) - _SAID) > 0:
            count = "1 more note" if more == 1 else f"{more:,} more notes"
            self.notices.append(f"{count} of this kind beside the solutions.")
        unproven = [one.name for one in self.scenarios.values() if NO_TIME in one.notes]
        if unproven:
            count = f"{len(unproven):,} of {len(self.scenarios):,} solutions"
            self.notices.append(f"{count}: {NO_TIME} The first is {unproven[0]}.")

    def add_validated(self, path: str) -> None:
        """Measured scores of one realized architecture, or of the parent."""
        pure = PurePosixPath(path)
        scores = read_measured(self.run.parsed(path), Location(path))
        costs, said = self._costs_of(pure)
        name = f"{pure.parent.parent.name} {pure.stem}".replace("_", " ")
        values = FrozenMapping({**scores, **costs})
        self.measured.append(MeasuredPoint(name, values, f"{path}; {said}"))

    def add_sweep(self, path: str) -> None:
        """Measured scores of each row of a sweep."""
        for name, values in read_sweep(self.run.files[path], Location(path)):
            self.measured.append(MeasuredPoint(name, values, f"{path}; costs as computed there"))

    def _costs_of(self, path: PurePosixPath) -> tuple[dict[str, float], str]:
        if path.stem == "teacher":
            totals = self.library.parent_totals
            return {key: totals[key] for key in self.library.costs}, "costs: the parent's sums"
        number = "".join(char for char in path.stem if char.isascii() and char.isdigit())
        found = self._found.get((str(path.parent.parent), int(number[:9] or 0)))
        if found is None:
            return {}, "costs not known"
        return dict(found.totals), "costs as summed by Puzzletron"


def _is_subset(some: Mapping[str, Any], args: Mapping[str, Any]) -> bool:
    return not args or all(key in args and args[key] == value for key, value in some.items())


def _free(name: str, taken: Container[str]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name} ({number})", number + 1
    return found


class Prover:
    """Proves how good found architectures are, within a time for all of them together."""

    def __init__(self) -> None:
        self._end = time.monotonic() + _SECONDS_FOR_ALL
        self._known: dict[tuple[str, str, _Bounds], Solution] = {}

    def proven(self, solution: Solution) -> tuple[Solution, str]:
        """Set the bound of a new search beside a score, or say that there was no time for one."""
        found = self._search(solution.problem)
        if found is None:
            engine = f"{solution.engine}; {_NO_PROOF}"
            return replace(solution, engine=engine), NO_TIME
        return proven_by(solution, found, f"{solution.engine}; bound by {found.engine}"), ""

    def _search(self, problem: SearchProblem) -> Solution | None:
        limits = tuple((key, b.lower, b.upper) for key, b in sorted(problem.budgets.items()))
        key = (problem.goal, problem.objective, limits)
        left = self._end - time.monotonic()
        if key not in self._known and left > 0:
            limit = min(_SECONDS_TO_PROVE, left)
            self._known[key] = search_without_reason(problem, time_limit=limit)
        return self._known.get(key)


def to_scenario(found: FoundSolution, library: BlockLibrary, prover: Prover) -> Scenario:
    """Sum up a found architecture by the library, and prove how good it is by a new search.

    Its limits are kept where the library has their costs and its own sums keep them. What could
    not be kept, and where the file's own sum differs, is said in the scenario's notes.
    """
    architecture = architecture_of(found.blocks, library, found.name)
    if found.objective not in library.keys:
        problem = plain_problem(library)
        solution = evaluate(problem, architecture, f"{_ENGINE}; {_NO_PROOF}")
        return Scenario(found.name, solution, (_other_score(found, problem),))
    problem, notes = _problem(found, library)
    try:
        solution = evaluate(problem, architecture, _ENGINE)
    except SolverError:
        solution = evaluate(problem.bare, architecture, _ENGINE)
        notes.append("its limits are left out: by this library's sums it breaks them.")
    solution, unproven = prover.proven(solution)
    said = (*notes, *_difference(found, solution), unproven)
    return Scenario(found.name, solution, tuple(filter(None, said)))


def _problem(found: FoundSolution, library: BlockLibrary) -> tuple[SearchProblem, list[str]]:
    """The search that found it, as far as it can be asked of this library."""
    asked = partial(SearchProblem.of, library, _goal(found, library), found.objective)
    parent = library.parent_totals
    limits = {
        key: (_of(lower, parent[key]), _of(upper, parent[key]))
        for key, (lower, upper) in found.limits.items()
        if key in library.keys
    }
    unknown = [key for key, pair in found.limits.items() if any(pair) and key not in library.keys]
    notes = [
        f"the limit on {key} is left out, which this library does not have." for key in unknown
    ]
    try:
        return asked(budgets=limits), notes
    except ProblemError as error:
        notes.append(f"its limits are left out: {error}")
        return asked(), notes


def _goal(found: FoundSolution, library: BlockLibrary) -> Goal:
    """The sense of its score: as the file says it, else as the library tells it."""
    if found.maximize is not None:
        return "maximize" if found.maximize else "minimize"
    sense = score_sense(library, found.objective)
    if sense.goal is None:
        raise ScenarioError(f"{found.name}: {sense.reason}")
    return sense.goal


def _of(end: End | None, parent: float) -> float | None:
    return None if end is None else end.of(parent)


def _other_score(found: FoundSolution, problem: SearchProblem) -> str:
    by = (
        f"by {found.objective}, which {problem.library.name} does not have"
        if found.objective
        else ""
    )
    return (
        f"it was found {by or 'by a score that the file does not say'}; it is summed here by "
        f"{problem.objective}, without its limits, and {_NO_PROOF}."
    )


def _difference(found: FoundSolution, solution: Solution) -> list[str]:
    """Say where the file's own sum is another: on purpose where it counts parent's blocks as 0."""
    theirs, mine, library = found.value, solution.score, solution.library
    if theirs is None or _same(theirs, mine):
        return []
    key = found.objective
    pairs = zip(library.layers, solution.blocks, strict=True)
    own = [block.values[key] for layer, block in pairs if block.name == layer.parent]
    said = f"Puzzletron's file sums {key} to {theirs:.10g}, this library to {mine:.10g}"
    if own and _same(theirs, mine - sum(own)):
        count = "1 block" if len(own) == 1 else f"{len(own)} blocks"
        return [
            f"{said}: it counts the {count} of the parent's as 0, which would be right for a loss."
        ]
    return [f"{said}."]


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME * max(1.0, abs(one), abs(other))
