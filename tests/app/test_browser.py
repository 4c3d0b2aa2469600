"""Opening a browser, or leaving it."""

from __future__ import annotations

import sys
import webbrowser
from threading import Event

import pytest

from puzzle_widgets.app.machine import open_when_possible


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
