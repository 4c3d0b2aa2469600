"""Assembled and distilled children."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import puzzle_widgets as pw
from puzzle_widgets.distillation.check import check_architecture, distill_chosen
from puzzle_widgets.distillation.child import (
    assemble,
    chosen_children,
    distill_child,
    global_loss,
    load_child,
)
from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.presets import LINEAR, PRESETS, block_name
from puzzle_widgets.distillation.score import (
    make_reference,
    read_scores,
    validation_windows,
    whole_model_quality,
)
from puzzle_widgets.distillation.write_library import read_library
from puzzle_widgets.errors import BuildError
from puzzle_widgets.files.scenario_file import dump_scenarios
from puzzle_widgets.library.model import SubBlock


@torch.no_grad()
def test_the_parent_s_architecture_assembles_to_the_parent(built: Any) -> None:
    """Bit by bit the same logits."""
    parent = load_parent(built)
    child = assemble(built, parent, read_library(built).parent_architecture)
    windows = validation_windows(built)[:, 1:]
    assert torch.equal(child(windows), parent(windows))


def test_one_block_replaced_measures_its_own_score(built: Any) -> None:
    """The truth of a model with one other block is its replace-1-block score, exactly."""
    parent = load_parent(built)
    name = block_name(SubBlock("sized", 2), LINEAR)
    architecture = read_library(built).parent_architecture | {1: name}
    child = assemble(built, parent, architecture)
    reference = make_reference(parent, validation_windows(built))
    assert whole_model_quality(child, reference) == read_scores(built)[1, name]


@pytest.mark.parametrize(
    "change", [{1: "attention 3 KV heads | FFN 40"}, {2: "attention no-op | FFN no-op"}]
)
def test_what_is_no_architecture_of_the_build(built: Any, change: Any) -> None:
    """Unknown variants and layers are refused with what to give."""
    architecture = read_library(built).parent_architecture | change
    with pytest.raises(BuildError, match="layers 0 to 1"):
        assemble(built, load_parent(built), architecture)


def test_the_parent_has_no_global_loss_and_a_child_has(built: Any) -> None:
    """Divergence and cosine loss vanish for the parent alone."""
    parent = load_parent(built)
    windows = validation_windows(built)[:, 1:]
    assert float(global_loss(parent, parent, windows)) == pytest.approx(0, abs=1e-5)
    nothing = assemble(built, parent, dict.fromkeys([0, 1], block_name(LINEAR, LINEAR)))
    assert float(global_loss(parent, nothing, windows)) > 1e-3


def test_global_distillation_brings_a_child_nearer(built: Any, tmp_path: Any) -> None:
    """The loss on held-out text falls; the parent stays as it is."""
    parent, windows = load_parent(built), validation_windows(built)[:, 1:]
    architecture: dict[int | str, str] = dict.fromkeys([0, 1], block_name(LINEAR, LINEAR))
    before = float(global_loss(parent, assemble(built, parent, architecture), windows))
    child = distill_child(built, architecture, tmp_path / "child.pt")
    assert float(global_loss(parent, child, windows)) < before


def test_a_child_that_is_not_distilled(built: Any) -> None:
    """The message names the stage to run."""
    candidate = chosen_children(built)[0]
    assert candidate.family == "mip"
    with pytest.raises(BuildError, match="Run the stage 'child' first"):
        load_child(built, candidate)


def test_checking_the_parent_agrees_with_its_sums(built: Any) -> None:
    """All that is exact is equal; the runtime is measured."""
    table = check_architecture(built, read_library(built).parent_architecture)
    for quantity, row in table.iterrows():
        assert row["true"] >= 0
        if not str(quantity).startswith("Runtime"):
            assert row["true"] == pytest.approx(row["predicted"], rel=1e-5, abs=1e-6)
    assert "Runtime (ms)" in table.index


def test_a_scenario_file_s_architecture_is_distilled(
    built: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a search kept is assembled, distilled, and told as predicted and as true."""
    library = read_library(built)
    problem = pw.SearchProblem(
        library, minimize="metrics.kl_div", budgets={"stats.num_params": "60 %"}
    )
    file = tmp_path / "mine.json"
    kept = [pw.Scenario("my child", pw.search(problem))]
    file.write_text(dump_scenarios(kept), encoding="utf-8")
    monkeypatch.setitem(PRESETS, "micro", built.preset)
    lines: list[str] = []
    distill_chosen("micro", built.folder, file, lines.append)
    assert lines[-1].startswith("child: my child, KL divergence")
    assert (built.folder / "children" / "child_my_child.pt").exists()
    with pytest.raises(BuildError, match="cannot be read"):
        distill_chosen("micro", built.folder, tmp_path / "none.json", lines.append)
