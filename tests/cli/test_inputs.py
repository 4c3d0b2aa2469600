"""What a command is given: marks of figures, workloads, gaps; and notes on what was read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.cli import inputs
from tests.cli.conftest import Ran
from tests.support.puzzletron_run import small_run

Run = Callable[..., Ran]
NOTE = "Layer 3 is \x1b[31mleft out."
SECOND = "batch_size 32, runtime_stats False"
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


def test_allow_gaps_opens_a_library_without_some_layers(
    run: Run, library: str, tmp_path: Path
) -> None:
    """The error names the layer and the argument; with it a note says what is missing."""
    gappy = tmp_path / "gappy.csv"
    gappy.write_text(Path(library).read_text().replace("\n1,", "\n2,"))
    refused = run("show", str(gappy))
    assert refused.code == 1
    assert "gappy.csv: layer 1 missing" in refused.err
    assert "--allow-gaps" in refused.err
    opened = run("search", str(gappy), "--allow-gaps", "--max", "stats.memory_mib=16")
    assert opened.code == 0
    assert "note: Layer 1 missing from the library." in opened.err


@pytest.fixture
def _noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: str, **_: object) -> pw.BlockLibrary:
        return replace(pw.load_library(path), notes=(NOTE,))

    monkeypatch.setattr(inputs, "open_source", load)


@pytest.mark.usefixtures("_noted")
@pytest.mark.parametrize("command", ["show", "search"])
def test_notes_are_said_beside_the_result_and_in_json(run: Run, library: str, command: str) -> None:
    """On stderr without characters that steer a terminal, and whole in JSON."""
    ran = run(command, library, "--format", "json")
    assert "note: Layer 3 is \N{REPLACEMENT CHARACTER}[31mleft out." in ran.err
    assert json.loads(ran.out)["notes"] == [NOTE]


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
