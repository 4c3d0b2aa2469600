"""Asked to end, at any moment."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from puzzle_widgets.app.machine import ending
from tests.support.app import CHECKOUT, kernels_of
from tests.support.visitor import open_page

PATIENCE_SECONDS = 240


def test_wish_is_heard_once_and_kept() -> None:
    """A request before there is anything to end is granted as soon as there is, and only once."""
    heard: list[str] = []
    before = signal.getsignal(signal.SIGTERM)
    with ending() as request:
        signal.raise_signal(signal.SIGTERM)
        request.stop_by(lambda: heard.append("end"))
        signal.raise_signal(signal.SIGINT)
    assert heard == ["end"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_ignored_stays_ignored() -> None:
    """A server started by nohup outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder whose name is short enough for sockets."""
    folder = tempfile.mkdtemp(prefix="pw", dir="/tmp")  # pytest's are too long
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder)


def wait_for(happened: object, what: str) -> None:
    """Return once ``happened()`` is true."""
    assert callable(happened)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.01)


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """End a process in any case: a test that fails must not wait for it."""
    with process:
        try:
            yield
        finally:
            process.kill()


def visit(url: str) -> None:
    """Open the page, whatever becomes of it."""
    with suppress(OSError):
        open_page(url)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("SIGINT", 20),
        ("SIGINT", 40),
        ("SIGINT", 60),
        ("SIGINT", 80),
        ("SIGHUP", 80),
        ("SIGINT", "opening"),
        ("SIGTERM", "opening"),
        ("SIGHUP", "opening"),
    ],
)
def test_ends_in_order_at_any_moment(name: str, moment: int | str) -> None:
    """No traceback, no folder and no kernel is left, and the exit status says what happened.

    How far the start has come is told by the memory, in MiB, that the process has taken so far.
    """
    psutil = pytest.importorskip("psutil")
    number = getattr(signal, name)
    with short_folder() as folder, (folder / "errors").open("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "puzzle_widgets", "--no-browser", "--port", "0"],
            cwd=CHECKOUT,
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        kernels = []
        with ended(process):
            server = psutil.Process(process.pid)
            if isinstance(moment, int):
                wait_for(lambda: server.memory_info().rss >= moment * 2**20, "memory")
            else:
                assert process.stdout is not None
                url = process.stdout.readline().split()[3]
                Thread(target=visit, args=[url], daemon=True).start()
                wait_for(lambda: kernels_of(process.pid), "kernel")
                kernels = kernels_of(process.pid)
            process.send_signal(number)
            status = process.wait(timeout=PATIENCE_SECONDS)
        wait_for(lambda: not any(kernel.is_running() for kernel in kernels), "end of the kernels")
        errors.seek(0)
        assert errors.read() in ("", "puzzle-widgets: stopped.\n")
        assert status in (0, 130, -number)
        assert [path.name for path in folder.iterdir()] == ["errors"]
