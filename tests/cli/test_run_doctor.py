"""``puzzle-widgets doctor``: words, JSON, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from puzzle_widgets.app.doctor import Finding
from puzzle_widgets.cli import run_doctor
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
FINE = Finding("Port", "ok", "8866 is free")
BAD = Finding("Memory", "failed", "3 MiB\x1b free", "Close other programs.")


def find(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> None:
    """Have the check find this."""
    monkeypatch.setattr(run_doctor, "examine", lambda _port: list(findings))


def test_all_works(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 0."""
    find(monkeypatch, FINE)
    assert run("doctor") == Ran(0, "ok     Port: 8866 is free\nAll works.\n", "")


def test_a_failure_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1; nothing that would command the terminal."""
    find(monkeypatch, FINE, BAD)
    done = run("doctor")
    assert done.code == 1
    assert "FAILED Memory: 3 MiB� free\n       -> Close other programs." in done.out
    assert "1 check failed" in done.out


def test_json_has_all_findings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a script that looks after many machines."""
    find(monkeypatch, FINE, BAD)
    done = run("doctor", "--json")
    content = json.loads(done.out)
    assert (done.code, content["works"]) == (1, False)
    assert [one["check"] for one in content["findings"]] == ["Port", "Memory"]


def test_the_port_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as the app's option."""
    asked: list[int | None] = []

    def examine(port: int | None) -> list[Finding]:
        asked.append(port)
        return [FINE]

    monkeypatch.setattr(run_doctor, "examine", examine)
    run("doctor", "--port", "9000")
    run("doctor")
    assert asked == [9000, None]
