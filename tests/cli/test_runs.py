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


def test_show_lists_the_workloads(run: Run, folder: str) -> None:
    """Names to give, non_block_costs in a column of their own, and both in JSON."""
    shown = run("show", folder)
    assert shown.code == 0
    assert SECOND in shown.out
    assert "Non-block costs" in shown.out
    record = json.loads(run("show", folder, "--format", "json").out)
    assert record["workloads"][1] == SECOND
    assert record["keys"]["stats.memory_mib"]["non_block_cost"] == 2004.0078125
    plain = json.loads(run("show", "llama-3.3-70b-modeled", "--format", "json").out)
    assert plain["workloads"] == []


def test_search_takes_a_workload(run: Run, folder: str) -> None:
    """The costs are those of the workload; the non-block costs are said."""
    asked = ("search", folder, "--workload", "batch_size 32", "--max", "stats.memory_mib=80%")
    found = run(*asked)
    assert found.code == 0
    assert "batch_size 32" in found.out
    assert "non-block costs: Parameters" in " ".join(found.out.split())
    assert json.loads(run(*asked, "--format", "json").out)["scenarios"][0]["status"] == "optimal"


def test_an_unknown_workload_is_wrong_input(run: Run, folder: str) -> None:
    """One line that lists what there is."""
    failed = run("search", folder, "--workload", "batch_size 7")
    assert failed.code == 1
    assert SECOND in failed.err
    assert run("show", "llama-3.3-70b-modeled", "--workload", "x").code == 1
