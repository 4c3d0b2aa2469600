"""Linear rules of one's own: kept by every engine, as by trying every architecture."""

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
from puzzle_widgets.problem.rows import rows_in, rows_out
from tests.support.libraries import (
    LOSS,
    MEMORY,
    RUNTIME,
    architectures,
    best_score,
    keeps,
    make_library,
    random_rows,
)


def some_rows(library: pw.BlockLibrary, rng: np.random.Generator) -> list[pw.Row]:
    """One row with both limits over all layers, and one over some of them."""
    found = []
    for name in ("first", "second"):
        layers = [la.name for la in library.layers if name == "first" or rng.random() < 0.6]
        row = pw.Row.of(library, name, lambda *_: float(rng.integers(-2, 4)), layers=layers)
        sums = [row.total(a) for a in architectures(library)]
        low, high = np.quantile(sums, [0.2, 0.7])
        found.append(pw.Row(name, row.coefficients, low, high if name == "first" else math.inf))
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), goal=st.sampled_from(["minimize", "maximize"]))
def test_the_optimum_is_that_of_brute_force(seed: int, goal: Goal) -> None:
    """Beside a budget, and in search_many as in a single search."""
    rng = np.random.default_rng(seed)
    library = make_library(random_rows(rng, "uniform"))
    least, most = library.total_range(MEMORY)
    problem = pw.SearchProblem.of(
        library,
        goal,
        LOSS,
        budgets={MEMORY: least + 0.7 * (most - least)},
        rows=some_rows(library, rng),
    )
    best = best_score(problem)
    solution = pw.search(problem)
    assert solution.found != math.isnan(best)
    if solution.found:
        assert solution.score == pytest.approx(best, rel=1e-9, abs=1e-9)
        assert keeps(problem, dict(solution.architecture or {}))
        assert all(row.holds(solution.architecture or {}) for row in problem.rows)
    many = pw.search_many(problem, budgets=[{}, {RUNTIME: 1e9}])
    assert {status == "infeasible" for status in many.statuses} == {not solution.found}


@pytest.mark.parametrize("solver", ["HiGHS", "reference"])
def test_all_engines_agree(solver: str) -> None:
    """With the exact search."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        library = make_library(random_rows(rng, "uniform"))
        problem = pw.SearchProblem(library, minimize=LOSS, rows=some_rows(library, rng))
        exact, other = pw.search(problem), pw.search(problem, solver=solver)
        assert exact.status == other.status
        if exact.found:
            assert exact.architecture == other.architecture


def small() -> pw.SearchProblem:
    """Two layers; at most one of their second variants."""
    library = make_library([[(5, 5, 1), (1, 2, 1)], [(5, 5, 2), (2, 1, 1)]])
    row = pw.Row(
        "one of them",
        {0: {"v1": 1}, "1": {"v1": 1}},
        upper=1,
    )
    return pw.SearchProblem(library, minimize=LOSS, rows=[row])


def test_layers_and_variants_in_a_persons_words() -> None:
    """Read as fixed and banned ones are."""
    (row,) = small().rows
    assert list(row.coefficients) == [0, 1]
    assert dict(pw.search(small()).architecture or {}) == {0: "v1", 1: "v0"}
    assert small().mckp.rows == ("rule 1: one of them",)


def test_fronts_and_maps_hold_the_rows() -> None:
    """At every point; a full front refuses what it cannot hold."""
    front = pw.pareto_front(small(), MEMORY, points=4)
    assert all(row.holds(p.architecture or {}) for p in front.solutions for row in small().rows)
    with pytest.raises(pw.ProblemError, match="without budgets, differences, rows"):
        pw.full_front(small(), MEMORY)


def test_scenarios_carry_their_rows() -> None:
    """Written and read, the problem is the same."""
    problem = small().with_rows([pw.Row("at least", small().rows[0].coefficients, lower=0.5)])
    text = dump_scenarios([pw.Scenario("mine", pw.search(problem))])
    (again,) = read_scenarios(text.encode(), "mine.json", problem.library)
    assert again.solution.problem == problem
    assert again.solution.status == "optimal"


def test_the_record_carries_its_rows() -> None:
    """So does the explorer's saved state, and its rules can be dropped."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(
        library,
        minimize="metrics.kl_div",
        budgets={MEMORY: "8 %"},
        rules=[pw.rules.attention_free_in_a_row(library, 1)],
    )
    state = pw.ExplorerState(problem)
    assert state.problem.rows == problem.rows
    again = pw.ExplorerState.from_json(state.to_json(), library)
    assert again.problem == state.problem
    again.drop_rule(0)
    assert again.problem.rows == ()


@given(
    st.lists(
        st.tuples(
            st.text(min_size=1),
            st.dictionaries(st.integers(0, 9), st.dictionaries(st.text(), st.floats(-9, 9))),
            st.sampled_from([-math.inf, 0.0, 2.5]),
            st.sampled_from([math.inf, 3.0]),
        )
    )
)
def test_what_is_written_is_read_again(drawn: list[Any]) -> None:
    """Row by row; layers of equal coefficients together."""
    rows = tuple(pw.Row(name, terms, low, high) for name, terms, low, high in drawn)
    assert rows_in(rows_out(rows)) == rows


def test_an_infeasible_row_is_named() -> None:
    """In the reason and in the explanation."""
    problem = small().with_rows([pw.Row("both", small().rows[0].coefficients, lower=2)])
    solution = pw.search(problem)
    assert solution.status == "infeasible"
    assert "one of them; both" in solution.reason
    conflict = pw.explain(solution).conflict
    assert conflict is not None
    assert conflict.demands == ("one of them", "both")


def test_an_architecture_that_breaks_a_row_says_so() -> None:
    """By the rule's own name."""
    found = pw.evaluate(small(), {0: "v1", 1: "v1"})
    assert found.reason == "Breaks one of them."


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("row", "is not a Row"),
        (pw.Row("a", {0: 1}), "give coefficients as"),  # type: ignore[dict-item]
        (pw.Row(" ", {}), "a name of 1 to 200 letters"),
        (pw.Row("a", {}, 2, 1), "lower limit 2 is above 1"),
        (pw.Row("a", {}, math.nan), "nan is not a limit"),
        (pw.Row("a", {9: {}}), "No layer 9"),
        (pw.Row("a", {0: {"v9": 1.0}}), "no variant 'v9'"),
        (pw.Row("a", {0: {"v1": math.inf}}), "not a finite number"),
    ],
)
def test_what_makes_no_sense_is_refused(row: Any, said: str) -> None:
    """Naming the row."""
    with pytest.raises(pw.ProblemError, match=said):
        pw.SearchProblem(small().library, minimize=LOSS, rows=[row])


def test_there_may_be_too_many() -> None:
    """A file cannot fill the memory."""
    row = small().rows[0]
    with pytest.raises(pw.ProblemError, match="10,001 of them"):
        small().with_rows([row] * 10_000)
