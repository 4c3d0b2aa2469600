"""The store: one announcement per action, nothing half set, the newest answer last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.state import actions, opening
from puzzle_widgets.state.background import Job
from puzzle_widgets.state.store import Changes, Store
from tests.support.libraries import MEMORY, RUNTIME
from tests.support.records import QUALITY, Action, first, random_actions


class Watched:
    """A store whose searches wait until they are let go, and what it announced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
        self.store = Store(first(), "exact")
        self.heard: list[dict[str, Any]] = []
        self.waiting: list[Callable[[], None]] = []
        if monkeypatch is not None:
            for answer in self.store.answers:
                monkeypatch.setattr(answer._runner, "request", self._later(answer._runner))
        self.store.subscribe(self._note)
        self.store.put(self.store.record)
        self.heard.clear()

    def _later(self, runner: Any) -> Callable[[Job], None]:
        really = runner.request
        return lambda job: self.waiting.append(lambda: really(job))

    def _note(self, changes: Changes) -> None:
        self.heard.append({name: new for name, (_, new) in changes.items()})
        whole(self.store)


def whole(store: Store) -> None:
    """Check that what is announced belongs together."""
    record, values = store.record, store._known
    assert values["problem"] == record.problem
    assert values["goal"] == record.direction
    assert values["updating"] == store.solution.running
    if not values["updating"] and values["solution"] is not None:
        assert values["solution"].problem == record.problem
    if values["selection"].kind == "scenario":
        assert values["shown"] is values["scenarios"][values["selection"].place].solution
    if values["front"] is not None:
        assert values["front"].resource == record.front_resource
    if record.question:
        assert (values["solution"], values["front"]) == (None, None)


def test_an_action_is_one_announcement(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the budgets come the problem and that it is searched; with the answer comes the end."""
    watched = Watched(monkeypatch)
    watched.waiting.pop()()
    watched.heard.clear()
    watched.store.apply(actions.set_budget, MEMORY, 12)
    asked = ["budgets", "problem", "undoable", "updating"]
    assert [sorted(changes) for changes in watched.heard] == [asked]
    watched.waiting.pop()()
    answered = [sorted(changes) for changes in watched.heard[1:]]
    assert answered == [["shown", "solution", "updating"]]


def test_what_changes_nothing_is_not_announced() -> None:
    """Nor is what is refused."""
    watched = Watched()
    row = watched.store.record.budgets[0]
    watched.store.apply(actions.set_budget, row.resource, row.value)
    with pytest.raises(pw.ProblemError):
        watched.store.apply(actions.set_budget, "stats.disk", 3)
    assert watched.heard == []


def test_another_library_is_one_announcement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Library, budgets, axes, and that nothing is answered yet."""
    watched = Watched(monkeypatch)
    watched.waiting.pop()()
    watched.heard.clear()
    watched.store.put(opening.open_library(pw.random_library(4, 4)))
    (changes,) = watched.heard
    assert {"library", "budgets", "problem", "solution", "shown", "parent"} <= set(changes)
    assert changes["shown"] is None


@given(st.lists(random_actions, max_size=8))
@settings(max_examples=25, deadline=None)
def test_random_actions_announce_whole_records(steps: list[Action]) -> None:
    """Whatever is done, each announcement belongs together, and the end is the newest answer."""
    watched = Watched()
    for step in steps:
        watched.store.apply(step)
        if not watched.store.record.question:
            assert watched.store.solution.value is not None
            assert watched.store.solution.value.problem == watched.store.record.problem
        assert not any(answer.running for answer in watched.store.answers)


def test_an_action_within_an_announcement_wins() -> None:
    """Who hears of a change may act at once; the search of what was overtaken is left out."""
    store = Store(first(), "exact")

    def tighten(changes: Changes) -> None:
        if store.record.budgets[0].value > 5 and "budgets" in changes:
            store.apply(actions.set_budget, MEMORY, store.record.budgets[0].value - 5)

    store.subscribe(tighten)
    store.put(store.record)
    assert store.solution.value is not None
    assert store.solution.value.problem == store.record.problem
    assert store.record.budgets[0].value <= 5
    assert not store.solution.running


def test_a_shown_point_stays_shown_while_the_front_fills_in() -> None:
    """Its place moves; where it is gone the current solution is shown, in the same announcement."""
    watched = Watched()
    store = watched.store
    store.start("front", actions.set_front, MEMORY)
    front = store.front.value
    assert front is not None
    assert len(front.solutions) > 2
    store.apply(actions.show_point, front, 2)
    point = store.shown
    store._arrived(store.front, pw.ParetoFront(MEMORY, front.solutions[1:], 7, 24))
    selection = store.record.selection
    assert (selection.kind, selection.place, store.shown) == ("point", 1, point)
    watched.heard.clear()
    store._arrived(store.front, pw.ParetoFront(MEMORY, front.solutions[:1], 8, 24))
    assert sorted(watched.heard[0]) == ["front", "selection", "shown"]
    assert store.shown is store.solution.value


def test_a_front_waits_for_the_sense_and_follows_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is searched anew by itself; of held budgets only once they are answered."""
    watched = Watched(monkeypatch)
    store = watched.store
    watched.waiting.pop()()
    store.start("front", actions.set_front, RUNTIME, held=True)
    assert store.front.running
    watched.waiting.pop()()
    first_front = store.front.value
    store.apply(actions.set_budget, MEMORY, 12)
    assert store.front.value is first_front
    watched.waiting.pop()()
    assert store.front.value is None
    assert store.front.running
    store.apply(actions.set_objective, QUALITY)
    assert (store.front.value, store.front.running, store.solution.value) == (None, False, None)
    store.apply(actions.set_goal, "maximize")
    assert store.front.running


def test_the_newest_of_many_is_answered_last() -> None:
    """With a loop: answers come in order, none of an older problem after a newer one's."""
    limits: list[float] = []

    def note(changes: Changes) -> None:
        if "solution" in changes and changes["solution"][1] is not None:
            limits.append(changes["solution"][1].problem.budgets[MEMORY].upper)

    async def main() -> Store:
        store = Store(opening.open_library(pw.random_library(30, 20)), "exact")
        store.subscribe(note)
        most = store.record.budgets[0].value
        for step in range(40):
            store.apply(actions.set_budget, MEMORY, most * (1 - step / 100))
            await asyncio.sleep(0.002)
        for _ in range(2000):
            if not store.solution.running:
                break
            await asyncio.sleep(0.005)
        store.close()
        return store

    store = asyncio.run(main())
    assert limits == sorted(limits, reverse=True)
    assert limits[-1] == store.record.problem.budgets[MEMORY].upper
