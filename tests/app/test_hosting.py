"""A server for others: who gets in, under which name, and what an operator sees."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import CHECKOUT, running_app
from tests.support.notebook import write_notebook
from tests.support.visitor import ask, open_page

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 60
SECRET = "open-sesame"  # noqa: S105 - the test's own
BUTTON = """
from ipywidgets import Button, HTML, VBox
said, button = HTML("the answer is 42"), Button(description="Add")
button.on_click(lambda _: setattr(said, "value", "the answer is 43"))
VBox([said, button])
"""
GREEDY = "kept = bytearray(300 * 2**20)"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook that is soon run, with a button."""
    return write_notebook(tmp_path_factory.mktemp("notebook") / "page.ipynb", BUTTON)


def test_health_and_figures(notebook: Path) -> None:
    """A balancer and Prometheus get what they ask for, below the path of the app."""
    with running_app(notebook=notebook, base_url="demo", metrics=True, max_sessions=7) as app:
        health = {"status": "ok", "sessions": 0, "most_sessions": 7, "waiting": 0}
        assert json.loads(ask(f"{app.url}health").text) == health
        assert open_page(app.url).kernel_id is not None
        assert json.loads(ask(f"{app.url}health").text) == {**health, "sessions": 1}
        figures = ask(f"{app.url}metrics").text
        assert "puzzle_sessions 1\n" in figures
        assert "puzzle_opening_seconds_count 1.0" in figures
        memory = next(line for line in figures.splitlines() if line.startswith("puzzle_memory"))
        assert float(memory.split()[1]) > 50 * 2**20


def test_figures_are_for_who_asked_for_them(notebook: Path) -> None:
    """Unless a host turns them on, nobody gets any."""
    with running_app(notebook=notebook) as app:
        assert ask(f"{app.url}metrics").status == 404


def test_a_token_is_asked_for(notebook: Path) -> None:
    """Without it there is neither a page nor a ticket nor a figure; health is for everybody."""
    with running_app(notebook=notebook, token=SECRET, metrics=True) as app:
        for path in ("", "metrics"):
            answer = ask(f"{app.url}{path}")
            assert "puzzle_sessions" not in answer.text
            assert "data-admission" not in answer.text
        admission = f"{app.url}voila/admission?name="
        assert ask(admission, method="POST", X_Puzzle_Widgets="page").status == 403
        assert "data-admission" in ask(f"{app.url}?token={SECRET}").text
        allowed = ask(
            admission, method="POST", X_Puzzle_Widgets="page", Authorization=f"token {SECRET}"
        )
        assert "ticket" in json.loads(allowed.text)
        assert json.loads(ask(f"{app.url}health").text)["status"] == "ok"


def test_only_trusted_names_are_answered(notebook: Path) -> None:
    """A name of another site that points here gets nothing."""
    with running_app(notebook=notebook, trusted_hosts=["demo.example"]) as app:
        assert ask(app.url, Host="demo.example").status == 200
        assert ask(app.url, Host="localhost:1234").status == 200
        assert ask(app.url, Host="evil.example").status == 403


def test_a_proxy_tells_the_address(notebook: Path) -> None:
    """Behind a proxy visitors are told apart by the address that it gives; else by their own."""
    with running_app(notebook=notebook, per_address=1, behind_proxy=True) as app:
        admission = f"{app.url}voila/admission?name="
        first, again, other = (
            json.loads(
                ask(admission, method="POST", X_Puzzle_Widgets="page", X_Forwarded_For=address).text
            )
            for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2")
        )
        assert "ticket" in first
        assert again["yours"] == 1
        assert "ticket" in other


def test_a_greedy_session_is_ended(tmp_path: Path) -> None:
    """It is told why; the operator reads it in one line."""
    greedy = write_notebook(tmp_path / "page.ipynb", GREEDY)
    with running_app(notebook=greedy, session_mib=250) as app:
        kernel = open_page(app.url).kernel_id
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := ask(f"{app.url}voila/ended/{kernel}")).status == 404:
            assert time.monotonic() < deadline, "it was not ended"
            time.sleep(0.2)
        assert json.loads(answer.text) == {"why": "memory"}
        assert ask(f"{app.url}voila/ended/unknown").status == 404
        assert app.process.stdout is not None
        line = app.process.stdout.readline()
        assert "session" in line
        assert "it took too much memory" in line


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_behind_nginx_and_tls(notebook: Path, tmp_path: Path, browser: Any) -> None:
    """The configuration of the docs serves a page that works, below a path and by HTTPS."""
    with running_app(
        notebook=notebook, base_url="demo", trusted_hosts=["localhost"], behind_proxy=True
    ) as app:
        port = free_port()
        site = docs_site(app.url).replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        with nginx(tmp_path, site.replace("/etc/ssl/demo.example", str(tmp_path / "site"))):
            context = browser.new_context(ignore_https_errors=True)
            page = context.new_page()
            page.goto(f"https://localhost:{port}/demo/")
            page.get_by_text("the answer is 42").wait_for(timeout=60_000)
            page.get_by_role("button", name="Add").click()
            page.get_by_text("the answer is 43").wait_for(timeout=60_000)
            context.close()


def docs_site(url: str) -> str:
    """What the docs have nginx do, for an app at this address."""
    text = (CHECKOUT / "docs" / "hosting.md").read_text()
    site = text.split("```nginx\n")[1].split("```")[0]
    return site.replace("http://127.0.0.1:8866", url.removesuffix("/demo/"))


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def nginx(folder: Path, site: str) -> Iterator[None]:
    """Run nginx with one site and a certificate of its own, all in a folder."""
    key, certificate = folder / "site.key", folder / "site.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    made = [*words.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder};" for kind in kinds)
    told = f"daemon off; pid {folder}/pid; events {{}} http {{ access_log off;\n{paths}\n{site} }}"
    (folder / "nginx.conf").write_text(told)
    errors = ["-e", str(folder / "errors"), "-g", f"error_log {folder}/errors;"]
    command = ["nginx", *errors, "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.terminate()
