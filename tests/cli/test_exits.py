"""Ctrl-C as a request."""

from __future__ import annotations

import signal
import threading

import pytest

from puzzle_widgets.cli.exits import stoppable


def test_first_ctrl_c_is_a_wish_and_the_second_an_interrupt() -> None:
    """The first sets the event, the second raises."""
    with stoppable() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_handler_before_comes_back() -> None:
    """Afterwards Ctrl-C means what it meant before."""
    before = signal.getsignal(signal.SIGINT)
    with stoppable():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_other_threads_may_use_it() -> None:
    """Outside the main thread, where no handler can be set, it does nothing."""
    unset: list[bool] = []

    def work() -> None:
        with stoppable() as stop:
            unset.append(not stop.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert unset == [True]
