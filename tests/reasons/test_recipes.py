"""How the baselines choose: draws are held to enumeration, blocks to what each layer has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.problem.mckp import to_architecture
from puzzle_widgets.reasons.recipes import (
    _keeping,
    homogeneous_choices,
    random_feasible,
    spans_of,
    table_of,
)
from tests.support.libraries import LOSS, MEMORY, RUNTIME, architectures, keeps, make_library

ROWS = [
    [(0, 9, 4), (2, 5, 6), (5, 1, 2)],
    [(0, 7, 3)],
    [(0, 8, 8), (3, 2, 1)],
    [(1, 4, 5), (0, 6, 2)],
]


def problem(**asked: Any) -> pw.SearchProblem:
    """A ragged library of four layers, with what is asked of it."""
    return pw.SearchProblem(make_library(ROWS), minimize=LOSS, **asked)


def named(asked: pw.SearchProblem, seed: int, draws: int = 1) -> dict[Any, str] | str:
    """The architecture drawn, or why there is none."""
    found = random_feasible(asked, seed, draws)
    return found if isinstance(found, str) else dict(to_architecture(asked.library, found))


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"budgets": {MEMORY: 22}},
        {"budgets": {MEMORY: (20, 26), RUNTIME: 16}},
        {"budgets": {RUNTIME: (14, None)}, "banned": {0: ["v1"]}, "fixed": {3: "v0"}},
    ],
)
def test_draws_reach_every_architecture_within_the_limits_and_no_other(asked: Any) -> None:
    """Of many single draws; each is one that enumeration allows, and none is left out."""
    one = problem(**asked)
    possible = [
        dict(architecture)
        for architecture in architectures(one.library)
        if keeps(one, architecture)
        and all(architecture[layer] == name for layer, name in one.fixed.items())
        and all(architecture[layer] not in names for layer, names in one.banned.items())
    ]
    drawn = [named(one, seed) for seed in range(60 * len(possible))]
    assert all(each in possible for each in drawn)
    assert all(each in drawn for each in possible)


def test_the_median_of_the_draws_is_taken() -> None:
    """Half of the draws score no better, half no worse."""
    one = problem(budgets={MEMORY: 24})
    alone = [drawn_score(one, seed, 1) for seed in range(400)]
    assert drawn_score(one, 7, 51) == pytest.approx(np.median(alone), abs=1.0)


def drawn_score(asked: pw.SearchProblem, seed: int, draws: int) -> float:
    """The summed score of what is drawn."""
    found = random_feasible(asked, seed, draws)
    assert not isinstance(found, str)
    return float(asked.mckp.score[found].sum())


def test_limits_that_no_draw_meets_end_in_words() -> None:
    """Each limit alone can be met, both together cannot."""
    clash = [[(0, 1, 9), (0, 9, 1)], [(0, 1, 9), (0, 9, 1)], [(0, 1, 9), (0, 9, 1)]]
    one = pw.SearchProblem(make_library(clash), minimize=LOSS, budgets={MEMORY: 12, RUNTIME: 12})
    assert named(one, 0, 51) == "None of 51 random draws meets all budgets together."
    assert named(one, 0, 1) == "None of 10 random draws meets all budgets together."
    barred = problem(banned={1: ["v0"]})
    assert "no variant that is allowed" in str(named(barred, 0))


def test_the_table_pads_layers_of_fewer_variants() -> None:
    """Padding is never a variant, and never the end of a layer's costs."""
    one = problem(budgets={MEMORY: 30}, banned={0: ["v0"]})
    table = table_of(one.mckp, spans_of(one.mckp))
    assert table.real.tolist() == [[True, True], [True, False], [True, True], [True, True]]
    assert table.variable[table.real].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert table.least.tolist() == [[1, 7, 2, 4]]
    assert table.most.tolist() == [[5, 7, 8, 6]]


def test_blocks_that_every_layer_has() -> None:
    """A block that one layer lacks is none of them."""
    assert homogeneous_choices(make_library(ROWS)).tolist() == [[0, 3, 4, 6]]
    bare = make_library([[(0, 1, 1)], [(0, 1, 1), (1, 1, 1)]])
    assert homogeneous_choices(bare).tolist() == [[0, 1]]


@given(st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_draws_that_keep_their_limits_are_told_as_by_exact_sums(seed: int) -> None:
    """Also where a draw meets a limit exactly, or misses it by the last digit."""
    rng = np.random.default_rng(seed)
    rows = [[(float(v), float(rng.integers(0, 9)) / 10) for v in range(3)] for _ in range(5)]
    library = make_library(rows, (LOSS, MEMORY))
    limit = float(rng.integers(5, 25)) / 10
    asked = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: (limit - 1.0, limit)})
    starts = asked.mckp.starts[:-1]
    drawn = [starts + rng.integers(0, 3, 5) for _ in range(40)]
    kept = _keeping(asked.mckp, drawn)
    exact = [one for one in drawn if not asked.mckp.broken(one)]
    assert [one.tolist() for one in kept] == [one.tolist() for one in exact]
