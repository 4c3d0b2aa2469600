"""What an operator is told of sessions, and a page of the end of its own."""

from __future__ import annotations

import pytest

from puzzle_widgets.app.register import REMEMBERED_SECONDS, WORDS, Register, Why


class Clock:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """The time, at 0 seconds."""
    return Clock()


@pytest.fixture
def lines() -> list[str]:
    """What was written."""
    return []


@pytest.fixture
def register(clock: Clock, lines: list[str]) -> Register:
    """A register that writes into a list."""
    return Register(lines.append, clock)


def test_a_session_leaves_one_line(register: Register, clock: Clock, lines: list[str]) -> None:
    """How long it took to open and lasted, what it was asked, how slow at worst, and its end."""
    register.begin("0123456789")
    register.opened("0123456789", 1.25)
    register.answered("0123456789", 0.03)
    register.answered("0123456789", 0.5)
    clock.seconds = 90
    register.ending("0123456789", "idle")
    register.ending("0123456789", "closed")  # the first reason counts
    register.gone("0123456789")
    (line,) = lines
    assert line.endswith(
        "session 01234567, opened in 1.2 s, 90 s long, 2 messages, slowest 0.50 s, "
        "ended: nobody used it"
    )
    assert register.sessions == {}


@pytest.mark.parametrize("why", WORDS)
def test_the_reason_is_told_for_a_while(register: Register, clock: Clock, why: Why) -> None:
    """A page that asks soon enough learns it; nothing is kept for long."""
    register.begin("a")
    register.ending("a", why)
    register.gone("a")
    assert register.why("a") == why
    assert register.why("b") is None
    clock.seconds = REMEMBERED_SECONDS + 1
    register.begin("b")
    register.gone("b")
    assert register.why("a") is None
    assert register.why("b") == "stopped"


def test_figures_count_all_sessions(register: Register) -> None:
    """Openings, answers and ends, in Prometheus' format; of a server of its own each."""
    register.begin("a")
    register.opened("a", 0.7)
    register.answered("a", 0.04)
    register.answered("unknown", 0.04)
    register.gone("a")
    told = register.figures()
    assert "puzzle_opening_seconds_count 1.0" in told
    assert "puzzle_answer_seconds_count 2.0" in told
    assert 'puzzle_sessions_ended_total{why="stopped"} 1.0' in told
    assert "puzzle_answer_seconds_count 0.0" in Register().figures()
