"""Actions on the problem and on what is shown; searches run in the background."""

from __future__ import annotations

from dataclasses import replace

from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Scenario, Solution, parent_solution, search
from puzzle_widgets.state.background import Emit, Job, LatestWins
from puzzle_widgets.state.limits import LimitSetting, SearchRule, Sense, first_settings, to_problem
from puzzle_widgets.state.traits import Selection, StateTraits

_SEARCH_SECONDS, _PATIENCE_SECONDS = 60.0, 0.3


class ProblemActions(StateTraits):
    """Objective, limits, the search for their answer, and the choice of what is shown."""

    def __init__(self, solver: str) -> None:
        super().__init__()
        self._solver = solver
        self._searches = LatestWins("search", patience=_PATIENCE_SECONDS)
        self._answered: dict[str, Goal] = {}

    def set_objective(self, objective: str, goal: Goal | None = None) -> None:
        """Choose the score to make best, in the sense that is said, or that the library tells.

        Where nothing tells it, ``question`` asks, and nothing is searched until a goal is given.
        """
        with self.hold_trait_notifications():
            self._take_objective(objective, goal)
            self.parent = parent_solution(to_problem(self.library, objective, self._goal, ()))
            self.front = None
        self._state_problem()

    def set_limit(
        self,
        place: int,
        *,
        value: float | None = None,
        on: bool | None = None,
        sense: Sense | None = None,
    ) -> None:
        """Change the row at ``place`` of ``limits``; what is left out stays."""
        row = self.limits[place]
        changed = replace(
            row,
            value=row.value if value is None else float(value),
            on=row.on if on is None else on,
            sense=sense or row.sense,
        )
        if changed != row:
            self.limits = (*self.limits[:place], changed, *self.limits[place + 1 :])
            self._state_problem()

    def set_limits(self, limits: tuple[LimitSetting, ...]) -> None:
        """Replace all rows at once."""
        self.limits = limits
        self._state_problem()

    def set_rules(self, rules: tuple[SearchRule, ...]) -> None:
        """Replace all rules at once."""
        self.rules = rules
        self._state_problem()

    def drop_rule(self, place: int) -> None:
        """Take a rule away."""
        self.set_rules((*self.rules[:place], *self.rules[place + 1 :]))

    def reset(self) -> None:
        """Go back to the objective and limits that the library opens with, without rules."""
        objective = next(iter(self.library.scores), self.library.keys[0])
        if self.rules:
            self.set_rules(())
        self.limits = first_settings(self.library)
        sense = self._sense_of(objective)
        if objective != self.objective or (sense or self.goal) != self.goal:
            self.set_objective(objective)
        else:
            self._state_problem()

    def show_present(self) -> None:
        """Show the answer to the present problem."""
        self._select(Selection())

    def open_layer(self, layer: int | None) -> None:
        """Open the layer at this place of the network, or close it."""
        self.layer = layer

    def _take_objective(self, objective: str, goal: Goal | None = None) -> None:
        """Take an objective with its sense, or with the question for it."""
        if goal is not None:
            self._answered[objective] = goal
        found = goal or self._sense_of(objective)
        self.question = "" if found else score_sense(self.library, objective).reason
        self.objective, self.goal = objective, found or "minimize"

    def _sense_of(self, objective: str) -> Goal | None:
        """The sense that the library tells, else the one that was said before."""
        return score_sense(self.library, objective).goal or self._answered.get(objective)

    def _state_problem(self) -> None:
        problem = to_problem(self.library, self.objective, self._goal, self.limits, self.rules)
        self.problem = problem
        if self.selection.kind != "present":
            self._select(Selection())
        if self.question:
            self._wait_for_answer()
            return
        if self.solution is not None and self.solution.problem == problem:
            self._searches.cancel()
            self.updating = False
            return
        self.updating = True
        before = self.solution

        def work(cancelled: Cancelled, emit: Emit) -> None:
            answer = search(
                problem,
                solver=self._solver,
                time_limit=_SEARCH_SECONDS,
                cancelled=cancelled,
                start=before,
            )
            emit(answer)

        self._searches.request(Job(work, self._show_solution, self.fail, self._search_done))

    def _wait_for_answer(self) -> None:
        """Show no answer while it is not known which way the objective is better."""
        self._searches.cancel()
        with self.hold_trait_notifications():
            self.updating, self.solution, self.shown = False, None, None

    def _show_solution(self, solution: Solution) -> None:
        with self.hold_trait_notifications():
            self.solution = solution
            if self.selection.kind == "present":
                self.shown = solution

    def _search_done(self) -> None:
        self.updating = False

    def _select(self, selection: Selection) -> None:
        with self.hold_trait_notifications():
            self.selection = selection
            self.shown = self._solution_of(selection)

    def _solution_of(self, selection: Selection) -> Solution | None:
        if selection.kind == "point" and self.front is not None:
            return self.front.solutions[selection.place]
        if selection.kind == "scenario":
            kept: Scenario = self.scenarios[selection.place]
            return kept.solution
        return self.solution
