"""At most so many distinct blocks: as by trying every architecture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import dump_scenarios, read_scenarios
from puzzle_widgets.library.sense import Goal
from tests.support.libraries import (
    LOSS,
    MEMORY,
    RUNTIME,
    architectures,
    keeps,
    make_library,
    published_folder,
)


def some_problem(seed: int, goal: Goal = "minimize", share: float = 0.5) -> pw.SearchProblem:
    """Five layers of four blocks, of unknown kind: they are the same where their names are."""
    library = make_library(np.random.default_rng(seed).uniform(0, 9, (5, 4, 3)).tolist())
    budgets: dict[str, Any] = {}
    for key in (MEMORY, RUNTIME):
        least, most = library.total_range(key)
        budgets[key] = least + share * (most - least)
    return pw.SearchProblem.of(library, goal, LOSS, budgets=budgets)


def best_of(problem: pw.SearchProblem, most: int) -> float:
    """By brute force; NaN where nothing is feasible."""
    scores = [
        problem.sign * problem.library.totals(a)[LOSS]
        for a in architectures(problem.library)
        if len(set(a.values())) <= most and keeps(problem, a)
    ]
    return problem.sign * min(scores) if scores else math.nan


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    goal=st.sampled_from(["minimize", "maximize"]),
    share=st.floats(0.2, 0.8),
    most=st.integers(1, 4),
)
def test_the_best_is_that_of_brute_force(seed: int, goal: Goal, share: float, most: int) -> None:
    """For every number of blocks; infeasible where none is."""
    problem = some_problem(seed, goal, share)
    found, best = pw.search_few_blocks(problem, most), best_of(problem, most)
    if math.isnan(best):
        assert found.status == "infeasible"
        assert not found.solution.found
        assert "No architecture of at most" in found.text
        return
    assert (found.status, found.gap) == ("optimal", 0)
    assert found.solution.score == pytest.approx(best) == found.solution.bound
    assert len(found.blocks) <= most
    assert keeps(problem, dict(found.solution.architecture or {}))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    goal=st.sampled_from(["minimize", "maximize"]),
    share=st.floats(0.2, 0.8),
    most=st.integers(1, 3),
    span=st.sampled_from([(0, 0), (1, 3), (0, 4), (3, 4)]),
)
def test_over_a_range_it_is_that_of_brute_force(
    seed: int, goal: Goal, share: float, most: int, span: tuple[int, int]
) -> None:
    """Blocks of other layers do not count."""
    problem = some_problem(seed, goal, share)
    found = pw.search_few_blocks(problem, most, part="ffn", layers=span)
    some = range(span[0], span[1] + 1)
    scores = [
        problem.sign * problem.library.totals(a)[LOSS]
        for a in architectures(problem.library)
        if len({a[layer] for layer in some}) <= most and keeps(problem, a)
    ]
    if not scores:
        assert found.status == "infeasible"
        assert found.blocks == ()
        return
    assert found.status == "optimal"
    assert found.solution.score == pytest.approx(problem.sign * min(scores))
    assert len(found.blocks) <= most
    assert found.rule.layers == tuple(some)


def same_by_rows(library: pw.BlockLibrary, first: int, last: int) -> list[pw.Row]:
    """FFNs are numbered; each layer's number less the first layer's is 0."""
    ffns = list({variant.ffn: None for layer in library.layers for variant in layer.variants})
    rows = []
    for other in range(first + 1, last + 1):
        signs = {first: 1, other: -1}

        def number(layer: pw.Layer, variant: pw.BlockVariant, signs: Any = signs) -> float:
            return float(signs.get(layer.name, 0) * ffns.index(variant.ffn))

        rows.append(pw.Row.of(library, f"same {other}", number, 0, 0))
    return rows


@pytest.mark.parametrize("span", [(0, 7), (2, 5)])
def test_one_size_over_a_range_is_that_of_rows(span: tuple[int, int]) -> None:
    """Two ways to ask the same: a count, and a row a layer that says its FFN is the first's."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "50 %"})
    found = pw.search_few_blocks(problem, 1, part="ffn", layers=span)
    by_rows = pw.search(problem.with_rows(same_by_rows(library, *span)))
    assert (found.status, by_rows.status) == ("optimal", "optimal")
    assert found.solution.score == pytest.approx(by_rows.score)
    heads = pw.search_few_blocks(problem, 1, part="attention", layers=span)
    blocks = heads.solution.blocks[span[0] : span[1] + 1]
    assert len({block.attention for block in blocks}) == 1
    words = "attentions" if span == (0, 7) else "attentions in layers 2 to 5"
    assert f"The best of at most 1 distinct {words} has" in heads.text


def test_ranges_and_parts_that_are_none_are_refused() -> None:
    """With what to give."""
    problem = some_problem(1)
    with pytest.raises(pw.ProblemError, match="earlier one first"):
        pw.search_few_blocks(problem, 1, layers=(3, 1))
    with pytest.raises(pw.ProblemError, match="part='mlp'"):
        pw.search_few_blocks(problem, 1, part="mlp")  # type: ignore[arg-type]
    with pytest.raises(pw.ProblemError, match="99"):
        pw.search_few_blocks(problem, 1, layers=(0, 99))


@pytest.mark.published
def test_one_size_over_all_layers_of_the_published_library() -> None:
    """Proven, for each part, within moments."""
    library = pw.load_library(published_folder())
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={RUNTIME: "60 %"})
    for part, score in (("ffn", 14.7471), ("attention", 18.5185)):
        found = pw.search_few_blocks(problem, 1, part=part, time_limit=10)  # type: ignore[arg-type]
        assert found.status == "optimal"
        assert found.solution.score == pytest.approx(score, abs=1e-4)


def test_rules_hold_too() -> None:
    """Fixed blocks count among the distinct ones."""
    problem = some_problem(3, share=0.9).with_fixed({0: "v1", 4: "v2"})
    assert pw.search_few_blocks(problem, 1).status == "infeasible"
    two = pw.search_few_blocks(problem, 2)
    assert set((two.solution.architecture or {}).values()) == {"v1", "v2"}
    assert two.solution.score == pytest.approx(best_of(problem, 2))


def test_time_that_ends_leaves_a_bound() -> None:
    """What is found is kept, and no better than the bound says."""
    library = pw.load_library("llama-3.3-70b-modeled")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={RUNTIME: "60 %"})
    asked = iter(range(10_000))
    found = pw.search_few_blocks(problem, 3, cancelled=lambda: next(asked) >= 60)
    whole = pw.search_few_blocks(problem, 3)
    assert whole.status == "optimal"
    if found.solution.found:
        assert found.status == "feasible"
        bound, best = found.solution.bound, whole.solution.score
        assert bound - 1e-9 <= best <= found.solution.score + 1e-9
        assert found.gap > 0
    else:
        assert found.status == "no_solution_in_time"


def test_files_keep_the_rule() -> None:
    """The problem of the solution has it, and files do."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "50 %"})
    found = pw.search_few_blocks(problem, 2)
    assert found.free is not None
    assert found.free.score < found.solution.score
    text = dump_scenarios([pw.Scenario("two", found.solution)])
    (again,) = read_scenarios(text.encode(), "two.json", library)
    assert again.solution.problem == found.solution.problem
    assert again.solution.problem.distinct == (found.rule,)
    assert again.solution.status == "optimal"
    assert len(pw.to_frame(found)) == 8


def test_as_many_as_it_likes_is_the_optimum() -> None:
    """A rule that asks nothing costs nothing."""
    problem = some_problem(1)
    found = pw.search_few_blocks(problem, 4)
    assert found.solution.architecture == pw.search(problem).architecture
    assert "0 worse than with any" in found.text


@pytest.mark.parametrize("most", [0, -1, 2.5, True])
def test_what_makes_no_sense_is_refused(most: Any) -> None:
    """At least one block."""
    with pytest.raises(pw.ProblemError, match="most="):
        pw.search_few_blocks(some_problem(0), most)


@pytest.mark.published
def test_the_published_library() -> None:
    """Two blocks are nearly as good as any, and one is the best homogeneous architecture."""
    library = pw.load_library(published_folder())
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={RUNTIME: "60 %"})
    scores = [pw.search_few_blocks(problem, most).solution.score for most in (1, 2, 3, 4)]
    assert scores == pytest.approx([20.83, 10.94, 10.47, 10.38], abs=0.01)
    assert scores[0] == pw.baselines(problem, draws=1)["best homogeneous"].score
