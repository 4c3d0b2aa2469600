"""Says how far a stage is, and how long the rest takes: a line now and then, for a log."""

from __future__ import annotations

import time
from collections.abc import Callable

import rich.progress

Say = Callable[[str], None]
_SECONDS_BETWEEN = 5.0
_SECONDS_JUDGED_BY = 120.0


class Progress:
    """Progress of one stage.

    Parameters
    ----------
    what
        The stage in words.
    steps
        Steps it has in all.
    say
        Takes each line.
    done
        Steps that an earlier run did.
    """

    def __init__(self, what: str, steps: int, say: Say, done: int = 0) -> None:
        self._say, self._now = say, time.monotonic()
        self._last_line = self._now  # the first steps of a stage tell too little
        self._rich = rich.progress.Progress(
            auto_refresh=False,
            speed_estimate_period=_SECONDS_JUDGED_BY,
            get_time=lambda: self._now,
        )
        self._id = self._rich.add_task(what, total=steps, completed=done)
        self._rich.advance(self._id, 0)  # the estimate counts from here
        if done:
            say(f"{what}: resuming after {done:,} of {steps:,}")

    def step(self, words: str = "", count: int = 1) -> None:
        """Count finished steps; says a line now and then, and at the end."""
        self._now = time.monotonic()
        self._rich.advance(self._id, count)
        finished = self._rich.tasks[0].finished
        if finished or self._now - self._last_line >= _SECONDS_BETWEEN:
            self._last_line = self._now
            self._say(self._line(words))

    def _line(self, words: str) -> str:
        task = self._rich.tasks[0]
        told = f", {words}" if words else ""
        left = f", about {duration(task.time_remaining)} left" if task.time_remaining else ""
        rest = ", done" if task.finished else left
        return f"{task.description}: {task.completed:,.0f} of {task.total:,.0f}{told}{rest}"


def duration(seconds: float) -> str:
    """Write seconds for reading, such as ``"3 min 20 s"``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
