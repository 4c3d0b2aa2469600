"""Actions on the maps: search a budget surface or a decision map, act on a cell or a row."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from puzzle_widgets.library.quantity import MEMORY, RUNTIME, THROUGHPUT, limited_key
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import BudgetSetting, Sense, find_row, to_problem
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Solution
from puzzle_widgets.state.background import Emit, Job, LatestWins
from puzzle_widgets.state.scenario_actions import ScenarioActions
from puzzle_widgets.state.traits import Selection
from puzzle_widgets.sweeps.decision_map import DecisionGrid, iter_decision_map
from puzzle_widgets.sweeps.surface import SurfaceGrid, iter_budget_surface

_SECONDS_BETWEEN_PICTURES = 0.15
Grid = TypeVar("Grid", SurfaceGrid, DecisionGrid)


class MapActions(ScenarioActions):
    """The budget surface and the decision map."""

    def __init__(self, solver: str) -> None:
        super().__init__(solver)
        self._surfaces, self._decision_maps = LatestWins("surface"), LatestWins("decisions")

    def map_resources(self) -> list[str]:
        """Resources that a map can have for an axis, the usual ones first."""
        rows = [row.resource for row in self.budgets]
        fast = [THROUGHPUT] if self.library.throughput(1.0) is not None else []
        return list(dict.fromkeys([*rows, *fast, *self.library.costs]))

    def set_surface(self, x: str | None = None, y: str | None = None) -> None:
        """Choose the resources of the surface; one that is searched or found is searched anew."""
        had = self.surface is not None or self.surface_running
        across, up = x or self.surface_x, y or self.surface_y
        if limited_key(across) == limited_key(up):  # the axis that was not chosen makes room
            across, up = (across, self.surface_x) if x else (self.surface_y, up)
        self.stop_surface()
        with self.hold_trait_notifications():
            self._put(surface_x=across, surface_y=up, surface=None)
        if had:
            self.start_surface()

    def surface_problem(self) -> SearchProblem:
        """The problem of the surface: the limits that are no axis of it hold."""
        return self._without(self.surface_x, self.surface_y)

    def start_surface(self) -> None:
        """Search the surface in the background; cells appear as they are found."""
        problem, x, y = self.surface_problem(), self.surface_x, self.surface_y
        if self.question:
            self.say(self.question, "error")
            return
        if not y:
            self.say("A budget surface needs two costs; this library has fewer.", "error")
            return
        self.stop_surface()

        def work(cancelled: Cancelled, emit: Emit) -> None:
            steps = iter_budget_surface(problem, x, y, cancelled=cancelled, solver=self._solver)
            for grid in _paced(steps):
                emit(grid)

        self._put(surface_running=True)
        self._surfaces.request(Job(work, self._show_surface, self.fail, self._surface_done))

    def stop_surface(self) -> None:
        """Stop the search of the surface; cells found stay."""
        self._surfaces.cancel()
        self._surface_done()

    def use_cell(self, row: int, column: int) -> None:
        """Turn on the two limits of a cell of the surface."""
        grid = self.surface
        if grid is None or not (0 <= row < len(grid.y) and 0 <= column < len(grid.x)):
            return
        budgets = self.budgets
        for axis, place in ((grid.x, column), (grid.y, row)):
            _, sense = _way(axis.resource)
            budgets, found = find_row(self.library, budgets, axis.resource, sense)
            limit = BudgetSetting(axis.resource, sense, axis.limits[place], on=True)
            budgets = (*budgets[:found], limit, *budgets[found + 1 :])
        self.set_budgets(budgets)

    def set_decisions(self, over: str) -> None:
        """Choose what the rows of the decision map limit."""
        had = self.decisions is not None or self.decisions_running
        self.stop_decisions()
        self._put(decisions_over=over)
        self._show_decisions(None)
        if had:
            self.start_decisions()

    def decisions_problem(self) -> SearchProblem:
        """The problem of the decision map: the limits on other resources hold."""
        return self._without(self.decisions_over)

    def start_decisions(self) -> None:
        """Search the decision map in the background; rows appear as they are found."""
        if self.question:
            self.say(self.question, "error")
            return
        problem, over = self.decisions_problem(), self.decisions_over
        self.stop_decisions()

        def work(cancelled: Cancelled, emit: Emit) -> None:
            steps = iter_decision_map(problem, over, cancelled=cancelled, solver=self._solver)
            for grid in _paced(steps):
                emit(grid)

        self._put(decisions_running=True)
        self._decision_maps.request(
            Job(work, self._show_decisions, self.fail, self._decisions_done)
        )

    def stop_decisions(self) -> None:
        """Stop the search of the decision map; rows found stay."""
        self._decision_maps.cancel()
        self._decisions_done()

    def show_row(self, place: int) -> None:
        """Show the architecture of a row of the decision map."""
        grid = self.decisions
        if grid is not None and 0 <= place < grid.asked and grid.solutions[place] is not None:
            self._select(Selection("map", place))

    def step_row(self, step: int) -> None:
        """Go to the next (1) or previous (-1) row that is answered; from elsewhere, to one end."""
        if self.decisions is None:
            return
        known = [n for n, row in enumerate(self.decisions.solutions) if row is not None]
        if self.selection.kind != "map":
            ends = known if step > 0 else known[::-1]
        else:
            here = self.selection.place
            ends = [n for n in known[::step] if (n - here) * step > 0]
        if ends:
            self.show_row(ends[0])

    def _start_maps(self) -> None:
        """Forget the maps of another library, and choose axes that this one has."""
        self.stop_surface()
        self.stop_decisions()
        resources = self.map_resources()
        x = MEMORY if MEMORY in resources else (resources or [""])[0]
        others = [key for key in resources if limited_key(key) != limited_key(x)]
        usual = [key for key in (THROUGHPUT, RUNTIME) if key in others]
        with self.hold_trait_notifications():
            y = next(iter([*usual, *others]), "")
            self._put(surface=None, surface_x=x, surface_y=y)
            self._put(decisions=None, decisions_over=y or x)

    def _close_maps(self) -> None:
        self._surfaces.close()
        self._decision_maps.close()

    def _without(self, *resources: str) -> SearchProblem:
        rows = [
            row for row in self.budgets if (row.resource, row.sense) not in map(_way, resources)
        ]
        return to_problem(self.library, self.objective, self._goal, rows, self.rules)

    def _show_surface(self, grid: SurfaceGrid) -> None:
        self._put(surface=grid)

    def _surface_done(self) -> None:
        self._put(surface_running=False)

    def _show_decisions(self, grid: DecisionGrid | None) -> None:
        """Take a newer map; a row that is shown stays shown where it is still there."""
        shown = self.shown if self.selection.kind == "map" else None
        self._put(decisions=grid)
        if shown is None:
            return
        if grid is not None and shown in grid.solutions:
            self._select(Selection("map", grid.solutions.index(shown)))
        else:
            self._select(Selection())

    def _decisions_done(self) -> None:
        self._put(decisions_running=False)

    def _solution_of(self, selection: Selection) -> Solution | None:
        if selection.kind == "map" and self.decisions is not None:
            row: Solution | None = self.decisions.solutions[selection.place]
            return row
        return super()._solution_of(selection)


def _way(resource: str) -> tuple[str, Sense]:
    """The row of limits that an axis of a map stands for."""
    return resource, "at least" if resource == THROUGHPUT else "at most"


def _paced(grids: Iterable[Grid]) -> Iterator[Grid]:
    """Leave out pictures that would follow each other too fast to be seen; never the last."""
    shown_at, last, seen = -1.0, None, None
    for grid in grids:
        last = grid
        if time.monotonic() - shown_at >= _SECONDS_BETWEEN_PICTURES:
            seen, shown_at = grid, time.monotonic()
            yield grid
    if last is not None and last is not seen:
        yield last
