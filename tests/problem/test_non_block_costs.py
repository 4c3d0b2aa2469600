"""Non-block costs: part of every total, and of nothing that the search decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, dump_library
from puzzle_widgets.problem.mckp import to_choice
from tests.support.libraries import (
    LOSS,
    MEMORY,
    RUNTIME,
    architectures,
    best_score,
    make_library,
    random_rows,
)

KINDS = ["plain", "ties", "negative", "zero", "scales"]
OUTSIDE = FrozenMapping({MEMORY: 7.5, RUNTIME: 2.0})
SMALL = replace(
    make_library([[(0, 4, 2), (1, 2, 1)], [(0, 4, 2), (2, 3, 1)]]), non_block_costs=OUTSIDE
)


def with_outside(library: pw.BlockLibrary, **non_block_costs: float) -> pw.BlockLibrary:
    """Add non-block costs."""
    keys = {"memory": MEMORY, "runtime": RUNTIME, "loss": LOSS}
    found = {keys[name]: value for name, value in non_block_costs.items()}
    return replace(library, non_block_costs=FrozenMapping(found))


def test_every_total_includes_them() -> None:
    """Totals, the parent's and the reach; a key that is left out adds nothing."""
    assert SMALL.parent_totals == {LOSS: 0, MEMORY: 15.5, RUNTIME: 6}
    assert SMALL.totals({0: "v1", 1: "v1"}) == {LOSS: 3, MEMORY: 12.5, RUNTIME: 4}
    assert SMALL.total_range(MEMORY) == (12.5, 15.5)
    assert SMALL.total_range(LOSS) == (0, 3)


def test_shares_and_throughput_are_of_the_whole() -> None:
    """A share of the parent's total is of its total with what is outside."""
    problem = pw.SearchProblem(SMALL, minimize=LOSS, budgets={MEMORY: "90 %"}, throughput=20_000)
    assert problem.budgets[MEMORY].upper == pytest.approx(0.9 * 15.5)
    assert problem.budgets[RUNTIME].upper == pytest.approx(5)
    solution = pw.search(problem)
    assert dict(solution.architecture or {}) == {0: "v1", 1: "v0"}
    assert solution.memory_mib == 13.5
    assert solution.throughput == pytest.approx(1000 * 100 / 5)


def test_search_rows_subtract_them() -> None:
    """The knapsack knows blocks only: limits go down by what is outside."""
    problem = pw.SearchProblem(SMALL, minimize=LOSS, budgets={MEMORY: (9, 13.5), LOSS: 2})
    mckp = problem.with_difference({0: "v0"}, 1).mckp
    assert mckp.upper == pytest.approx([6, 2, 1], rel=1e-11)
    assert mckp.lower[0] == pytest.approx(1.5, rel=1e-11)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("solver", ["exact", "HiGHS"])
def test_same_optimum_as_subtracting_by_hand(kind: str, seed: int, solver: str) -> None:
    """The same architecture scores the same, proven, and brute force agrees."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    library = make_library(random_rows(rng, kind))
    size = float(np.abs(library.column(MEMORY)).max()) or 1.0
    outside = size * float(rng.choice([0.3, 11.0, 1e6]))
    least, most = library.total_range(MEMORY)
    limit = least + float(rng.uniform(0, 1)) * (most - least)
    by_hand = pw.search(pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: limit}))
    whole = with_outside(library, memory=outside, loss=1.5)
    problem = pw.SearchProblem(whole, minimize=LOSS, budgets={MEMORY: limit + outside})
    solution = pw.search(problem, solver=solver)
    assert solution.status == by_hand.status == "optimal"
    assert solution.score == pytest.approx(by_hand.score + 1.5, abs=1e-9)
    assert solution.bound == pytest.approx(solution.score, abs=1e-9)
    if outside < 1e3 * size:
        assert solution.score == pytest.approx(best_score(problem), abs=1e-9)


def test_a_limit_just_met_stays_met_beside_a_huge_outside() -> None:
    """Rounding of a limit that is mostly outside the blocks costs no architecture."""
    for seed in range(20):
        small = make_library(random_rows(np.random.default_rng(seed), "plain"))
        library = with_outside(small, memory=1e8 / 3)
        for architecture in list(architectures(library))[:20]:
            totals = library.totals(architecture)
            problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: totals[MEMORY]})
            choice = to_choice(library, architecture)
            assert problem.mckp.broken_rows(choice) == []
            assert pw.search(problem).score <= totals[LOSS] + 1e-9


def test_fronts_and_surfaces_are_of_the_whole() -> None:
    """The same points as without, moved by what is outside."""
    bare = make_library(random_rows(np.random.default_rng(4), "plain"))
    whole = with_outside(bare, memory=100.0, loss=3.0)
    one, other = (
        pw.full_front(pw.SearchProblem(library, minimize=LOSS), MEMORY) for library in (bare, whole)
    )
    np.testing.assert_allclose(other.use, one.use + 100)
    np.testing.assert_allclose(other.score, one.score + 3)
    for place, solution in enumerate(other):
        assert solution.totals[MEMORY] == pytest.approx(other.use[place])
        assert solution.score == pytest.approx(other.score[place])
    front = pw.pareto_front(pw.SearchProblem(whole, minimize=LOSS), MEMORY, 6)
    known = np.column_stack([other.use, other.score])
    for solution in front.solutions:
        found = [solution.totals[MEMORY], solution.score]
        assert np.isclose(known, found).all(axis=1).any()


def test_full_front_of_throughput_counts_the_runtime_outside() -> None:
    """Throughput is of the summed runtime with what is outside."""
    front = pw.full_front(pw.SearchProblem(SMALL, minimize=LOSS), "throughput")
    for place, solution in enumerate(front):
        assert solution.throughput == pytest.approx(front.use[place])


def test_reasons_of_infeasibility_speak_of_the_whole() -> None:
    """The least that is possible includes what is outside, alone and under other limits."""
    alone = pw.search(pw.SearchProblem(SMALL, minimize=LOSS, budgets={MEMORY: 12}))
    assert "least possible is 12.5 MiB" in alone.reason
    both = {MEMORY: 13, LOSS: 1}
    together = pw.search(pw.SearchProblem(SMALL, minimize=LOSS, budgets=both))
    assert "Memory is at least 13.5 MiB" in together.reason


def test_words_say_what_is_outside() -> None:
    """Label, value and unit of each; nothing where nothing is."""
    assert SMALL.non_block_words == (
        "Every total includes the non-block costs: Memory 7.5 MiB, Runtime 2 ms."
    )
    assert make_library([[(0, 1, 1)]]).non_block_words == ""


@pytest.mark.parametrize(
    ("non_block_costs", "words"),
    [({"stats.unknown": 1}, "'stats.unknown'"), ({MEMORY: "x"}, "is not a number")],
)
def test_wrong_offsets_in_a_file_are_named(non_block_costs: dict[str, object], words: str) -> None:
    """A cost that no block has, or no number."""
    text = dump_library(SMALL).replace('{"stats.memory_mib": 7.5, "stats.runtime_ms": 2.0}', "@")
    assert "@" in text
    broken = text.replace("@", str(non_block_costs).replace("'", '"'))
    with pytest.raises(pw.LibraryError, match=words):
        pw.load_files({"x.json": broken.encode()})
