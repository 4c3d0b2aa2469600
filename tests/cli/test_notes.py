"""How a library was read is said by every command that opens one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.cli import open_library
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
NOTE = "Layer 3 is \x1b[31mleft out."


@pytest.fixture(autouse=True)
def _noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: str, **_: object) -> pw.BlockLibrary:
        return replace(pw.load_library(path), notes=(NOTE,))

    monkeypatch.setattr(open_library, "open_source", load)


@pytest.mark.parametrize("command", ["show", "search"])
def test_notes_are_said_beside_the_result_and_in_json(run: Run, library: str, command: str) -> None:
    """On stderr without characters that steer a terminal, and whole in JSON."""
    ran = run(command, library, "--format", "json")
    assert "note: Layer 3 is \N{REPLACEMENT CHARACTER}[31mleft out." in ran.err
    assert json.loads(ran.out)["notes"] == [NOTE]
