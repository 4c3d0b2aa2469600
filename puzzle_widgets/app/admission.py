"""Who may open a session: pages that run their script, one after the other, while there is room."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from tornado.web import HTTPError, authenticated
from voila.handler import BaseVoilaHandler

from puzzle_widgets.app.opening import Opening

TICKET_SECONDS = 20  # from the permission to open to the request that uses it
UNSEEN_SECONDS = 15  # without a word, before a waiting page loses its place
MOST_WAITING = 1000
SOON_SECONDS = 0.5
LATER_SECONDS = 2.0
PROOF = "X-Puzzle-Widgets"  # a header that no page of another host can send


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
    """

    kernels: Any
    most_sessions: int
    most_starts: int
    clock: Callable[[], float] = time.monotonic
    openings: set[Opening] = field(default_factory=set)
    _tickets: dict[str, float] = field(default_factory=dict)
    _waiting: dict[str, float] = field(default_factory=dict)

    def ask(self, name: str) -> dict[str, Any]:
        """Give a waiting page its ticket, or its place and when to ask again."""
        self._forget()
        if name not in self._waiting:
            if len(self._waiting) >= MOST_WAITING:
                return {"name": "", "ahead": 0, "full": True, "again": LATER_SECONDS}
            name = secrets.token_urlsafe(8)
        self._waiting[name] = self.clock()
        ahead = list(self._waiting).index(name)
        if ahead < self._room():
            return {"ticket": self._let_in(name)}
        return {
            "name": name,
            "ahead": ahead,
            "full": self._taken() >= self.most_sessions,
            "again": SOON_SECONDS if ahead < 2 * self.most_starts else LATER_SECONDS,
        }

    def begin(self, ticket: str) -> Opening | None:
        """Begin to open a session for a ticket, or None if there is no such ticket (any more)."""
        self._forget()
        if self._tickets.pop(ticket, None) is None:
            return None
        opening = Opening(self.kernels, self.openings.discard)
        self.openings.add(opening)
        return opening

    async def close(self) -> None:
        """Let nobody in any more, and end what is opening."""
        self.most_sessions = 0
        self._tickets.clear()
        for opening in list(self.openings):
            await opening.end()

    def _let_in(self, name: str) -> str:
        del self._waiting[name]
        ticket = secrets.token_urlsafe()
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
        seen = self._waiting.items()
        self._waiting = {key: last for key, last in seen if last > now - UNSEEN_SECONDS}


class AdmissionHandler(BaseVoilaHandler):
    """Answers a waiting page."""

    def initialize(self, admission: Admission, **kwargs: Any) -> None:  # noqa: ANN401
        """Take what Voila's handlers take, and the server's admission."""
        super().initialize(**kwargs)
        self._admission = admission

    @authenticated
    def post(self) -> None:
        """Give a ticket, or a place; only a script of this server's own page can ask."""
        if PROOF not in self.request.headers:
            raise HTTPError(403)
        self.set_header("Cache-Control", "no-store")
        self.finish(self._admission.ask(self.get_argument("name", "")))
