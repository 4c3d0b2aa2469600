"""Kernels forked from one warm process: what they share, how they end, and where none can be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from puzzle_widgets.app import forked
from puzzle_widgets.app.forked import CannotForkError, ForkedKernel, WarmProcess, can_fork
from tests.support.app import CHECKOUT, kernels_of, running_app
from tests.support.notebook import write_notebook
from tests.support.visitor import open_page

pytest.importorskip("psutil")
linux = pytest.mark.skipif(not can_fork(), reason="kernels are forked on Linux alone")
pytestmark = [linux, pytest.mark.slow]

PATIENCE_SECONDS = 60


def wait_for(happens: Callable[[], object], what: str) -> None:
    """Return once it has happened; fail if it does not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.05)


@pytest.fixture
def warm() -> Iterator[WarmProcess]:
    """A process that forks, in this checkout."""
    made = WarmProcess({"PYTHONPATH": str(CHECKOUT)})
    yield made
    made.close()


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook that is soon run."""
    return write_notebook(tmp_path_factory.mktemp("notebook") / "page.ipynb", "1 + 1")


def forked_kernel(warm: WarmProcess, folder: Path) -> ForkedKernel:
    """Fork a kernel with a connection of its own."""
    kernel: ForkedKernel = warm.fork(["-f", str(folder / "kernel.json")], os.environ, str(folder))
    wait_for((folder / "kernel.json").exists, "connection file")
    return kernel


def test_a_kernel_is_forked_and_ends(warm: WarmProcess, tmp_path: Path) -> None:
    """It runs where it was told to, writes its connection, and ends when it is ended."""
    kernel = forked_kernel(warm, tmp_path)
    assert Path(f"/proc/{kernel.pid}/cwd").resolve() == tmp_path.resolve()
    assert kernel.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        kernel.wait(0.01)
    kernel.kill()
    assert kernel.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    assert kernel.poll() == -signal.SIGKILL
    kernel.terminate()  # too late, and no other process is hit


def test_nothing_ends_with_the_warm_process(warm: WarmProcess, tmp_path: Path) -> None:
    """Its kernels go on without it, and the next one has a new one."""
    first = forked_kernel(warm, tmp_path)
    assert warm.pid is not None
    os.kill(warm.pid, signal.SIGKILL)
    (tmp_path / "next").mkdir()
    wait_for(lambda: not Path(f"/proc/{warm.pid}/cwd").exists(), "end of the warm process")
    second = forked_kernel(warm, tmp_path / "next")
    assert first.poll() is second.poll() is None
    warm.close()
    for kernel in (first, second):  # whose server has gone
        kernel.wait(PATIENCE_SECONDS)


def test_a_session_shares_what_it_can() -> None:
    """With the explorer open it holds no debugger, less than 70 MiB of its own, and no CPU."""
    import psutil  # noqa: PLC0415 - not everywhere

    with running_app() as app:
        open_page(app.url)
        process = psutil.Process(kernels_of(app.process.pid)[0].pid)
        time.sleep(2)  # the searches that a fresh page begins with
        assert "debugpy" not in Path(f"/proc/{process.pid}/maps").read_text()
        assert process.memory_full_info().uss < 70 * 2**20
        before = process.cpu_times()
        time.sleep(3)
        after = process.cpu_times()
        assert after.user + after.system - before.user - before.system < 0.03


def test_kernels_end_with_a_killed_server(notebook: Path) -> None:
    """A server that is killed leaves neither kernels nor the process that forks them."""
    with running_app(notebook=notebook) as app:
        assert open_page(app.url).kernel_id is not None
        left = kernels_of(app.process.pid)
        assert left
        parents = [kernel.parent() for kernel in left]
        app.process.kill()
        wait_for(lambda: not any(p.is_running() for p in (*left, *parents)), "end of all")


def test_without_forks_kernels_are_started(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warm process that cannot load costs the visitors their quick start alone."""
    broken = "import os, sys\nif any('app.warm' in word for word in sys.orig_argv): os._exit(3)"
    (tmp_path / "sitecustomize.py").write_text(broken)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    with running_app(notebook=notebook) as app:
        assert open_page(app.url).kernel_id is not None


def test_threads_are_not_forked(tmp_path: Path) -> None:
    """Where something that was loaded runs a thread, forks would lack it: there are none."""
    threaded = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()"
    (tmp_path / "sitecustomize.py").write_text(threaded)
    path = os.pathsep.join([str(tmp_path), str(CHECKOUT)])
    other = WarmProcess({"PYTHONPATH": path})
    with pytest.raises(CannotForkError, match="threaded"):
        other.fork([], {}, str(tmp_path))
    other.close()


def test_elsewhere_nothing_is_forked(warm: WarmProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """MacOS and Windows start their kernels."""
    monkeypatch.setattr(sys, "platform", "darwin")
    warm.start()
    with pytest.raises(CannotForkError, match="cannot be forked here"):
        warm.fork([], {}, ".")


def test_closing_waits_for_no_fork(tmp_path: Path) -> None:
    """A server ends at once, even while a kernel is waited for that never comes."""
    (tmp_path / "sitecustomize.py").write_text("import time\ntime.sleep(60)")
    path = os.pathsep.join([str(tmp_path), str(CHECKOUT)])
    warm = WarmProcess({"PYTHONPATH": path})
    with ThreadPoolExecutor(1) as pool:
        kernel = pool.submit(warm.fork, [], {}, str(tmp_path))
        wait_for(lambda: warm.pid, "warm process")
        begun = time.monotonic()
        warm.close()
        assert time.monotonic() - begun < 5
        with pytest.raises(CannotForkError):
            kernel.result(5)
    with pytest.raises(CannotForkError, match="cannot be forked here"):
        warm.fork([], {}, ".")


def test_failures_end_the_attempts(warm: WarmProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that never loads is not started for each visitor again."""
    monkeypatch.setattr(forked, "READY", b"never")
    for _ in range(forked.MOST_FAILURES):
        with pytest.raises(CannotForkError, match="failed"):
            warm.fork([], {}, ".")
    with pytest.raises(CannotForkError, match="cannot be forked here"):
        warm.fork([], {}, ".")
