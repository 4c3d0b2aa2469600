"""Which architectures are measured, and how well predictions agree."""

from __future__ import annotations

import random
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.architectures import (
    SCORE,
    candidates,
    greedy,
    homogeneous,
    random_near,
    searched,
)
from puzzle_widgets.distillation.presets import Truths
from puzzle_widgets.distillation.write_truth import agreement, kendall, spearman
from puzzle_widgets.library import load_library, to_frame
from puzzle_widgets.library.quantity import MEMORY, RUNTIME


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


def test_rank_correlations_by_hand() -> None:
    """Four values with one pair out of order, ties, and opposite orders."""
    assert spearman([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)
    assert kendall([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)
    assert kendall([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / (2 * 3) ** 0.5)
    noisy = [0.1 + 0.2, 0.3, 1.0]
    assert spearman(noisy, [0.3, 0.3, 1.0]) == kendall(noisy, [0.3, 0.3, 1.0]) == pytest.approx(1)
    assert spearman([1, 2, 3], [3, 2, 1]) == kendall([1, 2, 3], [3, 2, 1]) == -1


def test_agreement_by_hand() -> None:
    """Errors in the unit and relative; a true 0 has no relative error."""
    found = agreement([1.0, 3.0, 0.5], [2.0, 4.0, 0.0])
    assert found["mean_absolute_error"] == pytest.approx(2.5 / 3, rel=1e-5)
    assert found["median_relative_error"] == pytest.approx((0.5 + 0.25) / 2)
    assert found["median_predicted_over_true"] == pytest.approx((0.5 + 0.75) / 2)
    assert agreement([1.0, 1.0], [1.0, 2.0])["spearman"] is None
