"""Baselines: each by hand or brute force on small libraries, and known figures on the published."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import PARAMETERS
from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.reasons.baselines import broken_words
from puzzle_widgets.search.engine import solve as engine_solve
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import Outcome
from puzzle_widgets.solution import optimum
from tests.support.libraries import (
    EMBEDDED,
    LOSS,
    MEMORY,
    RUNTIME,
    architectures,
    keeps,
    make_library,
    published_folder,
    random_rows,
)


def test_greedy_carries_what_a_layer_leaves() -> None:
    """Layers by rising mean score; the second and third get what the first leaves.

    Memory of 12 over three layers is 4 each. Layer 1 (mean 1) takes v1, which leaves 2; layer 2
    (mean 2) has 6 and takes v0, which leaves none; layer 0 (mean 4) has 4 and takes v1.
    """
    library = make_library(
        [
            [(0, 9, 1), (4, 3, 1), (8, 1, 1)],
            [(0, 5, 1), (1, 2, 1), (2, 1, 1)],
            [(0, 6, 1), (2, 3, 1), (4, 1, 1)],
        ]
    )
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 12})
    greedy = pw.baselines(problem)["greedy"]
    assert greedy.solution is not None
    assert dict(greedy.solution.architecture or {}) == {0: "v1", 1: "v1", 2: "v0"}
    assert greedy.keeps
    assert greedy.score == 5
    assert greedy.excess == 5 - pw.search(problem).score


def test_greedy_says_where_it_fails() -> None:
    """A block that does not fit its layer's share is not made up for here."""
    library = make_library([[(0, 9, 1)], [(9, 1, 1), (0, 8, 1)]])
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 9.5})
    assert pw.search(problem).status == "infeasible"
    found = pw.baselines(problem)
    assert found["greedy"].broken == ("Memory ≤ 9.5 MiB",)
    assert found["greedy"].text == "Greedy: a summed loss of 9; breaks Memory ≤ 9.5 MiB."
    assert found["random feasible"].solution is None
    assert "none" in found["most parameters"].text
    assert "No architecture was found" in found.text


def test_greedy_holds_the_rules() -> None:
    """Fixed and banned variants are not among those it chooses from."""
    library = make_library([[(0, 4, 1), (1, 1, 1)], [(0, 2, 1), (1, 1, 1)], [(0, 4, 1), (5, 1, 1)]])
    problem = pw.SearchProblem(
        library, minimize=LOSS, budgets={MEMORY: 9}, fixed={2: "v0"}, banned={1: ["v0"]}
    )
    greedy = pw.baselines(problem)["greedy"]
    assert greedy.keeps
    assert greedy.solution is not None
    assert dict(greedy.solution.architecture or {}) == {0: "v1", 1: "v1", 2: "v0"}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.2, 1.0))
def test_all_are_checked_and_none_beats_the_search(seed: int, share: float) -> None:
    """What keeps every budget scores no better than the optimum; what breaks one says so."""
    library = make_library(random_rows(np.random.default_rng(seed), "uniform"))
    budgets: dict[str, Any] = {}
    for key in (MEMORY, RUNTIME):
        least, most = library.total_range(key)
        budgets[key] = least + share * (most - least)
    problem = pw.SearchProblem(library, minimize=LOSS, budgets=budgets)
    found = pw.baselines(problem, draws=5)
    for one in found:
        if one.solution is not None:
            architecture = dict(one.solution.architecture or {})
            assert keeps(problem, architecture) == one.keeps
            assert bool(one.broken) != one.keeps
            assert one.score == library.totals(architecture)[LOSS]
            if one.keeps:
                assert one.excess >= -1e-9
        else:
            assert one.reason


def test_the_best_homogeneous_is_that_of_brute_force() -> None:
    """Of all architectures that have one name everywhere."""
    for seed in range(10):
        rows = np.random.default_rng(seed).uniform(0, 10, (4, 4, 3)).tolist()
        library = make_library(rows)
        problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 24})
        same = [
            library.totals(a)[LOSS]
            for a in architectures(library)
            if len(set(a.values())) == 1 and keeps(problem, a)
        ]
        one = pw.baselines(problem, draws=1)["best homogeneous"]
        if same:
            assert one.score == min(same)
        else:
            assert "one block in every layer" in one.reason


def test_homogeneous_blocks_are_alike_by_their_parts() -> None:
    """Names of the same block may differ from layer to layer."""
    library = pw.load_library(EMBEDDED)
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "60 %"})
    one = pw.baselines(problem, draws=1)["best homogeneous"]
    assert one.solution is not None
    assert len({(b.attention, b.ffn) for b in one.solution.blocks}) == 1


def test_random_draws_repeat_by_their_seed() -> None:
    """The same seed gives the same architecture, and another one another."""
    library = pw.load_library("stdlib-2m-measured")
    budgets: dict[str, Any] = {MEMORY: ("20 %", "40 %"), RUNTIME: "60 %"}
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    drawn = [pw.baselines(problem, seed=seed)["random feasible"] for seed in (0, 0, 1)]
    assert all(one.keeps for one in drawn)
    assert drawn[0].score == drawn[1].score != drawn[2].score
    with pytest.raises(pw.ProblemError, match="at least 1"):
        pw.baselines(problem, draws=0)


def test_most_parameters_is_the_largest_that_fits() -> None:
    """By brute force; the score plays no part."""
    keys = (LOSS, MEMORY, PARAMETERS)
    library = make_library(
        [[(0, 5, 50), (9, 3, 40), (1, 2, 10)], [(0, 5, 50), (8, 4, 45), (1, 1, 5)]], keys
    )
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 8})
    most = max(library.totals(a)[PARAMETERS] for a in architectures(library) if keeps(problem, a))
    one = pw.baselines(problem)["most parameters"]
    assert one.solution is not None
    assert one.solution.totals[PARAMETERS] == most
    bare = pw.SearchProblem(make_library([[(0, 5, 1)]]), minimize=LOSS)
    assert pw.baselines(bare)["most parameters"].reason == (
        "The library has no counts of parameters."
    )


def test_of_as_many_parameters_any_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the optimum has its ties settled: for the most parameters that took most of the time."""
    settled: list[bool] = []

    def solve(mckp: Mckp, options: SearchOptions, engine: Any = None) -> Outcome:
        settled.append(options.settle)
        return engine_solve(mckp, options, engine)

    monkeypatch.setattr(optimum, "solve", solve)
    problem = pw.SearchProblem(
        pw.load_library(EMBEDDED), minimize="metrics.kl_div", budgets={MEMORY: "60 %"}
    )
    pw.baselines(problem)
    assert settled == [True, False]


def test_lower_limits_and_rules_can_be_broken() -> None:
    """Each is named."""
    library = make_library([[(0, 5, 1), (4, 9, 1)], [(0, 5, 2), (7, 9, 1)]])
    problem = pw.SearchProblem(
        library, minimize=LOSS, budgets={MEMORY: (12, None)}, banned={0: ["v0"]}
    ).with_difference(library.parent_architecture, 1)
    assert broken_words(problem, library.parent_architecture) == (
        "Memory ≥ 12 MiB",
        "difference 1 (at least 1 layers)",
        "rules in 1 layer",
    )
    assert broken_words(problem, {0: "v1", 1: "v1"}) == ()


def test_baselines_are_found_by_name() -> None:
    """An unknown name says which there are."""
    library = pw.load_library("stdlib-2m-measured")
    found = pw.baselines(pw.SearchProblem(library, minimize="metrics.kl_div"), draws=3)
    assert found[:2] == found.found[:2]
    assert found["parent"].text == (
        "Parent: a summed KL divergence of 0 nats/byte, that of the optimum; "
        "keeps every budget and rule."
    )
    with pytest.raises(KeyError, match="'greedy', 'best homogeneous'"):
        _ = found["best of all"]


def test_the_frame_begins_with_the_search() -> None:
    """A row each, with totals and what is broken."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "50 %"})
    found = pw.baselines(problem)
    frame = pw.to_frame(found)
    assert frame["baseline"].tolist()[:2] == ["search", "greedy"]
    assert frame["excess"][0] == 0
    assert frame.set_index("baseline").loc["parent", "broken"] == "Memory ≤ 40.57 MiB"
    assert frame.attrs["units"][MEMORY] == "MiB"
    assert math.isclose(frame["score"][0], found.optimum.score)


@pytest.mark.published
@pytest.mark.parametrize(
    ("share", "greedy", "homogeneous", "optimum"),
    [
        (50, 22.95, 59.47, 14.032297),
        (60, 17.24, 20.83, 10.361557),
        (70, 13.76, 20.83, 7.238526),
        (80, 10.19, 13.95, 4.516232),
    ],
)
def test_baselines_of_the_published_library(
    share: int, greedy: float, homogeneous: float, optimum: float
) -> None:
    """Known figures at shares of the parent's runtime."""
    library = pw.load_library(published_folder())
    budgets = {RUNTIME: f"{share} %"}
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    found = pw.baselines(problem, draws=3)
    assert found.optimum.score == pytest.approx(optimum, abs=1e-6)
    assert found["greedy"].score == pytest.approx(greedy, abs=0.005)
    assert found["best homogeneous"].score == pytest.approx(homogeneous, abs=0.005)
    assert found["greedy"].keeps
    assert found["Nemotron-Super-49B"].keeps == (share >= 70)
