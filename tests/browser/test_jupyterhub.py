"""The explorer in a user's server of JupyterHub, where JupyterHub and its proxy are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY
from tests.browser.explorer import START_MS, Explorer, answer_to
from tests.browser.test_jupyterlab import CELL, run_first_cell
from tests.support.app import CHECKOUT
from tests.support.notebook import write_notebook
from tests.support.visitor import ask

pytest.importorskip("jupyterhub", reason="JupyterHub is not installed")
pytest.importorskip("jupyterlab")
PROXY = shutil.which(os.environ.get("CONFIGURABLE_HTTP_PROXY", "configurable-http-proxy"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(PROXY is None, reason="configurable-http-proxy is not installed"),
]
PATIENCE_SECONDS = 60
CONFIG = """
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/"
c.JupyterHub.hub_port = {hub}
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--LabApp.news_url=None"]
c.Spawner.environment = {{"PYTHONPATH": {path!r}}}
c.Spawner.start_timeout = 120
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
"""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@contextmanager
def running_hub(folder: Path) -> Iterator[str]:
    """Run a hub in a folder, whose users get in by any name; its address."""
    port, hub, api = free_ports(3)
    facts = {"port": port, "hub": hub, "api": api, "homes": str(folder), "proxy": PROXY}
    facts |= {"python": sys.executable, "path": str(CHECKOUT)}
    (folder / "hub.py").write_text(CONFIG.format(**facts))
    command = [sys.executable, "-m", "jupyterhub", "--config", str(folder / "hub.py")]
    with (
        (folder / "hub.log").open("w") as log,
        subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process,
    ):
        try:
            wait_for_hub(f"http://127.0.0.1:{port}", folder / "hub.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_for_hub(url: str, log: Path) -> None:
    """Return once the hub answers behind its proxy."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(OSError):
            if ask(f"{url}/hub/health").status == 200:
                return
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def test_the_explorer_opens_in_a_users_server(
    page: Page, tmp_path: Path, library: pw.BlockLibrary
) -> None:
    """Logged in, a user runs a notebook, and a budget is answered."""
    (tmp_path / "ana").mkdir()
    write_notebook(tmp_path / "ana" / "try.ipynb", CELL, kernel="python3")
    with running_hub(tmp_path) as url:
        page.goto(f"{url}/hub/login?next=/hub/spawn")
        page.get_by_label("Username").fill("ana")
        page.get_by_label("Password").fill("any")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/user/ana/lab**", timeout=2 * START_MS)
        page.goto(f"{url}/user/ana/lab/tree/try.ipynb")
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=2 * START_MS)
        run_first_cell(page)
        explorer = Explorer(page)
        explorer.bars.first.wait_for(state="attached", timeout=START_MS)
        explorer.type_limit("Memory", "72000")
        explorer.expect_answer(answer_to(library, 72_000))
        assert "/user/ana/" in page.url
        assert library.parent_totals[MEMORY] > 72_000
