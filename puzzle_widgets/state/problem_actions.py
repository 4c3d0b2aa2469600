"""Actions on the problem and on what is shown; searches run in the background."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import (
    Amount,
    BudgetSetting,
    SearchRule,
    Sense,
    check_rows,
    find_row,
    first_settings,
    read_amount,
    to_problem,
)
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Scenario, Solution, parent_solution, search
from puzzle_widgets.state.background import Emit, Job, LatestWins
from puzzle_widgets.state.traits import Selection, StateTraits

_SEARCH_SECONDS, _PATIENCE_SECONDS = 60.0, 0.3


class ProblemActions(StateTraits):
    """Objective, budgets, the search for their answer, and the choice of what is shown."""

    def __init__(self, solver: str) -> None:
        super().__init__()
        self._solver = solver
        self._searches = LatestWins("search", patience=_PATIENCE_SECONDS)
        self._answered: dict[str, Goal] = {}

    def set_objective(self, objective: str, goal: Goal | None = None) -> None:
        """Choose the score to make best, in the sense that is said, or that the library tells.

        Where nothing tells it, ``question`` asks, and nothing is searched until a goal is given.
        """
        SearchProblem(self.library, minimize=objective)  # refuses what the library does not have
        with self.hold_trait_notifications():
            self._take_objective(objective, goal)
            parent = parent_solution(to_problem(self.library, objective, self._goal, ()))
            self._put(parent=parent, front=None)
        self._state_problem()

    def set_goal(self, goal: Goal) -> None:
        """Make the objective small (``"minimize"``) or large (``"maximize"``)."""
        if goal not in get_args(Goal):
            raise ProblemError(f"goal={goal!r}: give 'minimize' or 'maximize'.")
        if self.question or goal != self.goal:
            self.set_objective(self.objective, goal)

    def set_budget(
        self,
        which: str | int,
        value: Amount | None = None,
        *,
        on: bool | None = None,
        sense: Sense | None = None,
    ) -> None:
        """Change one limit; what is left out stays.

        Parameters
        ----------
        which
            Key of the resource, such as ``"stats.memory_mib"``, or ``"throughput"``; or the place
            of the row in ``limits``.
        value
            The limit, in the resource's unit or as a share of the parent's, such as ``"60 %"``;
            giving one turns the limit on.
        on
            Whether the limit holds.
        sense
            ``"at most"`` or ``"at least"``; needed where both are there.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> state = pw.ExplorerState("stdlib-2m-measured")
        >>> state.set_budget("stats.memory_mib", "60 %")
        >>> state.set_budget("throughput", on=False)
        >>> state.solution.shares["stats.memory_mib"] <= 0.6
        True
        """
        budgets, place = find_row(self.library, self.budgets, which, sense)
        row = budgets[place]
        number = row.value if value is None else read_amount(self.library, row.resource, value)
        held = row.on or value is not None if on is None else on
        changed = BudgetSetting(row.resource, sense or row.sense, number, held)
        if changed != row or budgets != self.budgets:
            self.set_budgets((*budgets[:place], changed, *budgets[place + 1 :]))

    def set_budgets(self, budgets: Iterable[BudgetSetting]) -> None:
        """Replace all rows at once."""
        rows = check_rows(self.library, budgets)
        self._put(budgets=rows)
        self._state_problem()

    def set_rules(self, rules: tuple[SearchRule, ...]) -> None:
        """Replace all rules at once."""
        self._put(rules=rules)
        self._state_problem()

    def drop_rule(self, place: int) -> None:
        """Take a rule away."""
        self.set_rules((*self.rules[:place], *self.rules[place + 1 :]))

    def reset(self) -> None:
        """Go back to the objective and limits that the library opens with, without rules."""
        objective = next(iter(self.library.scores), self.library.keys[0])
        if self.rules:
            self.set_rules(())
        self._put(budgets=first_settings(self.library))
        sense = self._sense_of(objective)
        if objective != self.objective or (sense or self.goal) != self.goal:
            self.set_objective(objective)
        else:
            self._state_problem()

    def show_current(self) -> None:
        """Show the answer to the current problem."""
        self._select(Selection())

    def open_layer(self, layer: int | None) -> None:
        """Open the layer at this place of the network, or close it."""
        self._put(layer=layer)

    def _take_objective(self, objective: str, goal: Goal | None = None) -> None:
        """Take an objective with its sense, or with the question for it."""
        if goal is not None:
            self._answered[objective] = goal
        found = goal or self._sense_of(objective)
        question = "" if found else score_sense(self.library, objective).reason
        self._put(objective=objective, goal=found or "minimize", question=question)

    def _sense_of(self, objective: str) -> Goal | None:
        """The sense that the library tells, else the one that was said before."""
        return score_sense(self.library, objective).goal or self._answered.get(objective)

    def _state_problem(self) -> None:
        problem = to_problem(self.library, self.objective, self._goal, self.budgets, self.rules)
        self._put(problem=problem)
        if self.selection.kind != "current":
            self._select(Selection())
        if self.question:
            self._wait_for_answer()
            return
        if self.solution is not None and self.solution.problem == problem:
            self._searches.cancel()
            self._put(updating=False)
            return
        self._put(updating=True)
        before = self.solution

        def work(cancelled: Cancelled, emit: Emit) -> None:
            answer = search(
                problem,
                solver=self._solver,
                time_limit=_SEARCH_SECONDS,
                cancelled=cancelled,
                warm_start=before,
            )
            emit(answer)

        self._searches.request(Job(work, self._show_solution, self.fail, self._search_done))

    def _wait_for_answer(self) -> None:
        """Show no answer while it is not known which way the objective is better."""
        self._searches.cancel()
        with self.hold_trait_notifications():
            self._put(updating=False, solution=None, shown=None)

    def _show_solution(self, solution: Solution) -> None:
        with self.hold_trait_notifications():
            self._put(solution=solution)
            if self.selection.kind == "current":
                self._put(shown=solution)

    def _search_done(self) -> None:
        self._put(updating=False)

    def _select(self, selection: Selection) -> None:
        with self.hold_trait_notifications():
            self._put(selection=selection, shown=self._solution_of(selection))

    def _solution_of(self, selection: Selection) -> Solution | None:
        if selection.kind == "point" and self.front is not None:
            return self.front.solutions[selection.place]
        if selection.kind == "scenario":
            kept: Scenario = self.scenarios[selection.place]
            return kept.solution
        return self.solution
