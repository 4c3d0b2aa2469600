"""Two minutes of the soak; an hour of it is a command."""

from __future__ import annotations

import asyncio

import pytest

from puzzle_widgets.app.forked import can_fork
from tests.app.conftest import sockets_left_open_go_now
from tests.benchmarks.soak import Soak

__all__ = ["sockets_left_open_go_now"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_fork(), reason="kernels are forked on Linux alone"),
    # Sockets are dropped and frozen on purpose, and may be collected at any time.
    pytest.mark.filterwarnings("ignore:Unclosed WebSocketClientConnection:ResourceWarning"),
]


def test_no_session_is_lost_and_nothing_grows() -> None:
    """Whatever is killed, dropped, frozen, sent and uploaded meanwhile."""
    report = asyncio.run(Soak(seconds=120, pause=4).run())
    assert report.held, str(report)
    assert report.moves > 20
    assert set(report.troubles) == {
        "kernel killed",
        "forking process killed",
        "server ended by SIGKILL",
        "server ended by SIGTERM",
        "all sockets dropped",
        "socket frozen",
        "hostile messages",
        "file uploaded",
    }
