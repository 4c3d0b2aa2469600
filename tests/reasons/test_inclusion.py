"""Inclusion costs: each as by a search of its own, or by trying every architecture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library.sense import Goal
from tests.support.libraries import (
    LOSS,
    MEMORY,
    RUNTIME,
    best_score,
    make_library,
    published_folder,
    random_rows,
)

KINDS = ("uniform", "ties", "negative", "zero", "scales")


def expected(problem: pw.SearchProblem) -> list[float]:
    """Cost of every variant by trying every architecture; infinite where none has it."""
    best, costs = best_score(problem), []
    for layer in problem.library.layers:
        for variant in layer.variants:
            fixed = problem.fixed.get(layer.name, variant.name) == variant.name
            score = best_score(problem.with_fixed({layer.name: variant.name})) if fixed else np.nan
            costs.append(np.inf if math.isnan(score) else problem.sign * (score - best))
    return costs


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(KINDS),
    goal=st.sampled_from(["minimize", "maximize"]),
    share=st.floats(0.1, 1.0),
)
def test_costs_are_those_of_brute_force(seed: int, kind: str, goal: Goal, share: float) -> None:
    """Every variant, in both senses, whatever the numbers look like."""
    library = make_library(random_rows(np.random.default_rng(seed), kind))
    budgets = {}
    for key in (MEMORY, RUNTIME):
        least, most = library.total_range(key)
        budgets[key] = least + share * (most - least)
    problem = pw.SearchProblem.of(library, goal, LOSS, budgets=budgets)
    if math.isnan(best_score(problem)):
        with pytest.raises(pw.ProblemError, match="feasible problem"):
            pw.inclusion_costs(problem)
        return
    found = pw.inclusion_costs(problem)
    scale = max(1e-9, abs(found.solution.score))
    np.testing.assert_allclose(found.costs, expected(problem), rtol=1e-9, atol=2e-9 * scale)
    np.testing.assert_array_equal(found.costs, found.least)
    assert found.proven.all()


def small() -> pw.SearchProblem:
    """Three layers; the last has one variant, and the first a tie."""
    library = make_library(
        [
            [(0, 5, 1), (0, 5, 1), (3, 1, 1)],
            [(0, 5, 1), (2, 2, 1), (9, 50, 1)],
            [(0, 1, 1)],
        ]
    )
    return pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 12})


def test_decidedness_is_the_next_best_choice_of_each_layer() -> None:
    """0 where another block scores the same, infinite where there is no other."""
    found = pw.inclusion_costs(small())
    assert found.decidedness.tolist() == [0, 2, math.inf]
    assert found.costs.tolist() == [0, 0, 3, 0, 2, math.inf, 0]
    assert found.text == (
        "All 7 inclusion costs are proven, against a summed loss of 0. Undecided, for another "
        "block scores the same: layer 0. Without another choice: layer 2. "
        "In layer 1 the next best block costs 2."
    )


def test_what_cannot_be_included_says_why() -> None:
    """Too large, banned, or in a layer that is fixed."""
    problem = small().with_banned({0: ["v2"]}).with_fixed({2: "v0"})
    found = pw.inclusion_costs(problem)
    assert found.reason(1, "v2") == "no architecture within the budgets and rules has it"
    assert found.reason(0, "v2") == "banned by a rule"
    assert found.reason(1, "v1") == "" == found.reason(2, "parent")
    fixed = pw.inclusion_costs(small().with_fixed({1: "v1"}))
    assert fixed.reason(1, "v0") == "layer 1 is fixed to another block"
    assert fixed.cost(1, "v0") == math.inf
    assert fixed.cost(0, "parent") == 0


def test_what_time_leaves_out_has_a_bound() -> None:
    """A cancel after the first answer: what is there is kept, the rest is bounded from below."""
    library = pw.random_library(40, 30, 3)
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: "60 %"})
    whole = pw.inclusion_costs(problem)
    told: list[int] = []
    part = pw.inclusion_costs(problem, progress=told.append, cancelled=lambda: bool(told))
    open_ = ~part.proven
    assert open_.any()
    assert np.isnan(part.costs[open_]).all()
    assert (part.least <= whole.costs + 1e-9).all()
    assert part.least.max() > 0
    layer, name = part._names(int(np.flatnonzero(open_)[0]))
    assert part.reason(layer, name).startswith("not found in time; at least ")
    assert "of 1,200 inclusion costs are proven" in part.text


def test_the_frame_has_a_row_for_each_variant() -> None:
    """With the reason where there is no cost; the chosen blocks cost nothing."""
    frame = pw.to_frame(pw.inclusion_costs(small()))
    assert frame["cost"].tolist() == [0, 0, 3, 0, 2, math.inf, 0]
    assert frame["chosen"].sum() == 3
    assert frame["reason"].tolist()[5] == "no architecture within the budgets and rules has it"
    assert frame.attrs["objective"] == LOSS


def test_names_of_files_are_escaped() -> None:
    """What a notebook shows holds no markup of a name."""
    found = pw.inclusion_costs(small())
    library = found.problem.library
    named = pw.BlockLibrary(
        library.name,
        tuple(pw.Layer(f"<b>{la.name}", la.variants, la.parent) for la in library.layers),
    )
    html = pw.inclusion_costs(pw.SearchProblem(named, minimize=LOSS))._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html


@pytest.mark.published
def test_all_costs_of_the_published_library() -> None:
    """Spot checks against searches with the block fixed."""
    library = pw.load_library(published_folder())
    budgets = {RUNTIME: "60 %"}
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    found = pw.inclusion_costs(problem)
    assert found.proven.all()
    for place in np.random.default_rng(0).choice(1280, 12, replace=False):
        layer, name = found._names(int(place))
        alone = pw.search(problem.with_fixed({layer: name})).score
        assert found.costs[place] == pytest.approx(alone - found.solution.score, abs=1e-9)


def test_some_layers_alone_cost_the_same() -> None:
    """What is left out has a lower bound, and is not proven."""
    problem = small()
    every, some = pw.inclusion_costs(problem), pw.inclusion_costs(problem, layers=[1])
    np.testing.assert_array_equal(some.costs[3:6], every.costs[3:6])
    assert some.proven[3:6].all()
    assert not some.proven[1]
    assert (some.least <= every.least + 1e-9).all()
