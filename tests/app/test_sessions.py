"""Who is let in, in which order, and who waits; how a session begins and ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from puzzle_widgets.app import sessions
from puzzle_widgets.app.sessions import (
    TICKET_SECONDS,
    UNSEEN_SECONDS,
    Admission,
    Opening,
)


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
    monkeypatch.setattr(sessions, "MOST_WAITING", 5)
    answers: list[Any] = [door.ask("") for _ in range(20)]
    assert len(door._waiting) == 5
    assert answers[-1]["full"]


def test_an_address_has_so_many_sessions(kernels: Kernels, clock: Clock) -> None:
    """Where a host says so, a visitor with enough sessions waits until one has ended."""
    door = Admission(kernels, 9, 9, clock, per_address=2)
    for _ in range(2):
        ticket = door.ask("", "here")["ticket"]
        opening = door.begin(ticket)
        assert opening is not None
        kernels.running.append(ticket)
        opening.kernel_id, opening.is_starting = ticket, False
        door.opened(opening)
    assert door.ask("", "here")["yours"] == 2
    assert "ticket" in door.ask("", "there")
    kernels.running.pop()
    assert "ticket" in door.ask("", "here")
    assert door.ask("", "here")["yours"] == 2  # the ticket counts, too


class StartedKernels:
    """Stand for the server's kernels: they start when told to."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.met = False
        self.may_start = asyncio.Event()

    def __contains__(self, kernel_id: str) -> bool:
        return kernel_id in self.running

    def is_met(self, _kernel_id: str) -> bool:
        """Whether a page has come."""
        return self.met

    async def start_kernel(self) -> str:
        """Start the one kernel, which takes a while."""
        await self.may_start.wait()
        self.running.add("kernel")
        return "kernel"

    async def end(self, kernel_id: str, why: str) -> None:
        """End it."""
        assert why == "left"
        self.running.remove(kernel_id)


async def begun(kernels: StartedKernels, over: list[Opening]) -> tuple[Opening, asyncio.Task[str]]:
    """Begin to open a session."""
    opening = Opening(kernels, over.append)

    async def page(asked: Opening) -> str:
        return f"page of {await asked.start()}"

    task = asyncio.create_task(opening.render(page, 60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return opening, task


async def ended(kernels: StartedKernels, over: list[Opening]) -> None:
    """Return once the opening is over and no kernel runs."""
    while kernels.running or not over:  # noqa: ASYNC110 - a stand-in tells nobody
        await asyncio.sleep(0.001)


def test_page_is_given_and_its_kernel_stays() -> None:
    """A page that has come keeps its kernel."""

    async def test() -> None:
        kernels, over = StartedKernels(), list[Opening]()
        kernels.may_start.set()
        opening, task = await begun(kernels, over)
        assert await task == "page of kernel"
        kernels.met = True
        opening.expect_page(0)
        while not over:  # noqa: ASYNC110 - a stand-in tells nobody
            await asyncio.sleep(0.001)
        assert kernels.running == {"kernel"}

    asyncio.run(asyncio.wait_for(test(), 60))


def test_kernel_that_no_page_comes_for_is_ended() -> None:
    """What asked for the page and never ran it leaves no kernel behind."""

    async def test() -> None:
        kernels, over = StartedKernels(), list[Opening]()
        kernels.may_start.set()
        opening, task = await begun(kernels, over)
        await task
        opening.expect_page(0)
        await ended(kernels, over)

    asyncio.run(asyncio.wait_for(test(), 60))


def test_visitor_who_leaves_ends_the_start() -> None:
    """A kernel whose start cannot be broken off any more is ended once it runs."""

    async def test() -> None:
        kernels, over = StartedKernels(), list[Opening]()
        opening, task = await begun(kernels, over)
        opening.leave()
        await asyncio.sleep(0)
        kernels.may_start.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ended(kernels, over)
        assert opening.kernel_id is None

    asyncio.run(asyncio.wait_for(test(), 60))


def test_failed_page_ends_its_kernel() -> None:
    """An error while the page is made, or a page that takes too long, ends the kernel."""

    async def test(seconds: float, error: type[Exception]) -> None:
        kernels, over = StartedKernels(), list[Opening]()
        kernels.may_start.set()

        async def page(asked: Opening) -> str:
            await asked.start()
            if error is ValueError:
                raise error
            await asyncio.sleep(3600)
            return ""

        with pytest.raises(error):
            await Opening(kernels, over.append).render(page, seconds)
        await ended(kernels, over)

    asyncio.run(asyncio.wait_for(test(60, ValueError), 60))
    asyncio.run(asyncio.wait_for(test(0.01, TimeoutError), 60))
