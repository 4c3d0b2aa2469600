"""How a command ends: its exit code, and Ctrl-C as a request to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from puzzle_widgets.search.outcome import Status

FOUND = 0
INVALID_INPUT = 1
INFEASIBLE = 2
NO_SOLUTION_IN_TIME = 3
USAGE = 64
"""As in BSD's sysexits; argparse's own 2 would read as "infeasible"."""
INTERRUPTED = 130

EXIT_CODES: dict[Status, int] = {
    "optimal": FOUND,
    "feasible": FOUND,
    "infeasible": INFEASIBLE,
    "no_solution_in_time": NO_SOLUTION_IN_TIME,
}

EXPLAINED = (
    "exit codes: 0 found; 1 invalid input, with a message on stderr; 2 infeasible; "
    "3 no solution in time; 64 usage error; 130 interrupted"
)


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a set event, so that results are kept; the second interrupts."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
