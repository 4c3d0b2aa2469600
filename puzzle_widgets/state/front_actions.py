"""Actions on the Pareto front: choose its axis, search it, stop it, walk along it."""

from __future__ import annotations

from typing import Any

from puzzle_widgets.library.quantity import limited_key
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem.budget_rows import BudgetSetting, SearchRule, to_problem
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.state.background import Emit, Job, LatestWins
from puzzle_widgets.state.problem_actions import ProblemActions
from puzzle_widgets.state.traits import Selection
from puzzle_widgets.sweeps import ParetoFront, iter_pareto_front

_KEPT_FRONTS = 16


class FrontActions(ProblemActions):
    """The front and its points."""

    _front_rows: tuple[BudgetSetting, ...] = ()
    _front_waits = False

    def __init__(self, solver: str) -> None:
        super().__init__(solver)
        self._fronts = LatestWins("front")
        self._known_fronts: dict[Any, ParetoFront] = {}

    def set_objective(self, objective: str, goal: Goal | None = None) -> None:
        """Choose the score to make best; a front that was there is searched anew."""
        had_front = self.front is not None or self.front_running or self._front_waits
        super().set_objective(objective, goal)
        if had_front:
            self.start_front()

    def set_rules(self, rules: tuple[SearchRule, ...]) -> None:
        """Replace all rules at once; a front that was there is searched anew."""
        had_front = self.front is not None or self.front_running
        super().set_rules(rules)
        if had_front:
            self.start_front()

    def set_front(self, resource: str | None = None, *, held: bool | None = None) -> None:
        """Choose what the front is against, and whether the other budgets hold along it."""
        with self.hold_trait_notifications():
            self._put(front_resource=resource or self.front_resource)
            self._put(front_held=self.front_held if held is None else held)
        self.start_front()

    def set_front_points(self, points: int) -> None:
        """Choose how many limits to try along the front; one that was there is searched anew."""
        had_front = self.front is not None or self.front_running
        self._put(front_points=points)
        if had_front:
            self.start_front()

    def start_front(self) -> None:
        """Compute Pareto front in the background; points appear as they are found.

        Where the sense of the objective is asked, the search waits for the answer.
        """
        self._front_waits = bool(self.question)
        if self.question:
            self.stop_front()
            self._show_front(None)
            return
        rows, resource = self._held_rows(), self.front_resource
        key = (self.objective, self.goal, rows, self.rules, resource, self.front_points)
        problem = to_problem(self.library, self.objective, self._goal, rows, self.rules)
        self.stop_front()
        self._front_rows = rows
        self._show_front(None)
        if key in self._known_fronts:
            self._show_front(self._known_fronts[key])
            return

        def work(cancelled: Cancelled, emit: Emit) -> None:
            steps = iter_pareto_front(
                problem, resource, self.front_points, cancelled=cancelled, solver=self._solver
            )
            for front in steps:
                emit(front)

        def deliver(front: ParetoFront) -> None:
            self._show_front(front)
            if front.complete:
                self._known_fronts[key] = front
                while len(self._known_fronts) > _KEPT_FRONTS:
                    self._known_fronts.pop(next(iter(self._known_fronts)))

        self._put(front_running=True)
        self._fronts.request(Job(work, deliver, self.fail, self._front_done))

    def stop_front(self) -> None:
        """Stop the search of the front; points found stay."""
        self._fronts.cancel()
        self._front_done()

    def show_point(self, place: int) -> None:
        """Show a point of the front, by its place from low to high use."""
        if self.front is not None and 0 <= place < len(self.front.solutions):
            self._select(Selection("point", place))

    def step_point(self, step: int) -> None:
        """Go to the next (1) or previous (-1) point; from elsewhere, to the nearest one."""
        if self.front is None or not self.front.solutions:
            return
        last = len(self.front.solutions) - 1
        if self.selection.kind == "point":
            self.show_point(min(max(self.selection.place + step, 0), last))
        else:
            self.show_point(self._nearest_point())

    def _search_done(self) -> None:
        super()._search_done()
        wanted = self.front is not None or self.front_running
        if self.front_held and wanted and self._held_rows() != self._front_rows:
            self.start_front()

    def _held_rows(self) -> tuple[BudgetSetting, ...]:
        """Limits that hold along the front: those on, but for limits on the axis itself."""
        if not self.front_held:
            return ()
        axis = limited_key(self.front_resource)
        rows = (row for row in self.budgets if row.on)
        return tuple(row for row in rows if limited_key(row.resource) != axis)

    def _show_front(self, front: ParetoFront | None) -> None:
        shown = self.shown if self.selection.kind == "point" else None
        self._put(front=front)
        if shown is None:
            return
        if front is not None and shown in front.solutions:
            self._put(selection=Selection("point", front.solutions.index(shown)))
        else:
            self._select(Selection())

    def _front_done(self) -> None:
        self._put(front_running=False)

    def _nearest_point(self) -> int:
        front, shown = self.front, self.shown
        if front is None or shown is None or not shown.found:
            return 0
        uses = [abs(front.use(point) - front.use(shown)) for point in front.solutions]
        return uses.index(min(uses))
