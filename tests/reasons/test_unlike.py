"""Near-optimal architectures as unlike as can be, as by trying every one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.reasons.unlike import search_unlike
from tests.support.libraries import (
    LOSS,
    MEMORY,
    architectures,
    keeps,
    make_library,
    random_rows,
)


def near(optimum: pw.Solution, allowance: float) -> list[dict[Any, str]]:
    """Every feasible architecture that scores near enough."""
    problem, library = optimum.problem, optimum.library
    return [
        one
        for one in architectures(library)
        if keeps(problem, one)
        and problem.sign * (library.totals(one)[problem.objective] - optimum.score) <= allowance
    ]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    goal=st.sampled_from(["minimize", "maximize"]),
    share=st.floats(0.3, 1.0),
    allowance=st.sampled_from([1e-6, 0.5, 3.0]),
)
def test_the_second_is_the_farthest(seed: int, goal: Goal, share: float, allowance: float) -> None:
    """Nothing near enough differs in more layers; all are near enough, and no two the same."""
    library = make_library(random_rows(np.random.default_rng(seed), "uniform"))
    least, most = library.total_range(MEMORY)
    budgets: dict[str, Any] = {MEMORY: least + share * (most - least)}
    optimum = pw.search(pw.SearchProblem.of(library, goal, LOSS, budgets=budgets))
    found = search_unlike(optimum, allowance, 4)
    chosen = dict(optimum.architecture or {})
    apart = [sum(one[name] != chosen[name] for name in chosen) for one in near(optimum, allowance)]
    assert found.most == max(apart)
    assert found.solutions[0] is optimum
    if max(apart):
        assert len(optimum.differing_layers(found.solutions[1])) == found.most
    for one in found.solutions:
        assert keeps(optimum.problem, dict(one.architecture or {}))
        assert optimum.problem.sign * (one.score - optimum.score) <= allowance + 1e-9
        assert one.bound == pytest.approx(optimum.score)
    assert len({tuple(one.choice.tolist()) for one in found.solutions}) == len(found.solutions)


def test_a_cancel_ends_it() -> None:
    """With the optimum alone, and nothing claimed."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "60 %"})
    optimum = pw.search(problem)
    found = search_unlike(optimum, 1.0, 5, cancelled=lambda: True)
    assert found.solutions == (optimum,)
    assert found.most == len(library.layers)
