"""The front command."""

from __future__ import annotations

import csv
import io
import json
import signal
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from puzzle_widgets.cli import run_search
from puzzle_widgets.sweeps import ParetoFront, iter_pareto_front
from tests.cli.conftest import Ran

Run = Callable[..., Ran]


def test_points_rise_in_memory_and_fall_in_score(run: Run, library: str) -> None:
    """No point of the front is beaten by another one in both score and memory."""
    ran = run("front", library, "--over", "stats.memory_mib", "--points", "9", "--format", "json")
    content = json.loads(ran.out)
    points = [(p["totals"]["stats.memory_mib"], p["score"]) for p in content["scenarios"]]
    assert ran.code == 0
    assert content["searches"] == {"done": 9, "asked": 9, "complete": True}
    assert points[-1] == (20, 0)
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(points))


def test_between_sets_the_limits(run: Run, library: str) -> None:
    """The least limit asked is the least that any point keeps."""
    words = ["--points", "3", "--between", "12", "16", "--format", "csv"]
    rows = list(csv.DictReader(io.StringIO(run("front", library, *words).out)))
    assert float(rows[0]["stats.memory_mib"]) == 12


def test_table_names_the_resource_with_its_unit(run: Run, library: str) -> None:
    """The table says over what, in which unit, and how many searches are done."""
    out = run("front", library, "--points", "2").out
    assert "Pareto front over Memory (MiB), 2 of 2 searches done" in out


def test_front_over_throughput(run: Run) -> None:
    """Throughput rises from point to point."""
    words = ["--over", "throughput", "--points", "2", "--gap", "0.5", "--format", "json"]
    content = json.loads(run("front", "llama-3.3-70b-modeled", *words).out)
    reached = [point["throughput_tokens_per_s"] for point in content["scenarios"]]
    assert len(reached) == 2
    assert reached[0] < reached[1]


def test_infeasible_front_leaves_by_two(run: Run, library: str) -> None:
    """Where the other budgets leave nothing, the code is 2 and the reason is said."""
    ran = run("front", library, "--max", "stats.memory_mib=-1", "--format", "json")
    assert ran.code == 2
    assert json.loads(ran.out)["scenarios"] == []
    assert "least possible is 0 MiB" in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--over", "stats.energy"], "stats.energy"),
        (["--over", "throughput"], "batch size"),
        (["--points", "1"], "at least 2"),
        (["--between", "9", "3"], "LO must be below HI"),
        (["--over", "throughput", "--between", "-1", "3"], "above 0"),
    ],
)
def test_wrong_input_leaves_by_one(run: Run, library: str, words: list[str], message: str) -> None:
    """A wrong value exits with 1 and is named on stderr."""
    ran = run("front", library, *words)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err


def test_ctrl_c_keeps_what_was_found(
    run: Run, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after two searches, the points of these two are written."""

    def interrupted(*words: Any, **options: Any) -> Iterator[ParetoFront]:
        for front in iter_pareto_front(*words, **options):
            yield front
            if front.done == 2:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(run_search, "iter_pareto_front", interrupted)
    ran = run("front", library, "--points", "9", "--format", "json")
    content = json.loads(ran.out)
    assert ran.code == 0
    assert content["searches"] == {"done": 2, "asked": 9, "complete": False}
    assert content["scenarios"]
    assert "stopped after 2 of 9 searches" in ran.err


def test_notes_of_points_are_told(run: Run, library: str) -> None:
    """The parent at the end of a front says what it is, in text, JSON and CSV."""
    words = ["front", library, "--over", "stats.memory_mib", "--points", "3"]
    assert "the parent itself" in " ".join(run(*words).out.split())
    points = json.loads(run(*words, "--format", "json").out)["scenarios"]
    assert "the parent itself" in points[-1]["notes"][0]
    rows = list(csv.DictReader(io.StringIO(run(*words, "--format", "csv").out)))
    assert "the parent itself" in rows[-1]["notes"]
