"""The explorer's state: traits to read, actions to call; every widget is built on one of these."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pandas as pd

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.files.truth_file import embedded_truth
from puzzle_widgets.library import (
    BlockLibrary,
    PuzzletronRun,
    TableRun,
    open_source,
)
from puzzle_widgets.library.puzzletron import Wanted
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.library.sense import score_sense
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import (
    BudgetSetting,
    first_settings,
    rules_of,
    settings_of,
    to_problem,
)
from puzzle_widgets.solution import Scenario, Solution, parent_solution
from puzzle_widgets.state.dataset_actions import DatasetActions
from puzzle_widgets.state.export_actions import ExportActions
from puzzle_widgets.state.run_actions import RunActions
from puzzle_widgets.state.traits import Selection

SOURCES = (
    "a block library, its name or path, a DataFrame, a Puzzletron run, a SearchProblem, or "
    "a Solution"
)
_Place = str | os.PathLike[str] | pd.DataFrame
_PLACES = (str, os.PathLike, pd.DataFrame)
Source = BlockLibrary | PuzzletronRun | TableRun | SearchProblem | Solution | _Place


class ExplorerState(DatasetActions, ExportActions, RunActions):
    """All that the explorer knows.

    Widgets observe the traits and call the actions; they never set a trait themselves. Searches
    run in the background where an event loop runs, else at once.

    Parameters
    ----------
    source
        What to explore: a block library, what has workloads, or what
        :func:`puzzle_widgets.load_library` takes, such as a name or a path; or a problem, to
        begin with its objective, budgets and rules; or a solution, which is then shown.
    solver
        As for :func:`puzzle_widgets.search`.
    workload
        For what has several: whose costs count, as for :func:`puzzle_widgets.load_library`.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> state.set_budget("stats.memory_mib", "60 %")
    >>> state.solution.status
    'optimal'
    """

    def __init__(
        self,
        source: Source,
        *,
        solver: str = "exact",
        workload: Wanted = None,
    ) -> None:
        super().__init__(solver)
        opened = open_source(source) if isinstance(source, _PLACES) else source
        if isinstance(opened, PuzzletronRun | TableRun):
            self.open_run(opened, workload)
        elif workload is not None:
            raise LibraryError(
                "No workloads here. Only a Puzzletron run has them, or a table with rows for "
                "several batch sizes."
            )
        elif isinstance(opened, SearchProblem):
            self.open_problem(opened)
        elif isinstance(opened, Solution):
            self.open_solution(opened)
        else:
            self.open_library(opened)

    def open_library(self, library: BlockLibrary) -> None:
        """Explore another library from the start; saved solutions of the old one go."""
        if not isinstance(library, BlockLibrary):
            raise LibraryError(f"A {type(library).__name__} cannot be explored. Give {SOURCES}.")
        objective = next(iter(library.scores), library.keys[0])
        sense = score_sense(library, objective)
        budgets = first_settings(library)
        problem = to_problem(library, objective, sense.goal or "minimize", budgets)
        self._open(problem, budgets, question="" if sense.goal else sense.reason)

    def open_problem(self, problem: SearchProblem) -> None:
        """Explore a problem: its library, with its objective, budgets and rules to begin with."""
        self._open(problem, settings_of(problem, first_settings(problem.library)))

    def open_solution(self, solution: Solution) -> None:
        """Explore a solution's problem and show it; one that is not proven is a scenario."""
        problem = solution.problem
        proven = solution if solution.status == "optimal" else None
        self._open(problem, settings_of(problem, first_settings(problem.library)), solution=proven)
        if proven is None and solution.found:
            self._put(scenarios=(Scenario("given", solution),))
            self.show_scenario(0)

    def _open(
        self,
        problem: SearchProblem,
        budgets: tuple[BudgetSetting, ...],
        *,
        solution: Solution | None = None,
        question: str = "",
    ) -> None:
        library = problem.library
        self.withdraw_offer()
        self.stop_front()
        self._known_fronts.clear()
        with self.hold_trait_notifications():
            self._put(library=library, scenarios=(), layer=None, measured=embedded_truth(library))
            self._forget_run()
            self._put(selection=Selection(), shown=solution, solution=solution)
            self._put(objective=problem.objective, goal=problem.goal, question=question)
            self._answered = {} if question else {problem.objective: problem.goal}
            self._put(budgets=budgets, rules=rules_of(problem, "as asked"))
            self._take_parent_config()
            self._put(front=None, front_resource=self._first_resource())
            self._start_maps()
            self._put(parent=parent_solution(problem))
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
        opened = open_source(files)
        if isinstance(opened, BlockLibrary):
            self.open_library(opened)
        else:
            self.open_run(opened)

    def _first_resource(self) -> str:
        if self.library.throughput(1.0) is not None:
            return THROUGHPUT
        return next(iter(self.budgets)).resource if self.budgets else self.library.keys[-1]
