"""Actions on what has workloads: open it, and choose the costs that count."""

from __future__ import annotations

from traitlets import Tuple, Unicode

from puzzle_widgets.files import RunReports, read_reports
from puzzle_widgets.library import BlockLibrary, PuzzletronRun, TableRun
from puzzle_widgets.library.puzzletron import Wanted
from puzzle_widgets.solution import Scenario
from puzzle_widgets.solution.scenario import resummed
from puzzle_widgets.state.map_actions import MapActions


class RunActions(MapActions):
    """The run or long table that is open, and its workloads."""

    costs = Tuple(help="names of the workloads to choose from; empty without a run")
    costs_chosen = Unicode(help="the one that is open")
    notices = Tuple(help="what was left out of what is open, or set right, a sentence each")

    def __init__(self, solver: str) -> None:
        super().__init__(solver)
        self._run: PuzzletronRun | TableRun | None = None

    def open_library(self, library: BlockLibrary) -> None:
        """Explore another library from the start."""
        raise NotImplementedError

    def open_run(self, run: PuzzletronRun | TableRun, workload: Wanted = None) -> None:
        """Explore a run in one workload, with the solutions and measurements in it.

        Raises
        ------
        LibraryError
            If it cannot be read; what was on screen stays.
        """
        chosen = run.chosen(workload).name
        library = run.library(chosen)
        reports = read_reports(run, library, chosen)
        self.open_library(library)
        self._take_run(run, chosen, reports)

    def choose_costs(self, name: str) -> None:
        """Open another workload of the same run; saved solutions are summed anew."""
        if self._run is not None and name != self.costs_chosen:
            self._attempt(lambda: self._change_costs(name))

    def _change_costs(self, name: str) -> None:
        kept: tuple[Scenario, ...] = self.scenarios
        if self._run is None:
            return
        self.open_run(self._run, name)
        known = {scenario.name for scenario in self.scenarios}
        again = [
            resummed(scenario, self.library) for scenario in kept if scenario.name not in known
        ]
        self._put(scenarios=(*self.scenarios, *(scenario for scenario in again if scenario)))

    def _take_run(self, run: PuzzletronRun | TableRun, chosen: str, reports: RunReports) -> None:
        notices = (*self.library.notes, *reports.notices)
        with self.hold_trait_notifications():
            self._run = run
            self._put(costs=tuple(workload.name for workload in run.workloads))
            self._put(costs_chosen=chosen, notices=tuple(dict.fromkeys(notices)))
            self._put(scenarios=reports.scenarios, measured=reports.measured)
        self._say_notices()

    def _forget_run(self) -> None:
        self._run = None
        self._put(costs=(), costs_chosen="", notices=self.library.notes)

    def _say_notices(self) -> None:
        """Say the first note of what was opened, and how many there are."""
        if self.notices:
            count = "1 note" if len(self.notices) == 1 else f"{len(self.notices)} notes"
            self.say(f"{self.library.name} is open, with {count}. {self.notices[0]}")
