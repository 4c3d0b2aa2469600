"""Sessions: who may open one while there is room, and how it begins."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

PAGE_SECONDS = 60  # from the page's last byte to its websocket
TICKET_SECONDS = 20  # from the permission to open to the request that uses it
UNSEEN_SECONDS = 15  # without a word, before a waiting page loses its place
MOST_WAITING = 1000
SOON_SECONDS = 0.5
LATER_SECONDS = 2.0


@dataclass
class Admission:
    """Places of a server, tickets to them, and the pages that wait.

    Parameters
    ----------
    kernels
        The server's kernels, each one a session.
    most_sessions
        Sessions that may be open at once.
    most_starts
        Sessions that may be starting at once.
    clock
        Seconds that pass.
    per_address
        Sessions that may be open at once for one address; 0 for any number, since the pages of
        a class or an office often share one.
    """

    kernels: Any
    most_sessions: int
    most_starts: int
    clock: Callable[[], float] = time.monotonic
    per_address: int = 0
    openings: set[Opening] = field(default_factory=set)
    _tickets: dict[str, float] = field(default_factory=dict)
    _waiting: dict[str, float] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """Pages that wait."""
        self._forget()
        return len(self._waiting)

    def ask(self, name: str, address: str = "") -> dict[str, Any]:
        """Give a waiting page its ticket, or its place and when to ask again."""
        self._forget()
        if self._has_enough(address):
            return {"name": name, "ahead": 0, "yours": self.per_address, "again": LATER_SECONDS}
        if name not in self._waiting:
            if len(self._waiting) >= MOST_WAITING:
                return {"name": "", "ahead": 0, "full": True, "again": LATER_SECONDS}
            name = secrets.token_urlsafe(8)
        self._waiting[name] = self.clock()
        ahead = list(self._waiting).index(name)
        if ahead < self._room():
            return {"ticket": self._let_in(name, address)}
        return {
            "name": name,
            "ahead": ahead,
            "full": self._taken() >= self.most_sessions,
            "again": SOON_SECONDS if ahead < 2 * self.most_starts else LATER_SECONDS,
        }

    def begin(self, ticket: str) -> Opening | None:
        """Begin to open a session for a ticket; None for one that is unknown or has expired."""
        self._forget()
        if self._tickets.pop(ticket, None) is None:
            return None
        opening = Opening(self.kernels, self.openings.discard)
        opening.address = self._addresses.pop(ticket, "")
        self.openings.add(opening)
        return opening

    def opened(self, opening: Opening) -> None:
        """Count a session that has opened for its address, until it ends."""
        if opening.kernel_id is not None and self.per_address:
            self._addresses[opening.kernel_id] = opening.address

    async def close(self) -> None:
        """Admit no more pages, and end what is opening."""
        self.most_sessions = 0
        self._tickets.clear()
        for opening in list(self.openings):
            await opening.end()

    def _has_enough(self, address: str) -> bool:
        if not self.per_address:
            return False
        held = [*self._addresses.values()]
        held += [opening.address for opening in self.openings if opening.is_starting]
        return held.count(address) >= self.per_address

    def _let_in(self, name: str, address: str) -> str:
        del self._waiting[name]
        ticket = secrets.token_urlsafe()
        if self.per_address:
            self._addresses[ticket] = address
        self._tickets[ticket] = self.clock() + TICKET_SECONDS
        return ticket

    def _room(self) -> int:
        starting = len(self._tickets) + sum(opening.is_starting for opening in self.openings)
        return min(self.most_starts - starting, self.most_sessions - self._taken())

    def _taken(self) -> int:
        known: Collection[str] = self.kernels.list_kernel_ids()
        starting = (opening for opening in self.openings if opening.is_starting)
        early = sum(opening.kernel_id not in known for opening in starting)
        return len(self._tickets) + early + len(known)

    def _forget(self) -> None:
        now = self.clock()
        self._tickets = {key: end for key, end in self._tickets.items() if end > now}
        there = {*self._tickets, *self.kernels.list_kernel_ids()}
        self._addresses = {key: who for key, who in self._addresses.items() if key in there}
        seen = self._waiting.items()
        self._waiting = {key: last for key, last in seen if last > now - UNSEEN_SECONDS}


class Opening:
    """A session that is being opened.

    Parameters
    ----------
    kernels
        The server's kernels.
    done
        Called once it is over, with this opening.
    """

    def __init__(self, kernels: Any, done: Callable[[Opening], None]) -> None:  # noqa: ANN401
        self.kernel_id: str | None = None
        self.address = ""
        self.is_starting = True
        self._kernels = kernels
        self._done = done
        self._start: asyncio.Task[str] | None = None
        self._render: asyncio.Task[str] | None = None
        self._wait: asyncio.Task[None] | None = None

    async def render(self, page: Callable[[Opening], Any], seconds: float) -> str:
        """Give the page's text within so many seconds; whatever stops that ends the kernel."""
        self._render = asyncio.ensure_future(page(self))
        try:
            text = await asyncio.wait_for(self._render, seconds)
        except BaseException:
            await self.end()
            raise
        self.is_starting = False
        return text

    async def start(self, **how: Any) -> str:  # noqa: ANN401
        """Start the kernel; its id."""
        self._start = asyncio.ensure_future(self._kernels.start_kernel(**how))
        # A start that is broken off would leave a process that no one ends.
        kernel_id = await asyncio.shield(self._start)
        self.kernel_id = kernel_id
        return kernel_id

    def leave(self) -> None:
        """Break off: the visitor has gone."""
        if self._render is not None:
            self._render.cancel()

    def expect_page(self, seconds: float = PAGE_SECONDS) -> None:
        """End the kernel unless its page connects within so many seconds."""
        self._wait = asyncio.ensure_future(self._end_unmet(seconds))

    async def end(self) -> None:
        """End the kernel, as soon as it can be ended."""
        for task in (self._render, self._wait):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        with suppress(Exception):
            if self._start is not None:
                kernel_id = await self._start
                if kernel_id in self._kernels:
                    await self._kernels.end(kernel_id, "left")
        self._done(self)

    async def _end_unmet(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self.kernel_id in self._kernels and not self._kernels.is_met(self.kernel_id):
            await self.end()
        self._done(self)
