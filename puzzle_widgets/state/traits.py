"""The traits of the state, and how the user is told things."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from traitlets import Bool, HasTraits, Instance, Int, TraitError, Tuple, Unicode

from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.export import ParentConfig
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution
from puzzle_widgets.sweeps import ParetoFront
from puzzle_widgets.sweeps.decision_map import DecisionGrid
from puzzle_widgets.sweeps.surface import SurfaceGrid

logger = logging.getLogger("puzzle_widgets")


@dataclass(frozen=True)
class Message:
    """What the user has to know: ``level`` is ``"info"`` or ``"error"``; the text is not HTML."""

    text: str
    level: Literal["info", "error"] = "info"


@dataclass(frozen=True)
class Selection:
    """Which architecture is shown: the current solution, a point of the front, a scenario, a row.

    A row is one of the decision map, ``"map"``.
    """

    kind: Literal["current", "point", "scenario", "map"] = "current"
    place: int = 0


# What a user may assign, and the action that an assignment calls.
_ASSIGNED = {
    "library": "open_library",
    "objective": "set_objective",
    "goal": "set_goal",
    "budgets": "set_budgets",
    "front_points": "set_front_points",
}


class StateTraits(HasTraits):
    """What the explorer knows, as traits; they are set by actions only.

    Assigning ``library``, ``objective``, ``goal``, ``limits`` or ``front_points`` calls their
    action, so that traits of two states can be linked; the others are what the state finds.
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
    front = Instance(ParetoFront, allow_none=True, help="the front as far as it is known")
    front_resource = Unicode(help="what the front is against")
    front_running = Bool(False, help="whether the front is being searched")  # noqa: FBT003
    front_held = Bool(False, help="whether the other budgets hold along the front")  # noqa: FBT003
    front_points = Int(24, help="number of limits to try along the front")
    surface = Instance(SurfaceGrid, allow_none=True, help="the budget surface as far as known")
    surface_x = Unicode(help="what the columns of the surface limit")
    surface_y = Unicode(help="what the rows of the surface limit; empty where there is no second")
    surface_running = Bool(False, help="whether the surface is being searched")  # noqa: FBT003
    decisions = Instance(DecisionGrid, allow_none=True, help="the decision map as far as known")
    decisions_over = Unicode(help="what the rows of the decision map limit")
    decisions_running = Bool(False, help="whether the map is being searched")  # noqa: FBT003
    selection = Instance(Selection, args=(), help="which architecture is shown")
    shown = Instance(Solution, allow_none=True, help="the architecture that is shown")
    layer = Int(None, allow_none=True, help="place of the layer that is open")
    scenarios = Tuple(help="saved solutions (Scenario)")
    measured = Tuple(help="measured points beside the search's (MeasuredPoint)")
    parent_config = Instance(
        ParentConfig, allow_none=True, help="the parent's configuration, to export with"
    )
    message = Instance(Message, allow_none=True, help="newest word to the user")
    parent = Instance(Solution, help="the parent as a Solution")

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Assign by the action, where there is one; refuse what the state finds by itself."""
        if name in _ASSIGNED:
            getattr(self, _ASSIGNED[name])(value)
        elif self.has_trait(name):
            raise TraitError(
                f"state.{name} is found by the state and cannot be assigned; "
                f"{', '.join(_ASSIGNED)} can, and its actions change the rest."
            )
        else:
            super().__setattr__(name, value)

    def _put(self, **values: Any) -> None:  # noqa: ANN401
        """Set traits, and tell who observes them."""
        for name, value in values.items():
            self.set_trait(name, value)

    @property
    def _goal(self) -> Goal:
        return "maximize" if self.goal == "maximize" else "minimize"

    def say(self, text: str, level: Literal["info", "error"] = "info") -> None:
        """Tell the user something."""
        self._put(message=Message(text, level))

    def fail(self, error: Exception) -> None:
        """Show an error: its own words where we wrote them, else its kind and text."""
        if isinstance(error, PuzzleError):
            self.say(str(error), "error")
        else:
            logger.error("unexpected error", exc_info=error)
            self.say(f"Something went wrong: {type(error).__name__}: {error}", "error")

    def dismiss(self) -> None:
        """Take the message away."""
        self._put(message=None)

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except PuzzleError as error:
            self.fail(error)
