"""How decided layers are: as by trying every block of every layer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library.sense import Goal
from tests.support.libraries import (
    EMBEDDED,
    LOSS,
    MEMORY,
    RUNTIME,
    best_score,
    make_library,
    random_rows,
)

KINDS = ("uniform", "ties", "negative", "zero", "scales")


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(KINDS),
    goal=st.sampled_from(["minimize", "maximize"]),
    share=st.floats(0.1, 1.0),
)
def test_margins_are_those_of_brute_force(seed: int, kind: str, goal: Goal, share: float) -> None:
    """In every layer the best architecture of those with another block there."""
    library = make_library(random_rows(np.random.default_rng(seed), kind))
    budgets = {}
    for key in (MEMORY, RUNTIME):
        least, most = library.total_range(key)
        budgets[key] = least + share * (most - least)
    problem = pw.SearchProblem.of(library, goal, LOSS, budgets=budgets)
    best = best_score(problem)
    if math.isnan(best):
        with pytest.raises(pw.ProblemError, match="feasible problem"):
            pw.decidedness(problem)
        return
    found = pw.decidedness(problem)
    assert found.proven.all()
    for place, layer in enumerate(library.layers):
        chosen = found.solution.blocks[place].name
        score = best_score(problem.with_banned({layer.name: [chosen]}))
        margin = math.inf if math.isnan(score) else problem.sign * (score - best)
        scale = max(1e-9, abs(best))
        assert found.margins[place] == pytest.approx(margin, rel=1e-9, abs=2e-9 * scale)
        other = found.other(place)
        assert (other is None) == math.isinf(margin)
        if other is not None:
            forced = best_score(problem.with_fixed({layer.name: other.name}))
            assert forced == pytest.approx(score, rel=1e-9, abs=2e-9 * scale)


def problem_of_three() -> pw.SearchProblem:
    """Three layers; the last has one variant, and the first a tie."""
    library = make_library(
        [
            [(0, 5, 1), (0, 5, 1), (3, 1, 1)],
            [(0, 5, 1), (2, 2, 1), (9, 50, 1)],
            [(0, 1, 1)],
        ]
    )
    return pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 12})


def test_words_say_the_next_best_block_and_whether_it_matters() -> None:
    """A tie hardly matters; a layer without another block says so."""
    found = pw.decidedness(problem_of_three())
    assert found.margins.tolist() == [0, 2, math.inf]
    assert found.hardly.tolist() == [True, False, False]
    assert found.words(0) == "next best: v1, costs 0 (hardly matters)"
    assert found.words(1) == "next best: v1, costs 2"
    assert found.words(2) == "no other block fits"
    assert found.text.startswith("In 1 of 3 layers")


def test_what_is_cancelled_is_not_proven() -> None:
    """Nothing is claimed of layers that were not searched."""
    problem = problem_of_three()
    pw.search(problem)
    calls = iter([False] * 3 + [True] * 1000)
    found = pw.decidedness(problem, cancelled=lambda: next(calls, True))
    assert not (found.hardly & ~found.proven).any()


def test_few_searches_give_what_all_inclusion_costs_give() -> None:
    """On the embedded library, in a small part of the searches; progress ends with all layers."""
    state = pw.ExplorerState(EMBEDDED)
    counts: list[int] = []
    found = pw.decidedness(state.problem, progress=counts.append)
    assert found.proven.all()
    assert counts == sorted(counts)
    names = [layer.name for layer in state.library.layers[::20]]
    costs = pw.inclusion_costs(state.problem, layers=names)
    np.testing.assert_allclose(found.margins[::20], costs.decidedness[::20], rtol=1e-9)
