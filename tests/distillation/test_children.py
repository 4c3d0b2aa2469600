"""The architectures that are measured: chosen, assembled, distilled."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import puzzle_widgets as pw
from puzzle_widgets.distillation.children import (
    SCORE,
    assemble,
    candidates,
    chosen_children,
    distill_child,
    global_loss,
    greedy,
    homogeneous,
    load_child,
    random_near,
    searched,
)
from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.presets import LINEAR, PRESETS, Truths, block_name
from puzzle_widgets.distillation.score import (
    make_reference,
    read_scores,
    validation_windows,
    whole_model_quality,
)
from puzzle_widgets.distillation.stages import check_architecture, distill_chosen
from puzzle_widgets.distillation.truth import agreement
from puzzle_widgets.distillation.write_library import read_library
from puzzle_widgets.errors import BuildError
from puzzle_widgets.files.scenario_file import dump_scenarios
from puzzle_widgets.library import load_library
from puzzle_widgets.library.model import SubBlock
from puzzle_widgets.library.quantity import MEMORY, RUNTIME
from puzzle_widgets.library.tables import to_frame


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


@pytest.fixture(scope="module")
def library() -> Any:
    """Two layers: in layer 1 all is dear to lose, in layer 2 nothing is."""
    frame = to_frame(load_library("llama-3.3-70b-modeled"))
    return load_library(frame[frame["layer"].isin([20, 60])], name="two layers", allow_gaps=True)


def test_greedy_follows_the_paper_s_recipe(library: Any) -> None:
    """By hand: cheaper layer first, best that fits half the budget, the rest goes on."""
    budget = 0.7 * library.parent_totals[RUNTIME]
    means = {
        layer.name: sum(v.values[SCORE] for v in layer.variants) / len(layer.variants)
        for layer in library.layers
    }
    first, second = sorted(means, key=means.__getitem__)

    def best(layer: Any, limit: Any) -> Any:
        fitting = [v for v in library.layer(layer).variants if v.values[RUNTIME] <= limit]
        return min(fitting, key=lambda v: v.values[SCORE])

    one = best(first, budget / 2)
    two = best(second, budget - one.values[RUNTIME])
    assert greedy(library, budget) == {first: one.name, second: two.name}


def test_greedy_without_room(library: Any) -> None:
    """A budget below the least runtime has no greedy architecture."""
    assert greedy(library, -1.0) is None


def test_random_ones_are_near_the_budget_and_vary(library: Any) -> None:
    """95 to 100 % of the budget, and not always the same."""
    budget = 0.6 * library.parent_totals[RUNTIME]
    found = [random_near(library, budget, random.Random(seed)) for seed in range(8)]
    for architecture in found:
        assert architecture is not None
        assert 0.95 * budget <= library.totals(architecture)[RUNTIME] <= budget
    assert len({tuple(architecture.values()) for architecture in found if architecture}) > 4


def test_no_random_one_beats_the_search(library: Any) -> None:
    """At the same budget the proven optimum's sum is the least."""
    best = searched(library, RUNTIME, 0.6)
    budget = 0.6 * library.parent_totals[RUNTIME]
    others = [greedy(library, budget), random_near(library, budget, random.Random(1))]
    assert best is not None
    for other in others:
        assert other is not None
        assert library.totals(best)[SCORE] <= library.totals(other)[SCORE]


def test_homogeneous_ones_have_one_block(library: Any) -> None:
    """Each group of like runtime gives one, and none is the parent."""
    found = homogeneous(library, 5)
    assert len({one.name for one in found}) == 5
    for one in found:
        assert len(set(one.architecture.values())) == 1
        assert dict(one.architecture) != library.parent_architecture


def test_candidates_are_the_same_every_time(library: Any) -> None:
    """Parent, searched, greedy, random, by memory and homogeneous; names are unique."""
    truths = Truths((0.5, 0.7), 2, (0.6,), 3, 1)
    found = candidates(library, truths, 7)
    assert found == candidates(library, truths, 7)
    names = [one.name for one in found]
    assert len(set(names)) == len(names) == 1 + 2 * 4 + 1 + 3
    by_memory = next(one for one in found if one.family == "mip (memory)")
    limit = 0.6 * library.parent_totals[MEMORY]
    assert library.totals(by_memory.architecture)[MEMORY] <= limit


def test_agreement_by_hand() -> None:
    """Errors in the unit and relative; a true 0 has no relative error."""
    found = agreement([1.0, 3.0, 0.5], [2.0, 4.0, 0.0])
    assert found["mean_absolute_error"] == pytest.approx(2.5 / 3, rel=1e-5)
    assert found["median_relative_error"] == pytest.approx((0.5 + 0.25) / 2)
    assert found["median_predicted_over_true"] == pytest.approx((0.5 + 0.75) / 2)
    assert agreement([1.0, 1.0], [1.0, 2.0])["spearman"] is None
