"""Scores whose direction was guessed wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library.sense import score_sense
from tests.cli.conftest import Ran, library, run
from tests.support.libraries import make_library

__all__ = ["library", "run"]
Run = Callable[..., Ran]
ROWS = "\n0,whole,x,51.5,90\n0,narrow,,30.0,50\n1,whole,x,51.5,90\n1,narrow,,49.0,50\n"


@pytest.mark.parametrize(
    "head",
    [
        "layer,variant,parent,score: HumanEval,memory (MiB)",
        "layer,variant,parent,metrics.humaneval,stats.memory_mib",
    ],
)
def test_dir_1_humaneval_is_a_gain(run: Run, tmp_path: Path, head: str) -> None:
    """The parent scores best in every layer: it is the answer where it fits."""
    (tmp_path / "d.csv").write_text(head + ROWS)
    words = ("--max", "stats.memory_mib=200", "--format", "json")
    ran = run("search", str(tmp_path / "d.csv"), *words)
    (found,) = json.loads(ran.out)["scenarios"]
    assert (found["goal"], found["score"]) == ("maximize", 103.0)
    assert [variant for _, variant in found["architecture"]] == ["whole", "whole"]


@pytest.mark.parametrize(
    "name",
    [
        *("accuracy_drop", "accuracy_loss", "mmlu_loss", "mmlu_drop", "inaccuracy"),
        "relative_accuracy_degradation",
    ],
)
def test_dir_3_losses_of_gains_are_losses(name: str) -> None:
    """By name where the blocks tell nothing, and with them."""
    key = f"metrics.{name}"
    for scores in ([[(0,), (0,)]], [[(0,), (1,)], [(0,), (2,)]]):
        assert score_sense(make_library(scores, (key,)), key).goal == "minimize"


def test_dir_a_score_that_nothing_tells_is_asked_for(run: Run, tmp_path: Path) -> None:
    """On the command line by the error; either word answers it."""
    path = tmp_path / "q.csv"
    rows = ["layer,variant,parent,metrics.q,stats.memory_mib", "0,a,true,1,2", "0,b,false,2,1"]
    path.write_text("\n".join([*rows, "1,a,true,2,2", "1,b,false,1,1"]))
    for command in (["search"], ["front"], ["picture"], ["export", "--target", "layers-csv"]):
        ran = run(command[0], str(path), *command[1:])
        assert ran.code == 1
        assert "not clear which way Q is better" in ran.err
        assert "--minimize metrics.q or --maximize metrics.q" in ran.err
    assert run("search", str(path), "--maximize", "metrics.q").code == 0
    with pytest.raises(pw.ScenarioError, match="not clear which way"):
        read_scenarios(b"scenario,layer,variant\nx,0,a\nx,1,b\n", "x.csv", pw.load_library(path))
