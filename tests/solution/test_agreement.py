"""Predicted and measured: what is compared, and rank correlations by their definitions."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.solution.agreement import kendall, predictions, ranked, spearman, worst
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

ROWS = [(2.0, 10, 60), (2.5, 6, 40), (4.0, 1, 9)]
LIBRARY = make_library([ROWS, ROWS])
PAIRS = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=9)


def point(
    name: str, chosen: dict[object, str] | None, values: dict[str, float]
) -> pw.MeasuredPoint:
    """A model that was measured."""
    blocks = None if chosen is None else FrozenMapping(chosen)
    return pw.MeasuredPoint(name, FrozenMapping(values), "", blocks)  # type: ignore[arg-type]


def test_predictions_are_in_the_unit_of_what_was_measured() -> None:
    """Costs are sums; a score of the parent's own is that and what the blocks add to it."""
    small = point("small", {0: "v1", 1: "v2"}, {LOSS: 4.4, MEMORY: 8})
    (score,) = predictions([small], LIBRARY, LOSS)
    assert (score.predicted, score.measured) == (2.0 + 0.5 + 2.0, 4.4)
    assert score.error == pytest.approx(0.1)
    (memory,) = predictions([small], LIBRARY, MEMORY)
    assert (memory.predicted, memory.measured) == (7, 8)
    assert predictions([small], LIBRARY, RUNTIME) == []
    assert predictions([small], LIBRARY, "metrics.other") == []


@pytest.mark.parametrize("chosen", [None, {0: "v1"}, {0: "v1", 1: "gone"}, {0: "v1", 2: "v1"}])
def test_models_of_other_blocks_predict_nothing(chosen: dict[object, str] | None) -> None:
    """Trained on, of another library, or not known at all."""
    assert predictions([point("x", chosen, {LOSS: 1})], LIBRARY, LOSS) == []


def test_the_parent_and_what_is_not_finite_count_for_nothing() -> None:
    """The parent is its own prediction."""
    found = predictions(
        [
            point("parent", {0: "v0", 1: "v0"}, {LOSS: 2}),
            point("a", {0: "v1", 1: "v0"}, {LOSS: 2.6}),
            point("b", {0: "v1", 1: "v1"}, {LOSS: 2.5}),
            point("broken", {0: "v2", 1: "v2"}, {LOSS: math.nan}),
        ],
        LIBRARY,
        LOSS,
    )
    assert [one.point.name for one in found] == ["parent", "a", "b"]
    assert [one.parent for one in found] == [True, False, False]
    assert ranked(found) == (2, -1, -1)
    assert [one.point.name for one in worst(found, 1)] == ["b"]
    count, rho, tau = ranked(found[:2])
    assert (count, math.isnan(rho), math.isnan(tau)) == (1, True, True)


def test_what_is_exact_is_not_far_off() -> None:
    """The worst of right ones are none."""
    right = point("a", {0: "v1", 1: "v0"}, {MEMORY: 16})
    assert worst(predictions([right], LIBRARY, MEMORY)) == []


@given(PAIRS)
def test_rank_correlations_are_those_of_their_definitions(pairs: list[tuple[int, int]]) -> None:
    """Spearman's of mid-ranks, Kendall's by counting every pair of models."""
    left, right = ([float(pair[side]) for pair in pairs] for side in (0, 1))
    if len(set(left)) < 2 or len(set(right)) < 2:
        assert math.isnan(spearman(left, right))
        assert math.isnan(kendall(left, right))
        return
    expected = pd.Series(left).rank().corr(pd.Series(right).rank())
    assert spearman(left, right) == pytest.approx(expected)
    signs = [
        (np.sign(left[a] - left[b]), np.sign(right[a] - right[b]))
        for a, b in combinations(range(len(pairs)), 2)
    ]
    same = sum(x * y for x, y in signs)
    told = math.sqrt(sum(x * x for x, _ in signs) * sum(y * y for _, y in signs))
    assert kendall(left, right) == pytest.approx(same / told)


def test_rank_correlations_of_small_cases() -> None:
    """Also of sums that differ by rounding alone."""
    assert spearman([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)
    assert kendall([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)
    assert kendall([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / (2 * 3) ** 0.5)
    noisy = [0.1 + 0.2, 0.3, 1.0]
    assert spearman(noisy, [0.3, 0.3, 1.0]) == kendall(noisy, [0.3, 0.3, 1.0]) == pytest.approx(1)
    assert spearman([1, 2, 3], [3, 2, 1]) == kendall([1, 2, 3], [3, 2, 1]) == -1
