"""What the machine gives the server: its port, and a browser or none."""

from __future__ import annotations

import socket
import sys
import webbrowser
from contextlib import closing, contextmanager
from threading import Event
from typing import TYPE_CHECKING

import pytest

from puzzle_widgets.app import machine
from puzzle_widgets.app.machine import open_when_possible
from puzzle_widgets.errors import ServerError


class Recorder:
    """Stands for a browser; notes what it was asked to open."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.called = Event()

    def open(self, url: str, new: int = 0) -> bool:
        """Note the address."""
        self.opened.append(f"{url} {new}")
        self.called.set()
        return True


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The browser that Python would find on a Linux machine without a display."""
    recorder = Recorder()
    monkeypatch.setattr(webbrowser, "get", lambda: recorder)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    return recorder


def test_browser_opens_on_a_display(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a display the page opens in a new tab."""
    monkeypatch.setenv("DISPLAY", ":0")
    open_when_possible("http://127.0.0.1:1/")
    assert recorder.called.wait(10)
    assert recorder.opened == ["http://127.0.0.1:1/ 2"]


def test_text_browser_is_left_alone(recorder: Recorder) -> None:
    """Without a display nothing is opened, so no text browser seizes the terminal."""
    open_when_possible("http://127.0.0.1:1/")
    assert not recorder.called.wait(0.2)


def test_machine_without_browser_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python finds no browser at all, serving goes on."""

    def none_found() -> None:
        raise webbrowser.Error

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "get", none_found)
    open_when_possible("http://127.0.0.1:1/")


if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "127.0.0.1"


@contextmanager
def listening(port: int | None) -> Iterator[int]:
    """Port of a server that listens for as long as the block lasts."""
    with machine.listen_at(HERE, port) as listener:
        yield machine.port_of(listener)


def free_port() -> int:
    """A port that nobody listens at."""
    with closing(socket.socket()) as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


def test_asked_port_is_taken() -> None:
    """A port that is asked for and free is the one that is taken."""
    asked = free_port()
    with listening(asked) as port:
        assert port == asked


def test_preferred_port_is_taken_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no port asked for, the preferred one is taken while it is free."""
    monkeypatch.setattr(machine, "PREFERRED_PORT", free_port())
    with listening(None) as port:
        assert port == machine.PREFERRED_PORT


def test_another_port_serves_when_the_preferred_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second app started beside the first takes any free port."""
    monkeypatch.setattr(machine, "PREFERRED_PORT", free_port())
    with listening(None) as first, listening(None) as second:
        assert first == machine.PREFERRED_PORT
        assert second not in (0, first)


@pytest.mark.parametrize("bad", [-1, 65_536])
def test_impossible_port_is_refused(bad: int) -> None:
    """A port outside the range of ports is a clear error."""
    with pytest.raises(ServerError, match=f"invalid port {bad}; give 1 to 65535"):
        machine.listen_at(HERE, bad)


def test_taken_port_is_refused_when_asked_for() -> None:
    """A port that was asked for is never swapped for another in silence."""
    with listening(0) as port, pytest.raises(ServerError, match=f"port {port} .* cannot be used"):
        machine.listen_at(HERE, port)
