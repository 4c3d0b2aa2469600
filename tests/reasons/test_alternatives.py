"""Alternatives: all near-optimal architectures, as by trying every one."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.search.outcome import StoppedError
from tests.support.libraries import (
    LOSS,
    MEMORY,
    RUNTIME,
    architectures,
    best_score,
    keeps,
    make_library,
    published_folder,
    random_rows,
)

KINDS = ("uniform", "ties", "negative", "zero")


def near(problem: pw.SearchProblem, within: float) -> list[dict[Any, str]]:
    """Every feasible architecture that scores near enough."""
    best = best_score(problem)
    allowed = within * abs(best) + 1e-9 * abs(best)
    return [
        a
        for a in architectures(problem.library)
        if keeps(problem, a)
        and problem.sign * (problem.library.totals(a)[problem.objective] - best) <= allowed
    ]


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(KINDS),
    goal=st.sampled_from(["minimize", "maximize"]),
    share=st.floats(0.2, 1.0),
    within=st.sampled_from([0.0, 0.05, 0.4]),
)
def test_the_list_is_that_of_brute_force(
    seed: int, kind: str, goal: Goal, share: float, within: float
) -> None:
    """Number, architectures, how often each variant occurs, and which can occur."""
    library = make_library(random_rows(np.random.default_rng(seed), kind))
    budgets: dict[str, Any] = {}
    for key in (MEMORY, RUNTIME):
        least, most = library.total_range(key)
        at = least + share * (most - least)
        budgets[key] = (at, None) if key == RUNTIME and seed % 2 else at
    problem = pw.SearchProblem.of(library, goal, LOSS, budgets=budgets)
    if math.isnan(best_score(problem)):
        with pytest.raises(pw.ProblemError, match="proven optimum"):
            pw.alternatives(problem, within)
        return
    found = pw.alternatives(problem, within)
    expected = near(problem, within)
    assert found.exact
    assert found.least == len(expected)
    listed = {tuple(found.architecture(n).items()) for n in range(found.least)}
    assert listed == {tuple(a.items()) for a in expected}
    rising = problem.sign * found.scores
    assert (np.diff(rising) >= 0).all()
    for layer, start in zip(library.layers, library.starts[:-1], strict=True):
        for place, variant in enumerate(layer.variants):
            count = sum(a[layer.name] == variant.name for a in expected)
            assert found.shares[start + place] == pytest.approx(count / len(expected))
            assert found.possible[start + place] == (count > 0)


def test_too_many_are_bounded() -> None:
    """With few states allowed the best of them are listed, and bounds hold the true number."""
    library = pw.random_library(9, 5, 3)
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: "70 %"})
    whole = pw.alternatives(problem, 0.8)
    assert whole.exact
    assert whole.least > 1000
    few = pw.alternatives(problem, 0.8, most_states=200)
    assert not few.exact
    assert few.least <= whole.least <= few.most
    assert few.complete < 0.8
    inside = (1 + few.complete) * few.solution.score
    assert len(few.scores) == (whole.scores <= inside + 1e-9).sum()
    listed = {tuple(few.architecture(n).items()) for n in range(len(few.scores))}
    assert few.least == len(listed | {tuple((o.architecture or {}).items()) for o in few.diverse})
    assert (few.possible == whole.possible).all()
    assert "at least" in few.text
    assert "listed, all of them" in few.text


def test_what_cannot_be_listed_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The optimum itself is always there."""

    def stop(*_: object) -> None:
        raise StoppedError

    module = sys.modules["puzzle_widgets.reasons.alternatives"]
    monkeypatch.setattr(module, "all_near", stop)
    library = pw.random_library(6, 4, 3)
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: "70 %"})
    found = pw.alternatives(problem, 0.4)
    assert (len(found.scores), found.complete, found.exact) == (1, 0, False)
    assert 1 < found.least == len(found.diverse) <= len(near(problem, 0.4))
    assert found.architecture(0) == dict(found.solution.architecture or {})
    assert len(near(problem, 0.4)) <= found.most
    assert "could not be listed" in found.text


def test_what_is_not_excluded_in_time_counts_as_possible() -> None:
    """With no time for it, no block is claimed to be absent."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "60 %"})
    whole = pw.alternatives(problem, 0.05, diverse=1)
    part = pw.alternatives(problem, 0.05, diverse=1, time_limit=1e-9)
    assert not part.proven
    assert (part.possible >= whole.possible).all()
    assert "In at least" in part.text


def test_without_budgets_and_with_one_architecture() -> None:
    """One is said as one."""
    problem = pw.SearchProblem(make_library([[(1, 5, 1)]]), minimize=LOSS)
    found = pw.alternatives(problem)
    assert found.text == (
        "Within 1 % of the optimum (a summed loss up to 1.01) there is 1 architecture, counted "
        "exactly. In 1 of 1 layers all of them have the same block (proven). None that differs "
        "in more layers was found among them."
    )


def test_diverse_ones_are_near_and_differ() -> None:
    """The optimum first; each in at least so many layers."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "60 %"})
    found = pw.alternatives(problem, 0.2, diverse=3, minimal_diversity=2)
    assert found.diverse[0].architecture == found.solution.architecture
    assert len(found.diverse) == 3
    for one in found.diverse[1:]:
        assert len(one.differing_layers(found.diverse[0])) >= 2
        assert one.score <= found.limit
    (alone,) = pw.alternatives(problem, diverse=1).diverse
    assert alone.architecture == found.solution.architecture


def test_frames() -> None:
    """Of variants, and of what is listed."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "60 %"})
    found = pw.alternatives(problem, 0.05)
    frame = pw.to_frame(found, layers=True)
    assert frame.groupby("layer")["share"].sum().tolist() == pytest.approx([1] * 8)
    assert frame["possible"].sum() == found.free.sum()


def test_nonsense_is_refused() -> None:
    """A share below 0 is none."""
    problem = pw.SearchProblem(make_library([[(1, 5, 1)]]), minimize=LOSS)
    with pytest.raises(pw.ProblemError, match="within=-1"):
        pw.alternatives(problem, -1)


@pytest.mark.published
def test_the_published_library() -> None:
    """Two layers are decided within 1 %; in the others something else is near."""
    library = pw.load_library(published_folder())
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={RUNTIME: "60 %"})
    found = pw.alternatives(problem, 0.01, diverse=1)
    assert found.proven
    assert (found.free == 1).sum() == 2
    assert 1_000 < found.least < found.most
