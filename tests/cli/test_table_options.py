"""What is said on the command line of how a table is to be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran

Run = Callable[..., Ran]
MARKED = "layer;variant;parent;memory (MiB);kl\n0;full;x;1.416;0\n0;thin;;672;1\n"
LONG = "layer,variant,parent,batch size,kl,latency (ms)\n0,full,x,1,0,10\n0,full,x,8,0,40\n"


@pytest.mark.parametrize(
    ("options", "total"), [(["--thousands", "."], 1416), (["--decimal", "."], 1.416)]
)
def test_marks_of_figures_are_said(
    run: Run, tmp_path: Path, options: list[str], total: float
) -> None:
    """What can be read in two ways is refused without them, in words that name them."""
    (tmp_path / "s.csv").write_text(MARKED)
    refused = run("show", str(tmp_path / "s.csv"))
    assert refused.code == 1
    assert "--decimal or --thousands on the command line" in refused.err
    shown = run("show", str(tmp_path / "s.csv"), *options, "--format", "json")
    assert json.loads(shown.out)["keys"]["stats.memory_mib"]["parent"] == total


def test_workloads_of_a_long_table(run: Run, tmp_path: Path) -> None:
    """Listed by show, and chosen as those of a run."""
    (tmp_path / "s.csv").write_text(LONG)
    shown = json.loads(run("show", str(tmp_path / "s.csv"), "--format", "json").out)
    assert shown["workloads"] == ["batch_size 1", "batch_size 8"]
    asked = ("show", str(tmp_path / "s.csv"), "--workload", "batch_size 8", "--format", "json")
    assert json.loads(run(*asked).out)["keys"]["stats.runtime_ms"]["parent"] == 40
