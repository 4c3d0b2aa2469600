"""Kernels made ahead, where none can be forked: what they become, and that none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from puzzle_widgets.app.spare import MODULE, Spares
from tests.app.test_forked import wait_for
from tests.support.app import CHECKOUT, running_app
from tests.support.notebook import write_notebook
from tests.support.visitor import open_page

pytest.importorskip("psutil")
import psutil

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="looks at processes as Unix has them"),
]

_NO_FORK = "import os\ndel os.pidfd_open"


@pytest.fixture
def spares() -> Iterator[Spares]:
    """One kernel that waits, in this checkout."""
    made = Spares(1, {"PYTHONPATH": str(CHECKOUT)})
    made.start()
    yield made
    made.close()


def waiting() -> set[int]:
    """The kernels of this process that wait or go on as such; other tests have servers."""
    below = psutil.Process().children()
    return {one.pid for one in below if any(MODULE in word for word in command_of(one))}


def command_of(process: psutil.Process) -> list[str]:
    """Its command; empty where it has just ended."""
    try:
        found: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return found


def taken(spares: Spares, folder: Path) -> subprocess.Popen[bytes]:
    """Have a spare go on as a kernel with a connection of its own."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "WHOSE": folder.name}
    kernel = spares.take(["-f", str(folder / "kernel.json")], environment, str(folder))
    assert kernel is not None
    wait_for((folder / "kernel.json").exists, "connection file")
    return kernel


def answer(folder: Path, code: str) -> str:
    """What a kernel prints."""
    client = BlockingKernelClient(connection_file=str(folder / "kernel.json"))
    client.load_connection_file()
    client.start_channels()
    said: list[str] = []
    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive(
            code, timeout=60, output_hook=lambda m: said.append(m["content"].get("text", ""))
        )
    finally:
        client.stop_channels()
    return "".join(said).strip()


def test_a_spare_becomes_a_page_s_kernel_and_another_waits(spares: Spares, tmp_path: Path) -> None:
    """It runs in the folder and with the variables of the page, with the widgets loaded."""
    first = waiting()
    kernel = taken(spares, tmp_path / "mine")
    assert {kernel.pid} == first
    code = "import os, sys; print(os.environ['WHOSE'], os.getcwd(), 'ipywidgets' in sys.modules)"
    assert answer(tmp_path / "mine", code) == f"mine {(tmp_path / 'mine').resolve()} True"
    assert len(waiting() - first) == 1
    kernel.kill()
    assert kernel.wait(60) == -signal.SIGKILL


def test_a_spare_that_died_is_passed_over(spares: Spares, tmp_path: Path) -> None:
    """Its page gets a started kernel, and the next page a spare again."""
    (dead,) = waiting()
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: psutil.Process(dead).status() == psutil.STATUS_ZOMBIE, "end of the spare")
    assert spares.take([], os.environ, str(tmp_path)) is None
    kernel = taken(spares, tmp_path / "next")
    kernel.kill()
    kernel.wait(60)


def test_closed_spares_end_and_give_none(spares: Spares, tmp_path: Path) -> None:
    """A server that ends leaves none, loaded or not."""
    (one,) = waiting()
    spares.close()
    assert not psutil.pid_exists(one)
    assert spares.take([], os.environ, str(tmp_path)) is None
    assert not waiting()


def test_pages_are_served_from_spares_where_none_is_forked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Visitors are let in, and a killed server leaves no kernel."""
    (tmp_path / "sitecustomize.py").write_text(_NO_FORK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    page = write_notebook(tmp_path / "page.ipynb", "import os; print(os.getpid())")
    with running_app(notebook=page) as app:
        server = psutil.Process(app.process.pid)
        for _ in range(3):
            assert open_page(app.url).kernel_id is not None
        kernels = server.children(recursive=True)
        assert len(kernels) >= 3  # and those that wait
        assert all(MODULE in command_of(one) for one in kernels)
        app.process.kill()
        wait_for(lambda: not any(one.is_running() for one in kernels), "end of all")
