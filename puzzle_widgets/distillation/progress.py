"""Says how far a stage is, and how long the rest takes."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable

Say = Callable[[str], None]
_SECONDS_BETWEEN = 5.0
_STEPS_JUDGED_BY = 200


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
        self._what, self._steps, self._say, self._done = what, steps, say, done
        self._seconds: deque[float] = deque(maxlen=_STEPS_JUDGED_BY)
        self._last_step = time.monotonic()
        self._last_line = self._last_step  # the first steps of a stage tell too little
        if done:
            say(f"{what}: going on after {done:,} of {steps:,}")

    def step(self, words: str = "", count: int = 1) -> None:
        """Count finished steps; says a line now and then, and at the end."""
        now = time.monotonic()
        self._seconds.append((now - self._last_step) / count)
        self._last_step = now
        self._done += count
        if self._done >= self._steps or now - self._last_line >= _SECONDS_BETWEEN:
            self._last_line = now
            self._say(self._line(words))

    def _line(self, words: str) -> str:
        left = statistics.fmean(self._seconds) * (self._steps - self._done)
        told = f", {words}" if words else ""
        rest = f", about {duration(left)} left" if self._done < self._steps else ", done"
        return f"{self._what}: {self._done:,} of {self._steps:,}{told}{rest}"


def duration(seconds: float) -> str:
    """Write seconds for reading, such as ``"3 min 20 s"``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
