"""What a request starts, and what it leaves behind."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from puzzle_widgets.app.server import KnownPage
from tests.support.app import RunningApp, kernels_of, running_app
from tests.support.notebook import write_notebook
from tests.support.visitor import ask, open_page, ticket

pytest.importorskip("psutil")

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 120
BROKEN = """
import os, sys
if any(name in word for name in ("ipykernel", "app.warm", "app.spare") for word in sys.orig_argv):
    os._exit(3)
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook that is soon run."""
    return write_notebook(tmp_path_factory.mktemp("notebook") / "page.ipynb", "1 + 1")


@pytest.fixture(scope="module")
def app(notebook: Path) -> Iterator[RunningApp]:
    """The served notebook."""
    with running_app(notebook=notebook) as app:
        yield app


def kernels(app: RunningApp) -> int:
    """Processes that the server has started and that still run."""
    return len(kernels_of(app.process.pid))


def wait_for_kernels(app: RunningApp, count: int) -> None:
    """Return once so many kernels run."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while kernels(app) != count:
        assert time.monotonic() < deadline, f"{kernels(app)} kernels run, not {count}"
        time.sleep(0.05)


def test_request_alone_starts_no_kernel(app: RunningApp) -> None:
    """Neither an image nor a link nor a form of another page, nor a crawler, starts a kernel."""
    for answer in (ask(app.url), ask(f"{app.url}?ticket=made-up")):
        assert answer.status == 200
        assert "Opening the explorer" in answer.text
        assert answer.kernel_id is None
    assert ask(f"{app.url}voila/admission", method="POST").status == 403
    assert ask(f"{app.url}anything").status == 404
    assert kernels(app) == 0


def test_ticket_opens_one_session(app: RunningApp) -> None:
    """A page with a ticket gets a kernel; the same ticket once more does not."""
    wait_for_kernels(app, 0)
    permit = ticket(app.url)
    answer = ask(f"{app.url}?ticket={permit}")
    assert answer.kernel_id is not None
    assert kernels(app) == 1
    assert ask(f"{app.url}?ticket={permit}").kernel_id is None
    assert kernels(app) == 1
    ended = ask(f"{app.url}voila/api/shutdown/{answer.kernel_id}", method="POST")
    assert ended.status == 204
    wait_for_kernels(app, 0)


def test_visitor_who_leaves_leaves_no_kernel(app: RunningApp) -> None:
    """Whoever hangs up while the session starts, or before, has it ended."""
    wait_for_kernels(app, 0)
    address = urlsplit(app.url)
    with socket.create_connection((address.hostname, address.port)) as line:
        line.sendall(
            f"GET /?ticket={ticket(app.url)} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
        )
        wait_for_kernels(app, 1)
    wait_for_kernels(app, 0)


def test_kernel_that_does_not_start_gives_a_page(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Visitors get a message, one after the other, and the server runs on and ends as ever."""
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    with running_app(notebook=notebook) as app:
        for _ in range(3):
            answer = open_page(app.url)
            assert answer.status == 500
            assert "could not be opened" in answer.text
        wait_for_kernels(app, 0)
        assert app.stop() == 0


def test_no_home_folder_is_needed(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written into the home folder, the page opens all the same."""
    monkeypatch.setenv("HOME", "/proc/nowhere")
    with running_app(notebook=notebook) as app:
        answer = open_page(app.url)
        assert answer.status == 200
        assert answer.kernel_id is not None


def test_no_message_of_a_kernel_is_dropped(tmp_path: Path) -> None:
    """A page opens that sends far more at once than ZeroMQ would keep for a slow reader."""
    cell = """
from ipywidgets import IntText
shown = IntText()
for number in range(10_000):
    shown.value = number
shown
"""
    notebook = write_notebook(tmp_path / "page.ipynb", cell)
    with running_app(notebook=notebook) as app:
        assert open_page(app.url).status == 200


def test_a_page_is_known_by_what_it_was_forked_with() -> None:
    """Only the kernel's id differs; pages of notebooks, and of another process, are not known."""
    known = KnownPage()
    known.keep("", "kernel-1", "a notebook's page for kernel-1")
    known.keep("made-1", "kernel-1", "a page that shows an error, for kernel-1")
    assert known.page("", "kernel-2") == known.page("made-1", "kernel-2") == ""
    known.keep("made-1", "kernel-1", "made-1 by kernel-1: kernel-1")
    assert known.page("made-1", "kernel-2") == "made-1 by kernel-2: kernel-2"
    assert known.page("made-2", "kernel-2") == ""


def test_the_second_page_of_the_explorer_runs_no_notebook() -> None:
    """Its kernel was forked with the page: it answers with the same, under its own id."""
    with running_app("stdlib-2m-measured") as app:
        first, second = open_page(app.url), open_page(app.url)
        assert first.kernel_id is not None
        assert second.kernel_id not in (None, first.kernel_id)
        assert first.text == second.text.replace(str(second.kernel_id), first.kernel_id)
        wait_for_kernels(app, 2)
