"""Actions on kept scenarios."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from puzzle_widgets.errors import ScenarioError
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import MeasuredPoint, Scenario, preset
from puzzle_widgets.solution.scenario_file import read_scenarios
from puzzle_widgets.state.front_actions import FrontActions
from puzzle_widgets.state.limits import SearchRule, settings_of
from puzzle_widgets.state.traits import Selection


class ScenarioActions(FrontActions):
    """Keep, show, rename, delete, restore and load scenarios."""

    def keep(self, name: str) -> None:
        """Keep what is shown as a scenario."""
        shown = self.shown
        if shown is None or not shown.found:
            self.say("There is no architecture to keep.", "error")
            return
        if (clean := self._free_name(name)) is not None:
            self.scenarios = (*self.scenarios, Scenario(clean, shown))
            self.say(f"Kept as scenario {clean!r}.")

    def rename(self, place: int, name: str) -> None:
        """Give a scenario another name."""
        if (clean := self._free_name(name, place)) is not None:
            renamed = replace(self.scenarios[place], name=clean)
            self.scenarios = (*self.scenarios[:place], renamed, *self.scenarios[place + 1 :])

    def delete(self, place: int) -> None:
        """Drop a scenario; where it was the one shown, show the present solution."""
        shown = self.selection
        with self.hold_trait_notifications():
            self.scenarios = (*self.scenarios[:place], *self.scenarios[place + 1 :])
            if shown.kind == "scenario" and shown.place == place:
                self.show_present()
            elif shown.kind == "scenario" and shown.place > place:
                self.selection = Selection("scenario", shown.place - 1)

    def restore(self, place: int) -> None:
        """Set objective, budgets and banned variants to those that a scenario was found with."""
        problem = self.scenarios[place].solution.problem
        self._restore_rules(self.scenarios[place].name, problem)
        if (problem.objective, problem.goal) != (self.objective, self.goal):
            self.set_objective(problem.objective, problem.goal)
        self.set_limits(settings_of(problem, self.limits))
        self.show_present()

    def set_measured(self, points: Iterable[MeasuredPoint]) -> None:
        """Show these measured points beside the search's; they replace the ones before."""
        self.measured = tuple(points)

    def load_scenarios(self, content: bytes, file: str) -> None:
        """Add the scenarios of a file; a bad one gives a message and changes nothing."""
        self._attempt(
            lambda: self._add(read_scenarios(content, file, self.library, **self._asked()))
        )

    def add_preset(self, name: str) -> None:
        """Add a published architecture as a scenario."""
        self._attempt(lambda: self._add([preset(name, self.library, **self._asked())]))

    def show_scenario(self, place: int) -> None:
        """Show a kept scenario."""
        if 0 <= place < len(self.scenarios):
            self._select(Selection("scenario", place))

    def _asked(self) -> dict[str, Any]:
        """Objective and its sense, for architectures that come without."""
        return {"objective": self.objective, "goal": None if self.question else self._goal}

    def _restore_rules(self, name: str, problem: SearchProblem) -> None:
        """Keep the present rules where they ban the same, else one that stands for all of them."""
        present: SearchProblem = self.problem
        if problem.banned == present.banned:
            return
        rule = SearchRule(f"what scenario {name!r} bans", problem.banned)
        self.set_rules((rule,) if problem.banned else ())

    def _add(self, scenarios: list[Scenario]) -> None:
        taken = {kept.name for kept in self.scenarios}
        for scenario in scenarios:
            if scenario.name in taken:
                raise ScenarioError(
                    f"A scenario named {scenario.name!r} is already here. Rename or delete it."
                )
            taken.add(scenario.name)
        self.scenarios = (*self.scenarios, *scenarios)
        words = "1 scenario" if len(scenarios) == 1 else f"{len(scenarios)} scenarios"
        notes = [f" {one.name}: {note}" for one in scenarios for note in one.notes]
        self.say(f"{words} loaded.{notes[0] if notes else ''}")

    def _free_name(self, name: str, place: int | None = None) -> str | None:
        clean = " ".join(name.split())[:80]
        others = {kept.name for n, kept in enumerate(self.scenarios) if n != place}
        if not clean or clean in others:
            reason = f"{clean!r} is taken." if clean else "A scenario needs a name."
            self.say(f"{reason} Give another name.", "error")
            return None
        return clean
