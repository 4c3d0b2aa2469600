"""Ctrl-C while the program still loads ends it at once, without a traceback of what it loads."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = "puzzle-widgets"


def interruptible() -> None:
    """Let Ctrl-C interrupt Python, as ever."""
    _swap(signal.SIG_DFL, signal.default_int_handler)


@contextmanager
def loading() -> Iterator[None]:
    """Let Ctrl-C end this process while the block loads more of it."""
    swapped = _swap(signal.default_int_handler, signal.SIG_DFL)
    try:
        yield
    finally:
        if swapped:
            interruptible()


def _is_program() -> bool:
    if sys.argv[:1] == ["-m"]:  # Python looks for the module that it is to run
        return sys.orig_argv[sys.orig_argv.index("-m") :][1:2] == [__package__]
    return bool(sys.argv) and Path(sys.argv[0]).stem == _PROGRAM


def _swap(expected: object, wanted: object) -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    if signal.getsignal(signal.SIGINT) is not expected:
        return False
    signal.signal(signal.SIGINT, wanted)  # type: ignore[arg-type]
    return True


if _is_program():  # importing a library changes nothing
    _swap(signal.default_int_handler, signal.SIG_DFL)
