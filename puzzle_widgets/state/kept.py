"""The face of the scenarios: what a user saves, loads, and compares with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Concatenate, ParamSpec

from traitlets import Instance, Tuple, Unicode

from puzzle_widgets.errors import ScenarioError
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.scenario import saved_words
from puzzle_widgets.state import actions, former_actions, kept_actions
from puzzle_widgets.state.acting import Acting, acts
from puzzle_widgets.state.record import Record
from puzzle_widgets.sweeps import ParetoFront

P = ParamSpec("P")


class Kept(Acting):
    """Scenarios, and what is saved as one."""

    scenarios = Tuple(help="saved solutions (Scenario)")
    former = Tuple(help="libraries that were open before, with their scenarios (FormerLibrary)")
    reference = Unicode(help="name of the scenario that all else is set against; empty for none")
    measured = Tuple(help="measured points beside the search's (MeasuredPoint)")
    shown = Instance(Solution, allow_none=True, help="the architecture that is shown")
    front = Instance(ParetoFront, allow_none=True, help="the front as far as it is known")

    delete = acts(kept_actions.delete)
    restore = acts(kept_actions.restore)
    set_reference = acts(kept_actions.set_reference)
    set_measured = acts(actions.set_measured)

    def sum_here(self, which: str | int) -> None:
        """Sum a scenario of a former library by the open one, and save that as a scenario.

        Exact, where the open library has its blocks; else a message says which it has not.
        """
        if self._attempt(self._store.apply, former_actions.sum_here, which):
            self.say(saved_words(self.scenarios))

    def keep(self, name: str) -> None:
        """Save what is shown as a scenario."""
        if self._attempt(self._store.apply, kept_actions.keep, name, self.shown):
            self.say(saved_words(self.scenarios))

    def keep_points(self, places: Iterable[int]) -> None:
        """Save points of the front as scenarios, by their places from low to high use."""
        before = len(self.scenarios)
        if self._attempt(self._store.apply, kept_actions.keep_points, self.front, tuple(places)):
            self.say(f"{_counted(len(self.scenarios) - before)} saved.")

    forget_waiting = acts(former_actions.forget_waiting)

    def rename(self, which: str | int, name: str) -> None:
        """Give a scenario, by its name or place, another name."""
        place = kept_actions.place_of(self.record, which)
        self._attempt(self._store.apply, kept_actions.rename, place, name)

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
            self._attempt(self._add, kept_actions.load_scenarios, source, file)
            return
        path = Path(source).expanduser()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ScenarioError(f"{path}: cannot be read ({error.strerror}).") from error
        self._add(kept_actions.load_scenarios, content, path.name)

    def add_preset(self, name: str) -> None:
        """Add a published architecture as a scenario."""
        self._attempt(self._add, kept_actions.add_preset, name)

    def _add(
        self, action: Callable[Concatenate[Record, P], Record], *given: P.args, **named: P.kwargs
    ) -> None:
        """Add scenarios, and say how many, with the first note on them."""
        before = {one.name for one in self.record.kept}
        self._store.apply(action, *given, **named)
        added = [one for one in self.record.kept if one.name not in before]
        notes = [f" {one.name}: {note}" for one in added for note in one.notes]
        words = f"{_counted(len(added))} loaded." if added else "All of these are already here."
        self.say(f"{words}{notes[0] if notes else ''}")


def _counted(count: int) -> str:
    return "1 scenario" if count == 1 else f"{count} scenarios"
