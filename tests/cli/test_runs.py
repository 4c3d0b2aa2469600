"""A Puzzletron run on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tests.support.puzzletron_run import small_run

Run = Callable[..., Ran]
SECOND = "batch_size 32, runtime_stats False"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A run on disk."""
    return str(small_run().write(tmp_path))


def test_show_lists_the_scenarios(run: Run, folder: str) -> None:
    """Names to give, offsets in a column of their own, and both in JSON."""
    shown = run("show", folder)
    assert shown.code == 0
    assert SECOND in shown.out
    assert "Outside the blocks" in shown.out
    record = json.loads(run("show", folder, "--format", "json").out)
    assert record["scenarios"][1] == SECOND
    assert record["keys"]["stats.memory_mib"]["outside"] == 2004.0078125
    plain = json.loads(run("show", "llama-3.3-70b-modelled", "--format", "json").out)
    assert plain["scenarios"] == []


def test_search_takes_a_scenario(run: Run, folder: str) -> None:
    """The costs are those of the scenario; what is outside the blocks is said."""
    asked = ("search", folder, "--scenario", "batch_size 32", "--max", "stats.memory_mib=80%")
    found = run(*asked)
    assert found.code == 0
    assert "batch_size 32" in found.out
    assert "outside the blocks: Parameters" in " ".join(found.out.split())
    assert json.loads(run(*asked, "--format", "json").out)["scenarios"][0]["status"] == "optimal"


def test_an_unknown_scenario_is_wrong_input(run: Run, folder: str) -> None:
    """One line that lists what there is."""
    failed = run("search", folder, "--scenario", "batch_size 7")
    assert failed.code == 1
    assert SECOND in failed.err
    assert run("show", "llama-3.3-70b-modelled", "--scenario", "x").code == 1
