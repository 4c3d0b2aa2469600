"""Actions on saved solutions."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from puzzle_widgets.errors import ScenarioError
from puzzle_widgets.files import preset
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import rules_of, settings_of
from puzzle_widgets.solution import MeasuredPoint, Scenario
from puzzle_widgets.state.front_actions import FrontActions
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
            self._put(scenarios=(*self.scenarios, Scenario(clean, shown)))
            self.say(f"Kept as scenario {clean!r}.")

    def rename(self, which: str | int, name: str) -> None:
        """Give a scenario, by its name or place, another name."""
        place = self._place_of(which)
        if (clean := self._free_name(name, place)) is not None:
            renamed = replace(self.scenarios[place], name=clean)
            others = self.scenarios
            self._put(scenarios=(*others[:place], renamed, *others[place + 1 :]))

    def delete(self, which: str | int) -> None:
        """Drop a scenario; where it was the one shown, show the current solution."""
        place = self._place_of(which)
        shown = self.selection
        with self.hold_trait_notifications():
            self._put(scenarios=(*self.scenarios[:place], *self.scenarios[place + 1 :]))
            if shown.kind == "scenario" and shown.place == place:
                self.show_current()
            elif shown.kind == "scenario" and shown.place > place:
                self._put(selection=Selection("scenario", shown.place - 1))

    def restore(self, which: str | int) -> None:
        """Set objective, budgets and rules to those that a scenario was found with."""
        kept: Scenario = self.scenarios[self._place_of(which)]
        problem = kept.solution.problem
        self._restore_rules(kept.name, problem)
        if (problem.objective, problem.goal) != (self.objective, self.goal):
            self.set_objective(problem.objective, problem.goal)
        self.set_budgets(settings_of(problem, self.budgets))
        self.show_current()

    def set_measured(self, points: Iterable[MeasuredPoint]) -> None:
        """Show these measured points beside the search's; they replace the ones before."""
        self._put(measured=tuple(points))

    def load_scenarios(self, source: str | os.PathLike[str] | bytes, file: str = "upload") -> None:
        """Add the scenarios of a file.

        Parameters
        ----------
        source
            Its path; or its bytes, as a panel has them: bad ones give a message, and change
            nothing.
        file
            Name of the file that the bytes are of.

        Raises
        ------
        ScenarioError
            If the file that is named cannot be read.
        """
        if isinstance(source, bytes):
            self._attempt(lambda: self._add(self._read(source, file)))
            return
        path = Path(source).expanduser()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ScenarioError(f"{path}: cannot be read ({error.strerror}).") from error
        self._add(self._read(content, path.name))

    def add_preset(self, name: str) -> None:
        """Add a published architecture as a scenario."""
        self._attempt(lambda: self._add([preset(name, self.library, **self._asked())]))

    def show_scenario(self, which: str | int) -> None:
        """Show a saved solution."""
        place = self._place_of(which)
        if 0 <= place < len(self.scenarios):
            self._select(Selection("scenario", place))

    def _read(self, content: bytes, file: str) -> list[Scenario]:
        return read_scenarios(content, file, self.library, **self._asked())

    def _asked(self) -> dict[str, Any]:
        """Objective and its sense, for architectures that come without."""
        return {"objective": self.objective, "goal": None if self.question else self._goal}

    def _place_of(self, which: str | int) -> int:
        if isinstance(which, int):
            return which
        names = [kept.name for kept in self.scenarios]
        if which not in names:
            there = ", ".join(map(repr, names)) or "none"
            raise ScenarioError(f"No scenario {which!r} is kept. There are: {there}.")
        return names.index(which)

    def _restore_rules(self, name: str, problem: SearchProblem) -> None:
        """Keep the current rules where they ask the same, else one that stands for all of them."""
        if rules_of(problem, "") != rules_of(self.problem, ""):
            self.set_rules(rules_of(problem, f"those of scenario {name!r}"))

    def _add(self, scenarios: list[Scenario]) -> None:
        taken = {kept.name for kept in self.scenarios}
        for scenario in scenarios:
            if scenario.name in taken:
                raise ScenarioError(
                    f"A scenario named {scenario.name!r} is already here. Rename or delete it."
                )
            taken.add(scenario.name)
        self._put(scenarios=(*self.scenarios, *scenarios))
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
