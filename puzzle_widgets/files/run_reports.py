"""What a Puzzletron run found and measured, set beside a library of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, TypeVar

from puzzle_widgets.errors import LibraryError, ScenarioError
from puzzle_widgets.files.found_scenario import NO_TIME, Prover, to_scenario
from puzzle_widgets.library import BlockLibrary, FrozenMapping, TableRun
from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.puzzletron import PuzzletronRun, Wanted
from puzzle_widgets.library.puzzletron.layout import Profiles, profile_of
from puzzle_widgets.library.puzzletron.match import shape_of
from puzzle_widgets.library.puzzletron.reports import (
    FoundSolution,
    read_measured,
    read_solutions,
    read_sweep,
)
from puzzle_widgets.library.puzzletron.run import Member
from puzzle_widgets.solution.measured import MeasuredPoint
from puzzle_widgets.solution.scenario import Scenario

_Report = TypeVar("_Report")
_SAID = 5


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
    """Read a ``solutions.json`` by itself as scenarios of a library that has its blocks.

    Raises
    ------
    ScenarioError
        Where it is broken, empty, or names a block that the library does not have.
    """
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
