"""What a Puzzletron run found and measured, set beside a library of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from puzzle_widgets.errors import LibraryError, ProblemError, ScenarioError, SolverError
from puzzle_widgets.library import BlockLibrary, FrozenMapping
from puzzle_widgets.library.checks import Place
from puzzle_widgets.library.puzzletron import PuzzletronRun, Wanted
from puzzle_widgets.library.puzzletron.match import shape_of
from puzzle_widgets.library.puzzletron.reports import (
    FoundSolution,
    read_measured,
    read_solutions,
    read_sweep,
)
from puzzle_widgets.problem import Architecture, SearchProblem
from puzzle_widgets.search.outcome import Status
from puzzle_widgets.solution.architecture_file import architecture_of, plain_problem
from puzzle_widgets.solution.measured import MeasuredPoint
from puzzle_widgets.solution.optimum import search_without_reason
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Solution, assess

_SAME = 1e-9
_SECONDS_TO_PROVE = 2.0
_MOST_PROVEN = 8
_ENGINE = "found by Puzzletron"


@dataclass(frozen=True)
class RunReports:
    """What was found in a run beside its library.

    Parameters
    ----------
    scenarios
        Architectures of its searches whose costs are of the library's scenario.
    measured
        Whole models that it measured.
    notices
        What could not be used, a sentence each.
    """

    scenarios: tuple[Scenario, ...] = ()
    measured: tuple[MeasuredPoint, ...] = ()
    notices: tuple[str, ...] = ()


def read_reports(run: PuzzletronRun, library: BlockLibrary, scenario: Wanted = None) -> RunReports:
    """Read solutions, their measured scores and sweeps; a broken report costs only itself.

    Parameters
    ----------
    run
        The run.
    library
        ``run.library(scenario)``.
    scenario
        As for :meth:`PuzzletronRun.library`.
    """
    reading = _Reading(run, library, dict(run.chosen(scenario).args))
    for path in run.layout.solutions:
        reading.attempt(reading.add_solutions, path)
    for path in run.layout.validated:
        reading.attempt(reading.add_validated, path)
    for path in run.layout.sweeps:
        reading.attempt(reading.add_sweep, path)
    return RunReports(
        tuple(reading.scenarios.values()), tuple(reading.measured), tuple(reading.notices)
    )


def solutions_as_scenarios(content: object, file: str, library: BlockLibrary) -> list[Scenario]:
    """Read a ``solutions.json`` by itself as scenarios of a library that has its blocks.

    Raises
    ------
    ScenarioError
        Where it is broken, empty, or names a block that the library does not have.
    """
    found = read_solutions(content, shape_of(library), Place(file))
    if not found:
        raise ScenarioError(f"{file}: no solutions; the search that wrote it found none.")
    return [to_scenario(one, library, prove=len(found) <= _MOST_PROVEN) for one in found]


def to_scenario(found: FoundSolution, library: BlockLibrary, *, prove: bool) -> Scenario:
    """Sum up a found architecture by the library, and prove how good it is by a new search.

    Its limits are kept where the library has their costs and its own sums keep them.
    """
    architecture = architecture_of(found.blocks, library, found.name)
    solution = _assessed(_problem(found, library), architecture)
    return Scenario(found.name, _proven(solution) if prove else solution)


class _Reading:
    """The reports of one run, as they are read."""

    def __init__(self, run: PuzzletronRun, library: BlockLibrary, args: dict[str, Any]) -> None:
        self.run, self.library, self.args = run, library, args
        self.scenarios: dict[str, Scenario] = {}
        self.measured: list[MeasuredPoint] = []
        self.notices: list[str] = []
        self._found: dict[tuple[str, int], FoundSolution] = {}

    def attempt(self, add: Callable[[str], None], path: str) -> None:
        """Add one report; where it cannot be read, say so."""
        try:
            add(path)
        except (LibraryError, ScenarioError) as error:
            self.notices.append(str(error))

    def add_solutions(self, path: str) -> None:
        """Architectures of one search, where their costs are of this scenario."""
        found = read_solutions(self.run.parsed(path), self.run.shape, Place(path))
        if not found:
            self.notices.append(f"{path}: the search that wrote it found no solution.")
        for place, one in enumerate(found):
            if not _is_subset(one.args, self.args):
                self.notices.append(f"{path}: solution {place} is of another scenario of costs.")
                continue
            self._found[str(PurePosixPath(path).parent), place] = one
            scenario = to_scenario(one, self.library, prove=len(self.scenarios) < _MOST_PROVEN)
            name = _free(scenario.name, self.scenarios)
            self.scenarios[name] = replace(scenario, name=name)

    def add_validated(self, path: str) -> None:
        """Measured scores of one realised architecture, or of the parent."""
        pure = PurePosixPath(path)
        scores = read_measured(self.run.parsed(path), Place(path))
        costs, said = self._costs_of(pure)
        name = f"{pure.parent.parent.name} {pure.stem}".replace("_", " ")
        values = FrozenMapping({**scores, **costs})
        self.measured.append(MeasuredPoint(name, values, f"{path}; {said}"))

    def add_sweep(self, path: str) -> None:
        """Measured scores of each row of a sweep."""
        for name, values in read_sweep(self.run.files[path], Place(path)):
            self.measured.append(MeasuredPoint(name, values, f"{path}; costs as reckoned there"))

    def _costs_of(self, path: PurePosixPath) -> tuple[dict[str, float], str]:
        if path.stem == "teacher":
            totals = self.library.parent_totals
            return {key: totals[key] for key in self.library.costs}, "costs: the parent's sums"
        number = "".join(char for char in path.stem if char.isascii() and char.isdigit())
        found = self._found.get((str(path.parent.parent), int(number[:9] or 0)))
        if found is None:
            return {}, "costs not known"
        return dict(found.totals), "costs as summed by Puzzletron"


def _problem(found: FoundSolution, library: BlockLibrary) -> SearchProblem:
    if found.objective not in library.keys:
        return plain_problem(library)
    goal: dict[str, Any] = {"maximize" if found.maximize else "minimize": found.objective}
    limits = {key: pair for key, pair in found.limits.items() if key in library.keys}
    try:
        return SearchProblem(library, **goal, budgets=limits)
    except ProblemError:
        return SearchProblem(library, **goal)


def _assessed(problem: SearchProblem, architecture: Architecture) -> Solution:
    """Sum up within the limits, or without them where the library's sums break them."""
    try:
        return assess(problem, architecture, _ENGINE)
    except SolverError:
        goal: dict[str, Any] = {problem.goal: problem.objective}
        return assess(SearchProblem(problem.library, **goal), architecture, _ENGINE)


def _proven(solution: Solution) -> Solution:
    """Set the bound of a new search beside a score that someone else's search found."""
    found = search_without_reason(solution.problem, time_limit=_SECONDS_TO_PROVE)
    worse = solution.problem.sign * (solution.score - found.bound)
    optimal = found.status == "optimal" and worse <= _SAME * max(1.0, abs(solution.score))
    status: Status = "optimal" if optimal else "feasible"
    bound = solution.score if optimal else found.bound
    engine = f"{solution.engine}; bound by {found.engine}"
    return replace(solution, status=status, bound=bound, engine=engine)


def _is_subset(some: Mapping[str, Any], args: Mapping[str, Any]) -> bool:
    return not args or all(key in args and args[key] == value for key, value in some.items())


def _free(name: str, taken: Container[str]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name} ({number})", number + 1
    return found
