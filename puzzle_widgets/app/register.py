"""What a server knows of its sessions: figures for its operator, and why each one ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

Why = Literal["closed", "left", "idle", "died", "memory", "stopped"]
WORDS: dict[str, str] = {
    "closed": "its page was closed",
    "left": "its visitor left before it was shown",
    "idle": "nobody used it",
    "died": "its kernel died",
    "memory": "it took too much memory",
    "stopped": "the server was stopped",
}
REMEMBERED_SECONDS = 600.0
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


@dataclass
class Session:
    """One session, as far as its operator is concerned: nothing of what is done in it."""

    began: float
    opening_seconds: float | None = None
    answers: int = 0
    slowest: float = 0.0
    why: Why | None = None


@dataclass
class Register:
    """The sessions that are open, the figures of all, and for a while why one has ended.

    Parameters
    ----------
    write
        Takes one line for each session that has ended.
    clock
        Seconds that pass.
    """

    write: Callable[[str], object] = lambda _: None
    clock: Callable[[], float] = time.monotonic
    sessions: dict[str, Session] = field(default_factory=dict)
    _ended: dict[str, tuple[float, Why]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the figures, for this server alone."""
        self._figures = CollectorRegistry()
        self._openings = Histogram(
            "puzzle_opening_seconds",
            "From the request for a page until it is sent",
            buckets=_SECONDS,
            registry=self._figures,
        )
        self._answers = Histogram(
            "puzzle_answer_seconds",
            "From a page's message until its kernel has dealt with it, such as a slider's move",
            buckets=_SECONDS,
            registry=self._figures,
        )
        self._ends = Counter(
            "puzzle_sessions_ended", "Sessions that have ended", ["why"], registry=self._figures
        )

    def begin(self, kernel_id: str) -> None:
        """Note a session that begins."""
        self.sessions[kernel_id] = Session(self.clock())

    def opened(self, kernel_id: str | None, seconds: float) -> None:
        """Note how long it took to open a session."""
        self._openings.observe(seconds)
        if kernel_id in self.sessions:
            self.sessions[kernel_id].opening_seconds = seconds

    def answered(self, kernel_id: str, seconds: float) -> None:
        """Note how long a kernel took over a message of its page."""
        self._answers.observe(seconds)
        session = self.sessions.get(kernel_id)
        if session is not None:
            session.answers += 1
            session.slowest = max(session.slowest, seconds)

    def ending(self, kernel_id: str, why: Why) -> None:
        """Note why a session ends; the first reason counts."""
        session = self.sessions.get(kernel_id)
        if session is not None and session.why is None:
            session.why = why

    def gone(self, kernel_id: str) -> None:
        """Forget a session that has ended, but for its reason, and write its line."""
        session = self.sessions.pop(kernel_id, None)
        if session is None:
            return
        why = session.why or "stopped"
        now = self.clock()
        kept = {
            key: told for key, told in self._ended.items() if now - told[0] < REMEMBERED_SECONDS
        }
        self._ended = {**kept, kernel_id: (now, why)}
        self._ends.labels(why).inc()
        self.write(_line(kernel_id, session, why, now))

    def why(self, kernel_id: str) -> Why | None:
        """Why a session has ended, if that is known and not long ago."""
        told = self._ended.get(kernel_id)
        return told[1] if told else None

    def figures(self) -> str:
        """All figures in Prometheus' text format, but what is counted when it is asked for."""
        return generate_latest(self._figures).decode()


def _line(kernel_id: str, session: Session, why: Why, now: float) -> str:
    opened = session.opening_seconds
    parts = [
        f"{datetime.now():%Y-%m-%d %H:%M:%S} session {kernel_id[:8]}",  # noqa: DTZ005 - the operator's own
        "never opened" if opened is None else f"opened in {opened:.1f} s",
        f"{now - session.began:.0f} s long",
        f"{session.answers} messages",
        f"slowest {session.slowest:.2f} s",
        f"ended: {WORDS[why]}",
    ]
    return ", ".join(parts)
