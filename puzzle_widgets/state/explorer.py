"""The explorer's state: traits to read, actions to call; every widget is built on one of these."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pandas as pd

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library import (
    BlockLibrary,
    PuzzletronRun,
    load_files,
    open_run,
    open_source,
)
from puzzle_widgets.library.puzzletron import Wanted
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.solution import parent_solution
from puzzle_widgets.solution.truth_file import embedded_truth
from puzzle_widgets.state.dataset_actions import DatasetActions
from puzzle_widgets.state.handover_actions import HandoverActions
from puzzle_widgets.state.limits import first_settings, to_problem
from puzzle_widgets.state.run_actions import RunActions
from puzzle_widgets.state.traits import Selection

_PLACES = (str, os.PathLike, pd.DataFrame)


class ExplorerState(DatasetActions, HandoverActions, RunActions):
    """All that the explorer knows.

    Widgets observe the traits and call the actions; they never set a trait themselves. Searches
    run in the background where an event loop runs, else at once.

    Parameters
    ----------
    source
        What to explore: a block library, a Puzzletron run, or what :func:`puzzle_widgets.
        load_library` takes, such as a name or a path.
    solver
        As for :func:`puzzle_widgets.search`.
    scenario
        For a Puzzletron run: whose costs count, as for :func:`puzzle_widgets.load_library`.
    """

    def __init__(
        self,
        source: BlockLibrary | PuzzletronRun | str | os.PathLike[str] | pd.DataFrame,
        *,
        solver: str = "exact",
        scenario: Wanted = None,
    ) -> None:
        super().__init__(solver)
        opened = open_source(source) if isinstance(source, _PLACES) else source
        if isinstance(opened, PuzzletronRun):
            self.open_run(opened, scenario)
        elif scenario is not None:
            raise LibraryError(f"{opened.name}: no scenarios here. Only a Puzzletron run has them.")
        else:
            self.open_library(opened)

    def open_library(self, library: BlockLibrary) -> None:
        """Explore another library from the start; kept scenarios of the old one go."""
        self.withdraw_offer()
        self.stop_front()
        self._known_fronts.clear()
        objective = next(iter(library.scores), library.keys[0])
        with self.hold_trait_notifications():
            self.library, self.scenarios, self.layer = library, (), None
            self.measured = embedded_truth(library)
            self._forget_run()
            self.selection, self.shown, self.solution = Selection(), None, None
            self._answered = {}
            self._take_objective(objective)
            self.limits, self.rules = first_settings(library), ()
            self._take_parent_config()
            self.front, self.front_resource = None, self._first_resource()
            self._start_maps()
            self.parent = parent_solution(to_problem(library, objective, self._goal, ()))
        self._state_problem()
        self._say_notices()

    def open_files(self, files: Mapping[str, bytes]) -> None:
        """Open uploaded files; bad ones give a message, and what was on screen stays."""
        self._attempt(lambda: self._open_files(files))

    def close(self) -> None:
        """End the background work."""
        self._searches.close()
        self._fronts.close()
        self._fetches.close()
        self._close_maps()

    def _open_files(self, files: Mapping[str, bytes]) -> None:
        run = open_run(files)
        if run is None:
            self.open_library(load_files(files))
        else:
            self.open_run(run)

    def _first_resource(self) -> str:
        if self.library.throughput(1.0) is not None:
            return THROUGHPUT
        return next(iter(self.limits)).resource if self.limits else self.library.keys[-1]
