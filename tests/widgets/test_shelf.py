"""Scenarios in the visitor's browser: handed over as they change, taken back with suspicion."""

from __future__ import annotations

import json

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets import shelf as module
from puzzle_widgets.widgets.shelf import ScenarioShelf
from tests.support.libraries import MEMORY
from tests.support.records import small


def kept(*names: str) -> ScenarioShelf:
    """A shelf on a state with these scenarios."""
    state = pw.ExplorerState(small())
    shelf = ScenarioShelf(state)
    for place, name in enumerate(names):
        state.set_budget(MEMORY, 12 + place)
        state.keep(name)
    return shelf


def say(shelf: ScenarioShelf, content: object) -> None:
    """Send a message as a page does."""
    shelf._handle_custom_msg(content, [])


def test_scenarios_come_back_from_what_was_handed_over() -> None:
    """On the same library, by its digest."""
    first, second = kept("a", "b"), kept()
    assert first.shelf["names"] == ["a", "b"]
    assert (second.shelf["names"], second.shelf["text"]) == ([], "")
    assert first.shelf["digest"] == second.shelf["digest"] == second.state.record.digest
    say(second, {"restore": first.shelf["text"]})
    assert [one.name for one in second.state.scenarios] == ["a", "b"]
    assert second.shelf["names"] == ["a", "b"]


def test_another_library_has_a_shelf_of_its_own() -> None:
    """Its scenarios are none of the first's."""
    shelf = kept("a")
    before = shelf.shelf["digest"]
    shelf.state.open_library(pw.random_library(3, 3))
    assert shelf.shelf["digest"] != before
    assert shelf.shelf["names"] == []


def test_too_much_is_not_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is told the names, and says that there is no room."""
    monkeypatch.setattr(module, "MOST_LETTERS", 10)
    shelf = kept("a")
    assert (shelf.shelf["names"], shelf.shelf["text"]) == (["a"], "")


@pytest.mark.parametrize(
    "text", [3, None, "", "{", "\ud800", json.dumps({"format": "x"}), "x" * 2_000_001]
)
def test_what_cannot_be_read_changes_nothing(
    text: object, no_silent_errors: list[Exception]
) -> None:
    """One message; the scenarios that are there stay."""
    shelf = kept("a")
    before = shelf.state.record
    say(shelf, {"restore": text})
    assert shelf.state.record is before
    assert shelf.state.message is not None
    assert shelf.state.message.level == "error"
    no_silent_errors.clear()


@pytest.mark.parametrize("content", [None, "restore", [], {"other": 1}])
def test_what_is_no_message_is_ignored(content: object) -> None:
    """Nothing happens, and nothing is said."""
    shelf = kept()
    say(shelf, content)
    assert shelf.state.message is None


def test_a_name_that_is_taken_gets_a_number() -> None:
    """The others come as they are, and the message says what became of that one."""
    first, second = kept("a", "b"), kept("b")
    say(second, {"restore": first.shelf["text"]})
    assert [one.name for one in second.state.scenarios] == ["b", "a", "b (2)"]
    assert second.state.message is not None
    assert second.state.message.text == ("2 scenarios loaded. b (2): renamed, 'b' is another one")


def test_what_is_here_already_comes_once() -> None:
    """Restored twice, or kept in two tabs."""
    first = kept("a", "b")
    before = first.state.scenarios
    say(first, {"restore": first.shelf["text"]})
    assert first.state.scenarios is before
    assert first.state.message is not None
    assert first.state.message.text == "All of these are already here."
