"""How a session ends: the tab closes, it idles, it dies, the server stops."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.support.app import running_app

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

START_MS = 60_000
PATIENCE_SECONDS = 30


def opened(page: Page, url: str) -> int:
    """Go to the stand-in page; the process id of its kernel."""
    page.goto(url)
    page.locator(".t-figure .bar").first.wait_for(state="attached", timeout=START_MS)
    return int(page.locator(".t-facts").inner_text().split()[0])


def is_running(pid: int) -> bool:
    """Whether a process of that id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int) -> None:
    """Return once the process has ended; fail if it does not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_running(pid):
        assert time.monotonic() < deadline, f"kernel {pid} is still there"
        time.sleep(0.1)


def test_closed_tab_ends_its_kernel(page: Page, standin_url: str) -> None:
    """Closing the tab ends the kernel behind it, though the server runs on."""
    pid = opened(page, standin_url)
    page.close(run_before_unload=True)
    wait_until_gone(pid)


def test_idle_session_is_ended_and_says_so(page: Page, standin_notebook: Path) -> None:
    """A tab that nobody uses loses its kernel; the page, here below a path, offers another."""
    with running_app(
        notebook=standin_notebook, idle_timeout=3, cull_interval=1, base_url="puzzle"
    ) as app:
        pid = opened(page, app.url)
        banner = page.locator("#pzw-ended")
        expect(banner).to_contain_text(
            "This session has ended after 3 seconds without use.", timeout=START_MS
        )
        wait_until_gone(pid)
        banner.get_by_role("button", name="Start again").click()
        page.locator(".t-figure .bar").first.wait_for(state="attached", timeout=START_MS)
        expect(banner).to_be_hidden()


def test_dead_kernel_is_told_and_replaced(page: Page, standin_notebook: Path) -> None:
    """A kernel that dies is told and replaced; one that dies at once again only by a click."""
    with running_app(notebook=standin_notebook, idle_timeout=60) as app:
        banner = page.locator("#pzw-ended")
        first = opened(page, app.url)
        os.kill(first, signal.SIGKILL)
        expect(banner).to_contain_text("A new one is opened", timeout=START_MS)
        expect(page.locator(".t-facts")).not_to_contain_text(str(first), timeout=START_MS)
        page.locator(".t-figure .bar").first.wait_for(state="attached", timeout=START_MS)
        os.kill(int(page.locator(".t-facts").inner_text().split()[0]), signal.SIGKILL)
        expect(banner).to_contain_text("This session has ended again.", timeout=START_MS)
        expect(banner.get_by_role("button", name="Start again")).to_be_visible()


def test_stopped_server_leaves_no_kernel(page: Page, standin_notebook: Path) -> None:
    """Ctrl-C ends server and kernel cleanly; the page says so, and goes on with the next server."""
    with running_app(notebook=standin_notebook, idle_timeout=60) as app:
        pid = opened(page, app.url)
        assert app.stop() == 0
        wait_until_gone(pid)
        expect(page.locator("#pzw-ended")).to_contain_text(
            "The server does not answer.", timeout=START_MS
        )
    port = int(app.url.rstrip("/").rpartition(":")[2])
    with running_app(notebook=standin_notebook, port=port):
        expect(page.locator(".t-facts")).not_to_contain_text(str(pid), timeout=START_MS)
        expect(page.locator("#pzw-ended")).to_be_hidden()


def test_visitor_of_a_full_server_gets_in_by_itself(page: Page, standin_notebook: Path) -> None:
    """Whoever comes too many is told so, and gets in once somebody has left."""
    with running_app(notebook=standin_notebook, max_sessions=1) as app:
        opened(page, app.url)
        late = page.context.new_page()
        late.goto(app.url)
        expect(late.locator("#loading_text")).to_contain_text("Every session", timeout=START_MS)
        page.close(run_before_unload=True)
        late.locator(".t-figure .bar").first.wait_for(state="attached", timeout=START_MS)
        assert "ticket" not in late.url
