"""The request to end: by Ctrl-C, by a request to terminate, or because the terminal has gone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Ending:
    """What a request to end does, at whatever moment it comes."""

    def __init__(self) -> None:
        self._stop: Callable[[], object] | None = None
        self._asked = False

    def stop_by(self, stop: Callable[[], object]) -> None:
        """Call ``stop`` once asked, or now if that was meanwhile."""
        self._stop = stop
        if self._asked:
            stop()

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """End in order, once there is something to end; that it was asked again changes nothing."""
        again, self._asked = self._asked, True
        if self._stop is not None and not again:
            self._stop()


@contextmanager
def ending() -> Iterator[Ending]:
    """Take the signals that ask to end, for as long as the block lasts."""
    request = Ending()
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    # What whoever started us has told us to ignore, as `nohup` does, stays ignored.
    taken = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, request.ask) for number in taken}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
