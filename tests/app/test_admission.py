"""Who is let in, in which order, and who waits."""

from __future__ import annotations

from typing import Any

import pytest

from puzzle_widgets.app import admission
from puzzle_widgets.app.admission import TICKET_SECONDS, UNSEEN_SECONDS, Admission


class Kernels:
    """Stand for the server's kernels."""

    def __init__(self) -> None:
        self.running: list[str] = []

    def list_kernel_ids(self) -> list[str]:
        """Ids of those that run."""
        return self.running


class Clock:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.seconds


@pytest.fixture
def kernels() -> Kernels:
    """No kernel yet."""
    return Kernels()


@pytest.fixture
def clock() -> Clock:
    """The time, at 0 seconds."""
    return Clock()


@pytest.fixture
def door(kernels: Kernels, clock: Clock) -> Admission:
    """A server of three sessions that starts one at a time."""
    return Admission(kernels, 3, 1, clock)


def opened(door: Admission, kernels: Kernels, ticket: str) -> None:
    """Use a ticket, and have its session run."""
    opening = door.begin(ticket)
    assert opening is not None
    kernels.running.append(ticket)
    opening.kernel_id, opening.is_starting = ticket, False


def test_visitors_open_one_after_the_other(door: Admission, kernels: Kernels) -> None:
    """Whoever asked first is let in first, once the start before is over."""
    ticket = door.ask("")["ticket"]
    second, third = door.ask(""), door.ask("")
    assert (second["ahead"], third["ahead"]) == (0, 1)
    assert not second["full"]
    opened(door, kernels, ticket)
    assert door.ask(third["name"])["ahead"] == 1
    assert "ticket" in door.ask(second["name"])
    assert "ticket" not in door.ask(third["name"])


def test_several_may_start_at_once(kernels: Kernels, clock: Clock) -> None:
    """As many as the machine has cores start together."""
    door = Admission(kernels, 9, 2, clock)
    answers = [door.ask("") for _ in range(3)]
    assert ["ticket" in answer for answer in answers] == [True, True, False]


def test_full_server_says_so_and_lets_in_who_waits(door: Admission, kernels: Kernels) -> None:
    """Beyond its sessions nobody is let in, until one has ended."""
    kernels.running = ["a", "b", "c"]
    waiting = door.ask("")
    assert waiting["full"]
    kernels.running.remove("b")
    assert "ticket" in door.ask(waiting["name"])


def test_ticket_is_used_once(door: Admission) -> None:
    """A ticket opens one session; a made-up one none."""
    ticket = door.ask("")["ticket"]
    assert door.begin("made up") is None
    assert door.begin(ticket) is not None
    assert door.begin(ticket) is None


def test_unused_ticket_expires(door: Admission, clock: Clock) -> None:
    """Who is let in and does not come leaves the place to the next one."""
    ticket = door.ask("")["ticket"]
    assert "ticket" not in door.ask("")
    clock.seconds = TICKET_SECONDS + 1
    assert "ticket" in door.ask("")
    assert door.begin(ticket) is None


def test_who_has_gone_holds_up_nobody(door: Admission, kernels: Kernels, clock: Clock) -> None:
    """A waiting page that asks no more loses its place."""
    ticket = door.ask("")["ticket"]
    gone, staying = door.ask("")["name"], door.ask("")["name"]
    opened(door, kernels, ticket)
    for clock.seconds in (UNSEEN_SECONDS / 2, UNSEEN_SECONDS - 1):
        assert "ticket" not in door.ask(staying)
    clock.seconds = UNSEEN_SECONDS + 1
    assert "ticket" in door.ask(staying)
    assert door.ask(gone)["name"] != gone


def test_failed_start_frees_its_place(door: Admission) -> None:
    """An opening that is over without a session counts no more."""
    opening = door.begin(door.ask("")["ticket"])
    assert opening is not None
    assert "ticket" not in door.ask("")
    door.openings.discard(opening)
    assert any("ticket" in door.ask(name) for name in list(door._waiting))


def test_waiting_pages_are_bounded(door: Admission, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of questions fills no memory."""
    monkeypatch.setattr(admission, "MOST_WAITING", 5)
    answers: list[Any] = [door.ask("") for _ in range(20)]
    assert len(door._waiting) == 5
    assert answers[-1]["full"]
