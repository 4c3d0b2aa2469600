"""A whole build, and what is said where one cannot be."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation import PRESETS, STAGES, build
from puzzle_widgets.distillation.run import Progress, duration, load_tensors, open_run
from puzzle_widgets.distillation.truth import AFTER, truth_file
from puzzle_widgets.errors import BuildError
from puzzle_widgets.library import load_library

MINUTES_OF_TINY = 30


def test_a_build_from_nothing_to_the_truth(micro: Any) -> None:
    """Every stage runs, a second run does nothing again, and the truth says what it should."""
    for stage in STAGES.values():
        stage(micro)
    truth = json.loads(truth_file(micro).read_text(encoding="utf-8"))
    parent = truth["models"][0]
    assert parent["family"] == "parent"
    assert parent["true"]["metrics.kl_div"] == parent["predicted"]["metrics.kl_div"] == 0
    assert parent["true"]["metrics.lm_loss"] == pytest.approx(
        parent["predicted"]["metrics.lm_loss"], rel=1e-5
    )
    for model in truth["models"]:
        for exact in ("stats.memory_mib", "stats.num_params"):
            assert model["predicted"][exact] == pytest.approx(model["true"][exact], rel=1e-6)
        assert model["true"]["stats.runtime_ms"] > 0
    assert truth["summary"]["agreement"]["stats.memory_mib"]["spearman"] == pytest.approx(1)
    assert any(model["name"].endswith(AFTER) for model in truth["models"])
    before = {p: p.stat().st_mtime_ns for p in micro.folder.rglob("*.pt")}
    lines: list[str] = []
    again = open_run(micro.preset, micro.folder, lines.append)
    for stage in STAGES.values():
        stage(again)
    assert {p: p.stat().st_mtime_ns for p in micro.folder.rglob("*.pt")} == before


@pytest.mark.parametrize(
    ("preset", "stages", "words"),
    [
        ("huge", [], "choose one of tiny, small"),
        ("tiny", ["bake"], "choose one of parent, distill"),
    ],
)
def test_unknown_words(tmp_path: Any, preset: Any, stages: Any, words: Any) -> None:
    """A preset or stage that is not there is answered with those that are."""
    with pytest.raises(BuildError, match=words):
        build(preset, tmp_path / "out", stages)
    assert not (tmp_path / "out").exists()


def test_stages_in_the_wrong_order(tmp_path: Any) -> None:
    """A stage whose input is missing names the stage that makes it."""
    with pytest.raises(BuildError, match="Run the stage 'parent' first"):
        build("tiny", tmp_path, ["distill"], say=lambda _: None)


def test_a_folder_holds_one_build(micro: Any) -> None:
    """Another preset does not mix with what is there."""
    with pytest.raises(BuildError, match="holds a build made with another preset"):
        open_run(PRESETS["tiny"], micro.folder, print)


def test_files_are_never_unpickled(tmp_path: Any) -> None:
    """A file that would run code when unpickled is refused."""
    path = tmp_path / "evil.pt"
    torch.save({"weights": PRESETS}, path)
    with pytest.raises(BuildError, match="cannot be read"):
        load_tensors(path)


def test_progress_tells_what_is_left(monkeypatch: Any) -> None:
    """From the steps so far, and only now and then."""
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    lines: list[str] = []
    progress = Progress("distill: subblock", 4, lines.append)
    for _ in range(4):
        progress.step("layer 1")
    assert lines[0] == "distill: subblock: 1 of 4, layer 1, about 30 s left"
    assert lines[-1] == "distill: subblock: 4 of 4, layer 1, done"


def test_durations() -> None:
    """Seconds, minutes, hours."""
    assert [duration(s) for s in (7, 200, 5_000)] == ["7 s", "3 min 20 s", "1 h 23 min"]


@pytest.mark.slow
def test_tiny_from_nothing_to_a_truth_table(tmp_path: Any) -> None:
    """The command a class runs: exit code 0, a library that opens, predictions in order."""
    command = [sys.executable, "-m", "puzzle_widgets", "build", "--preset", "tiny"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 * MINUTES_OF_TINY,
    )
    assert done.returncode == 0, done.stderr
    assert "left" in done.stderr
    library = load_library(tmp_path / "stdlib-tiny-measured.json")
    assert library.provenance.origin == "measured"
    parent = json.loads((tmp_path / "parent.json").read_text(encoding="utf-8"))
    assert parent["validation_loss"] < parent["bigram_validation_loss"] - 0.3
    content = (tmp_path / "stdlib-tiny-measured" / "ground_truth.json").read_text(encoding="utf-8")
    summary = json.loads(content)["summary"]
    assert summary["agreement"]["metrics.kl_div"]["models"] >= 20
    assert summary["agreement"]["metrics.kl_div"]["spearman"] > 0.5
    for row in summary["global_distillation"]:
        assert row["after"] < row["before"]
