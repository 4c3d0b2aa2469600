"""Tests of the message bar."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.message import MessageBar


@pytest.fixture
def state() -> pw.ExplorerState:
    """Give a state of a small library."""
    return pw.ExplorerState(pw.random_library(3, 3))


def test_bar_takes_no_room_without_a_message(state: pw.ExplorerState) -> None:
    """Nothing is shown at first, and nothing after the message is dismissed."""
    bar = MessageBar(state)
    assert bar.layout.display == "none"
    state.say("hello")
    assert bar.layout.display == "flex"
    bar.dismiss.click()
    assert state.message is None
    assert bar.layout.display == "none"


def test_errors_look_and_sound_like_errors(state: pw.ExplorerState) -> None:
    """An error is an alert with its own style; an info after it is not."""
    bar = MessageBar(state)
    state.say("it broke", "error")
    assert "role='alert'" in bar.text.value
    assert "pw-error" in bar._dom_classes
    state.say("it works")
    assert "alert" not in bar.text.value
    assert "pw-error" not in bar._dom_classes


def test_markup_in_a_message_is_escaped(state: pw.ExplorerState) -> None:
    """Names from files cannot bring tags into the page."""
    bar = MessageBar(state)
    state.say("<img src=x onerror=alert(1)>", "error")
    assert "<img" not in bar.text.value
    assert "&lt;img" in bar.text.value


def test_closed_bar_no_longer_follows(state: pw.ExplorerState) -> None:
    """After closing, messages change nothing in it."""
    bar = MessageBar(state)
    bar.close()
    state.say("late")
    assert bar.text.value == ""
