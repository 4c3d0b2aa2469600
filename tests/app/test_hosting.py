"""A server for others: who gets in, under which name, and what an operator sees."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest

from puzzle_widgets.app.headers import HEADERS
from tests.support.app import running_app
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


def test_every_answer_has_the_headers(notebook: Path) -> None:
    """Page, figure, file and refusal: no other host, no guessed type, no frame, no version."""
    with running_app(notebook=notebook) as app:
        page = ask(app.url)
        script = re.search(r'src="([^"]+\.js[^"]*)"', page.text)
        assert script is not None
        for path, status in (("", 200), ("health", 200), (script[1], 200), ("nowhere", 404)):
            answer = ask(urljoin(app.url, path))
            assert answer.status == status
            for name, value in HEADERS.items():
                assert answer.headers.get_all(name) == [value], (path, name)
            assert answer.headers["Server"] is None
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "http" not in policy


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
