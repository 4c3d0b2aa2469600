"""The explorer's state: traits to read, actions to call; every widget is built on one of these."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ParamSpec, TypeAlias, TypeGuard

from traitlets import Bool, Float, Instance, Int, TraitError, Tuple, Unicode

from puzzle_widgets.deferred import is_frame, pd
from puzzle_widgets.errors import ExportError
from puzzle_widgets.export import Finding, ParentConfig
from puzzle_widgets.export.parent_config import parent_config_of
from puzzle_widgets.library import BlockLibrary, open_source
from puzzle_widgets.library.datasets import Dataset
from puzzle_widgets.library.puzzletron import Wanted
from puzzle_widgets.library.rescale import Serving
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution
from puzzle_widgets.state import (
    actions,
    former_actions,
    kept_actions,
    opening,
    other_actions,
    record_file,
)
from puzzle_widgets.state.acting import acts
from puzzle_widgets.state.explained import Explained
from puzzle_widgets.state.opening import Run
from puzzle_widgets.state.record import Looks, Record, Selection, SweepName
from puzzle_widgets.state.serving import limits_moved, set_serving
from puzzle_widgets.state.store import Changes, DatasetFetch, Store
from puzzle_widgets.sweeps import DecisionGrid, SurfaceGrid

P = ParamSpec("P")
_Place: TypeAlias = "str | os.PathLike[str] | pd.DataFrame"
Source: TypeAlias = "BlockLibrary | Run | SearchProblem | Solution | Record | _Place"
# What a user may assign, and the action that an assignment calls.
_ASSIGNED = {
    "library": "open_library",
    "objective": "set_objective",
    "goal": "set_goal",
    "budgets": "set_budgets",
    "front_points": "set_front_points",
}

# What stays when another library is opened.
_KEPT = ("front_held", "front_points", "target", "looks")


class ExplorerState(Explained):
    """All that the explorer knows.

    Widgets observe the traits and call the actions; they never set a trait themselves. Searches
    run in the background where an event loop runs, else at once. Assigning ``library``,
    ``objective``, ``goal``, ``budgets`` or ``front_points`` calls their action, so that traits of
    two states can be linked; the others are what the state finds.

    Parameters
    ----------
    source
        What to explore: a block library, what has workloads, or what
        :func:`puzzle_widgets.load_library` takes, such as a name or a path; or a problem, to
        begin with its objective, budgets and rules; or a solution, which is then shown; or a
        record, to go on where it was left.
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

    library = Instance(BlockLibrary, help="the library that is open")
    objective = Unicode(help="dotted key of the objective")
    goal = Unicode("minimize", help="minimize or maximize")
    question = Unicode(help="why the sense of the objective is asked; empty where it is known")
    budgets = Tuple(help="the rows of budgets (BudgetSetting)")
    rules = Tuple(help="rules that the search keeps beside the budgets (SearchRule)")
    problem = Instance(SearchProblem, help="the problem that the settings state")
    solution = Instance(Solution, allow_none=True, help="newest answer; its problem says to what")
    updating = Bool(False, help="whether a search for the current problem is under way")  # noqa: FBT003
    front_resource = Unicode(help="what the front is against")
    front_running = Bool(False, help="whether the front is being searched")  # noqa: FBT003
    front_held = Bool(False, help="whether the other budgets hold along the front")  # noqa: FBT003
    front_points = Int(help="number of limits to try along the front")
    surface = Instance(SurfaceGrid, allow_none=True, help="the budget surface as far as known")
    surface_x = Unicode(help="what the columns of the surface limit")
    surface_y = Unicode(help="what the rows of the surface limit; empty where there is no second")
    surface_running = Bool(False, help="whether the surface is being searched")  # noqa: FBT003
    decisions = Instance(DecisionGrid, allow_none=True, help="the decision map as far as known")
    decisions_over = Unicode(help="what the rows of the decision map limit")
    cell = Tuple(None, allow_none=True, help="row and column of the chosen cell of the surface")
    decisions_running = Bool(False, help="whether the map is being searched")  # noqa: FBT003
    selection = Instance(Selection, args=(), help="which architecture is shown")
    looks = Instance(Looks, args=(), help="units and views in which figures are shown")
    layer = Int(None, allow_none=True, help="place of the layer that is open")
    parent = Instance(Solution, help="the parent as a Solution")
    parent_config = Instance(
        ParentConfig, allow_none=True, help="the parent's configuration, to export with"
    )
    target = Unicode(help="name of the target to export to")
    workloads = Tuple(help="names of the workloads to choose from; empty without a run")
    workload = Unicode(help="the one that is open")
    serving = Instance(Serving, (), help="how the model is served, where that is not as measured")
    notices = Tuple(help="what was left out of what is open, or set right, a sentence each")
    offered = Instance(Dataset, allow_none=True, help="the dataset whose terms are shown")
    fetched = Float(None, allow_none=True, help="share of it that is here; None without a fetch")
    undoable = Unicode(help="what undo takes back; empty where there is nothing")
    redoable = Unicode(help="what redo does again; empty where there is nothing")

    def __init__(
        self,
        source: Source,
        *,
        solver: str = "exact",
        workload: Wanted = None,
    ) -> None:
        super().__init__()
        self.announced = 0
        self._wanted = ""
        opened = open_source(source) if _is_place(source) else source
        record = opened if isinstance(opened, Record) else opening.open_any(opened, workload)
        self._store = Store(record, solver)
        self._fetch = DatasetFetch(self._store, self.open_library)
        self._store.subscribe(self._mirror)
        self._open(record, opened if isinstance(opened, Solution) else None)

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Assign by the action, where there is one; refuse what the state finds by itself."""
        if name in _ASSIGNED:
            getattr(self, _ASSIGNED[name])(value)
        elif self.has_trait(name):
            raise TraitError(
                f"state.{name} is computed and cannot be assigned; "
                f"{', '.join(_ASSIGNED)} can, and actions change the rest."
            )
        else:
            super().__setattr__(name, value)

    @property
    def shown_name(self) -> str:
        """What is shown: the current solution, a point of the front, a row, a scenario's name."""
        kind, place = self.selection.kind, self.selection.place
        if kind == "scenario" and place < len(self.scenarios):
            return f"Scenario \u2018{self.scenarios[place].name}\u2019"
        if kind == "other" and self.record.other is not None:
            return self.record.other.name
        if kind == "point" and self.front is not None:
            return f"Point {place + 1} of {len(self.front.solutions)}"
        if kind == "map" and self.decisions is not None:
            return f"Decision map: {self.decisions.targets.words(place)}"
        return "Current solution"

    def _mirror(self, changes: Changes) -> None:
        self._put(**{name: new for name, (_, new) in changes.items()})

    def _put(self, **values: Any) -> None:  # noqa: ANN401
        """Set traits, the only place that does, and tell who observes them when all are set."""
        self.announced += 1
        with self.hold_trait_notifications():
            for name in filter(self.has_trait, values):
                self.set_trait(name, values[name])

    # What is open

    def open_library(self, library: BlockLibrary) -> None:
        """Explore another library from the start.

        Scenarios of the old one stay to compare with, each with its own library's figures.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> state = pw.ExplorerState("stdlib-2m-measured")
        >>> state.keep("first")
        >>> state.open_library(pw.load_library("llama-3.3-70b-modeled"))
        >>> state.scenarios, [one.name for one in state.record.kept]
        ((), ['first'])
        """
        self._open(opening.open_library(library))

    def open_problem(self, problem: SearchProblem) -> None:
        """Explore a problem: its library, with its objective, budgets and rules to begin with."""
        self._open(opening.open_problem(problem))

    def open_solution(self, solution: Solution) -> None:
        """Explore a solution's problem and show it; one that is not proven is a scenario."""
        self._open(opening.open_solution(solution), solution)

    def open_run(self, run: Run, workload: Wanted = None) -> None:
        """Explore a run in one workload, with the solutions and measurements in it.

        Raises
        ------
        LibraryError
            If it cannot be read; what was on screen stays.
        """
        self._open(opening.open_run(run, workload))

    def open_files(self, files: Mapping[str, bytes]) -> None:
        """Open uploaded files or a saved state; bad ones give a message, what was there stays."""
        saved = record_file.saved_in(files)
        if saved is None:
            self._attempt(lambda: self._open(opening.open_any(open_source(files))))
        else:
            self.open_saved(saved)

    def to_json(self) -> str:
        """Write all that was decided as JSON text; figures and proofs are computed again.

        The library is named by its title, its name as a dataset where it has one, and the
        SHA-256 of its figures; no path is written.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> state = pw.ExplorerState("stdlib-2m-measured")
        >>> state.set_budget("stats.memory_mib", "60 %")
        >>> again = pw.ExplorerState.from_json(state.to_json())
        >>> again.solution.architecture == state.solution.architecture
        True
        """
        return record_file.to_json(self.record)

    @classmethod
    def from_json(cls, saved: str, source: BlockLibrary | Run | None = None) -> ExplorerState:
        """Open a state as it was when :meth:`to_json` wrote it.

        Parameters
        ----------
        saved
            What was written.
        source
            The library, or the run; not needed for a dataset.

        Raises
        ------
        ScenarioError
            If the text is broken, of another version, or of another library.
        """
        of = record_file.saved_library(saved)
        found = record_file.find_library(of) if source is None else source
        return cls(record_file.from_json(saved, found))

    def bring_library(self, source: BlockLibrary | Run | _Place | Mapping[str, bytes]) -> None:
        """Take up saved scenarios that wait for a library; what is open stays open.

        Parameters
        ----------
        source
            The library, its name or path, a run, or its files, by name: what is wrong gives a
            message, and changes nothing.
        """
        self._attempt(self._bring, source)

    def _bring(self, source: BlockLibrary | Run | _Place | Mapping[str, bytes]) -> None:
        opened = source if isinstance(source, BlockLibrary | Run) else open_source(source)
        waiting = [one for one in self.record.former if one.missing]
        records = former_actions.opened_for(waiting, opened)
        self._store.apply(former_actions.bring_library, records)
        self.say("Scenarios that waited for this library are here.")

    def open_saved(self, saved: str) -> bool:
        """Go on as it was when :meth:`to_json` wrote it; say whether that could be done.

        A message says what is broken, or which library has to be opened first; once that is
        open, so is what was saved. What was on screen stays meanwhile.
        """
        return self._attempt(self._open_saved, saved)

    def _open_saved(self, saved: str) -> None:
        of = record_file.saved_library(saved)
        here = [self.record, *(step.record for step in self._store.history.past)]
        self._wanted = saved
        found = record_file.find_library(of, here)
        self._wanted = ""
        self._fetch.withdraw()
        self._store.put(record_file.from_json(saved, found, here))

    @property
    def wanted_digest(self) -> str:
        """SHA-256 of the library that a saved state waits for; empty where none does."""
        return record_file.saved_library(self._wanted).digest if self._wanted else ""

    def _open_wanted(self) -> None:
        """Take up the saved record that waited for this library."""
        if not self._wanted:
            return
        of, record = record_file.saved_library(self._wanted), self.record
        if of.digest == record.digest or of.workload in record.workloads:
            saved, self._wanted = self._wanted, ""
            if self.open_saved(saved):
                self.say("The saved state is open.")

    def choose_workload(self, name: str) -> None:
        """Open another workload of the same run; saved solutions are summed again."""
        if self.workloads and name != self.workload:
            self._attempt(self._choose_workload, name)

    def _choose_workload(self, name: str) -> None:
        self._open(opening.change_workload(self.record, name), same=True)

    def offer_dataset(self, name: str) -> None:
        """Open a dataset, or show its terms first where they are not agreed to yet."""
        self._fetch.offer(name)

    def accept_offer(self) -> None:
        """Agree to the terms that are shown, and fetch the dataset."""
        self._fetch.accept()

    def withdraw_offer(self) -> None:
        """Take the offer away; a fetch that is under way ends."""
        self._fetch.withdraw()

    def close(self) -> None:
        """End the background work."""
        self._fetch.close()
        self._store.close()

    def _open(
        self, record: Record, solution: Solution | None = None, *, same: bool = False
    ) -> None:
        """Take a record to begin with, and say what is to be known of what was opened.

        Scenarios of what was open stay, unless it is the ``same`` run, which has them summed again.
        """
        self._fetch.withdraw()
        kept = {name: getattr(self.record, name) for name in _KEPT}
        proven = solution is not None and solution.status == "optimal"
        began = record.change(**kept)
        if not same and record is not self.record:
            began = former_actions.with_former(began, self.record)
        self._store.put(began, solution if proven else None)
        try:
            parent_config_of(record.library)
        except ExportError as error:
            self.fail(error)
        if record.notices:
            count = "1 note" if len(record.notices) == 1 else f"{len(record.notices)} notes"
            self.say(f"{record.library.name} is open, with {count}. {record.notices[0]}")
        self._open_wanted()

    # The problem

    set_objective = acts(actions.set_objective)
    set_goal = acts(actions.set_goal)
    set_budget = acts(actions.set_budget)
    set_budgets = acts(actions.set_budgets)
    set_rules = acts(actions.set_rules)
    drop_rule = acts(actions.drop_rule)
    make_change = acts(actions.make_change)
    reset = acts(actions.reset)
    set_target = acts(actions.set_target)
    forget_parent_config = acts(actions.forget_parent_config)

    def open_parent_config(self, content: bytes, file: str) -> None:
        """Take the parent's configuration from a file; a bad one gives a message."""
        self._attempt(self._store.apply, actions.open_parent_config, content, file)

    def avoid(self, finding: Finding) -> None:
        """Make the search avoid a finding, and show the current solution, which does."""
        if self._attempt(self._store.apply, actions.avoid, finding):
            self.say(f"Rule added: {finding.rule}. Remove it under Budgets.")

    def set_serving(self, serving: Serving) -> None:
        """Serve the open model otherwise, by :class:`puzzle_widgets.Serving`; says what it costs.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> state = pw.ExplorerState("llama-3.3-70b-modeled")
        >>> state.set_serving(pw.Serving(batch_size=64))
        >>> state.library.measurement.batch_size, state.library.has_throughput
        (64, True)
        """
        before = self.record
        self._store.apply(set_serving, serving)
        if words := limits_moved(before, self.record):
            self.say(words)

    def drag_budget(self, place: int, value: float) -> None:
        """Change the limit of a row as its slider moves: one drag is undone at once."""
        self._store.drag(f"budget {place}", actions.set_budget, place, value)

    # What was done

    def undo(self) -> str:
        """Take back the newest change of what was decided, and say what it was.

        Opening a library is undone, too; what is selected changes nothing, and is not.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> state = pw.ExplorerState("stdlib-2m-measured")
        >>> state.set_budget("stats.memory_mib", "60 %")
        >>> state.undo(), state.redoable
        ('Memory budget', 'Memory budget')
        """
        return self._store.undo()

    def redo(self) -> str:
        """Do again what was undone last, and say what it was; empty where there is nothing."""
        return self._store.redo()

    # What is shown

    show_scenario = acts(kept_actions.show_scenario)
    open_layer = acts(actions.open_layer)
    set_looks = acts(actions.set_looks)

    def show_current(self) -> None:
        """Show the answer to the current problem."""
        self._store.apply(actions.select, Selection())

    def show_point(self, place: int) -> None:
        """Show a point of the front, by its place from low to high use."""
        self._store.apply(actions.show_point, self.front, place)

    def step_point(self, step: int) -> None:
        """Go to the next (1) or previous (-1) point; from elsewhere, to the nearest one."""
        self._store.apply(actions.step_point, self.front, self.shown, step)

    def show_row(self, place: int) -> None:
        """Show the architecture of a row of the decision map."""
        self._store.apply(actions.show_row, self.decisions, place)

    def step_row(self, step: int) -> None:
        """Go to the next (1) or previous (-1) row that is answered; from elsewhere, to one end."""
        self._store.apply(actions.step_row, self.decisions, step)

    def show_other(self, place: int) -> None:
        """Show one of the diverse ones that are nearly as good, by its place; 0 is the optimum.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> state = pw.ExplorerState("stdlib-2m-measured")
        >>> state.set_looks(near=0.1)
        >>> state.want("others")
        >>> state.show_other(1)
        >>> state.shown_name, state.shown.score <= state.others.limit
        ('Other 1', True)
        """
        self._store.apply(other_actions.show_other, self.others, place)

    # Front and maps

    set_front_points = acts(actions.set_front_points)
    set_surface = acts(actions.set_surface)
    set_decisions = acts(actions.set_decisions)
    choose_cell = acts(actions.choose_cell)

    def set_front(self, resource: str | None = None, *, held: bool | None = None) -> None:
        """Choose what the front is against, and whether the other budgets hold along it."""
        self._store.start("front", actions.set_front, resource, held=held)

    def start(self, sweep: SweepName) -> None:
        """Search the front or a map in the background; answers appear as they are found.

        Where the sense of the objective is asked, the front waits for the answer.
        """
        self._attempt(self._store.start, sweep, actions.start, sweep)

    def stop(self, sweep: SweepName) -> None:
        """Stop the search of the front or a map; what was found stays."""
        self._store.stop(sweep)

    def use_cell(self, row: int, column: int) -> None:
        """Choose a cell of the surface, and turn on its two limits."""
        self._store.apply(actions.use_cell, self.surface, row, column)


def _is_place(source: object) -> TypeGuard[_Place]:
    return isinstance(source, str | os.PathLike) or is_frame(source)
