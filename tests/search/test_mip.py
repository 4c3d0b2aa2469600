"""The engines against brute force, and their honesty about what they know."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pulp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.search import mip
from puzzle_widgets.search.mip import MipOptions, available_solvers, solve_mip
from tests.support.libraries import (
    LOSS,
    MEMORY,
    RUNTIME,
    architectures,
    best_score,
    golden,
    keeps,
    make_library,
    published_folder,
    random_rows,
    scaled_library,
)
from tests.support.lp import lp_bound

KINDS = ["plain", "ties", "negative", "zero", "scales"]
HAS_CBC = any(name in available_solvers() for name in ("PULP_CBC_CMD", "COIN_CMD"))
both_engines = pytest.mark.parametrize("solver", ["exact", "HiGHS"])
needs_cbc = pytest.mark.skipif(not HAS_CBC, reason="PuLP finds no CBC here")


def random_problem(seed: int, kind: str) -> pw.SearchProblem:
    """Draw a small problem with budgets, rules, fixed and banned variants."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    library = make_library(random_rows(rng, kind))

    def limit(key: str) -> tuple[float | None, float | None]:
        low, high = library.total_range(key)
        one, two = sorted(rng.uniform(low, high, size=2).tolist())
        forms = [(None, two), (one, None), (one, two), (None, high), (None, None)]
        return forms[int(rng.integers(len(forms)))]

    def pick() -> tuple[Any, str]:
        layer = library.layers[int(rng.integers(len(library.layers)))]
        return layer.name, layer.variants[int(rng.integers(len(layer.variants)))].name

    goal = {"maximize" if rng.random() < 0.3 else "minimize": LOSS}
    layer, variant = pick()
    problem = pw.SearchProblem(
        library,
        **goal,  # type: ignore[arg-type]
        budgets={MEMORY: limit(MEMORY), RUNTIME: limit(RUNTIME)},
        fixed=dict([pick()]) if rng.random() < 0.3 else None,
        banned={layer: [variant]} if rng.random() < 0.3 else None,
    )
    if rng.random() < 0.3:
        other = {la.name: la.variants[-1].name for la in library.layers}
        problem = problem.with_difference(other, int(rng.integers(0, len(other) + 2)))
    return problem


def check_against_brute_force(problem: pw.SearchProblem, solver: str) -> str:
    """Compare one search with the truth, and give the status."""
    truth = best_score(problem)
    solution = pw.search(problem, solver=solver)
    if math.isnan(truth):
        assert solution.status == "infeasible"
        assert solution.architecture is None
        assert solution.reason
        return solution.status
    assert solution.status == "optimal"
    assert solution.architecture is not None
    assert keeps(problem, solution.architecture)
    assert solution.score == pytest.approx(truth, rel=1e-9, abs=1e-12)
    assert (solution.bound, solution.gap) == (solution.score, 0)
    return solution.status


@both_engines
@pytest.mark.parametrize("kind", KINDS)
def test_small_problems_are_solved_as_by_brute_force(solver: str, kind: str) -> None:
    """Ties, negative and zero numbers, odd scales, all limits and rules, feasible or not."""
    found = [check_against_brute_force(random_problem(seed, kind), solver) for seed in range(60)]
    assert {"optimal", "infeasible"} == set(found)


@needs_cbc
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_cbc_agrees_with_brute_force(kind: str) -> None:
    """CBC gives the same optima."""
    for seed in range(12):
        check_against_brute_force(random_problem(seed, kind), solver="CBC")


# Steps of 1/1000, far above the oracle's tolerance of 1e-9.
cell = st.one_of(
    st.integers(-5, 5).map(float), st.integers(-(10**7), 10**7).map(lambda x: x / 1000)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=3), min_size=1, max_size=4),
    st.integers(0, 1000).map(lambda share: share / 1000),
    st.sampled_from(["least", "most"]),
    st.sampled_from(["exact", "HiGHS"]),
)
def test_any_small_problem_is_solved_as_by_brute_force(
    rows: list[list[tuple[float, float, float]]], share: float, side: str, solver: str
) -> None:
    """Whatever the numbers, the optimum is the truth or the problem is called infeasible."""
    library = make_library(rows)
    low, high = library.total_range(MEMORY)
    limit = low + share * (high - low)
    least = side == "least"
    budgets: Any = {MEMORY: (limit, None) if least else limit}
    problem = pw.SearchProblem(library, minimize=LOSS, budgets=budgets)
    truth = best_score(problem)
    solution = pw.search(problem, solver=solver)
    if solution.status == "infeasible":  # by the last bits of the limit
        tight = problem.with_budget(MEMORY, limit + 1e-9 if least else -math.inf)
        tight = tight if least else problem.with_budget(MEMORY, upper=limit - 1e-9)
        assert math.isnan(best_score(tight))
        return
    assert solution.status == "optimal"
    assert solution.score == pytest.approx(truth, rel=1e-9, abs=1e-9)


@both_engines
@pytest.mark.parametrize("factor", [1e-12, 1e-9, 1e-6, 1e-3, 1e6, 1e11])
@pytest.mark.parametrize("key", [LOSS, MEMORY])
def test_scores_and_costs_of_any_scale(key: str, factor: float, solver: str) -> None:
    """An optimum does not depend on the unit that a score or a cost is counted in."""
    for seed in range(4):
        library = pw.random_library(6, 5, seed)
        budgets: Any = {MEMORY: "50 %", RUNTIME: "60 %"}
        truth = best_score(pw.SearchProblem(library, minimize=LOSS, budgets=budgets))
        scaled = scaled_library(library, key, factor)
        solution = pw.search(
            pw.SearchProblem(scaled, minimize=LOSS, budgets=budgets), solver=solver
        )
        assert solution.status == "optimal"
        wanted = truth * factor if key == LOSS else truth
        assert solution.score == pytest.approx(wanted, rel=1e-9, abs=0)


@both_engines
def test_small_scores_beside_a_huge_one(solver: str) -> None:
    """One variant that ruins the model does not hide the differences of all others."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rows = (rng.uniform(1, 2, size=(5, 4, 3)) * (1e-8, 1, 1)).tolist()
        for layer in rows:
            layer.append([1e6, 0.0, 0.0])
        library = make_library(rows)
        problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 6.5})
        found = pw.search(problem, solver=solver)
        assert found.score == pytest.approx(best_score(problem), rel=1e-9, abs=0)


@both_engines
def test_large_scores_that_differ_little(solver: str) -> None:
    """A common part of a layer's scores does not hide their differences."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rows = (rng.uniform(0, 1, size=(5, 4, 3)) * (1e-6, 1, 1) + (1e3, 50, 0)).tolist()
        problem = pw.SearchProblem(make_library(rows), minimize=LOSS, budgets={MEMORY: 252})
        found = pw.search(problem, solver=solver)
        assert found.score == pytest.approx(best_score(problem), abs=1e-10)


@pytest.mark.parametrize("solver", ["exact", "HiGHS", pytest.param("CBC", marks=needs_cbc)])
def test_a_budget_that_is_only_just_missed_is_kept(solver: str) -> None:
    """Solvers keep rows within a tolerance; what overspends by less than that is no answer."""
    rows = [[(0.0, 8.0, 1.0), (1.0 + i / 10, 7.0, 1.0)] for i in range(4)]
    problem = pw.SearchProblem(make_library(rows), minimize=LOSS, budgets={MEMORY: 32 - 1e-8})
    solution = pw.search(problem, solver=solver)
    assert (solution.status, solution.score) == ("optimal", 1.0)
    assert solution.totals[MEMORY] == 31


def test_an_overspending_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the solver answers with a choice that breaks a budget, the next best is taken."""
    library = make_library([[(0, 10, 1), (1, 5, 1)], [(0, 10, 1), (2, 5, 1)]])
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 15})
    real = mip._run
    asked = []

    def careless(mckp: Any, cuts: Any, name: str, options: Any, *, integer: bool) -> Any:
        asked.append(len(cuts))
        return real(replace(mckp, upper=mckp.upper + 100), cuts, name, options, integer=integer)

    monkeypatch.setattr(mip, "_run", careless)
    solution = pw.search(problem, solver="HiGHS")
    assert asked[:2] == [0, 1]
    assert (solution.score, solution.totals[MEMORY]) == (1, 15)


def test_a_solver_that_only_overspends_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No architecture that breaks a budget is returned, whatever the solver says."""
    library = make_library([[(0, 10, 1), (1, 5, 1)], [(0, 10, 1), (2, 5, 1)]])
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 15})
    spent = np.array([1.0, 0.0, 1.0, 0.0])
    answer = mip._Answer(finished=True, refuted=False, values=spent, bound=0.0)
    monkeypatch.setattr(mip, "_run", lambda *_, **__: answer)
    solution = pw.search(problem, solver="HiGHS")
    assert (solution.status, solution.architecture) == ("no_solution_in_time", None)


def test_an_undecided_answer_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fractions where a variant should be chosen are not rounded to an architecture."""
    answer = mip._Answer(finished=False, refuted=False, values=np.full(4, 0.5), bound=None)
    monkeypatch.setattr(mip, "_run", lambda *_, **__: answer)
    library = make_library([[(0, 10, 1), (1, 5, 1)], [(0, 10, 1), (2, 5, 1)]])
    outcome = solve_mip(pw.SearchProblem(library, minimize=LOSS).mckp, MipOptions())
    assert (outcome.status, outcome.choice) == ("no_solution_in_time", None)


BIG = pw.random_library(32, 100, 0)
HARD = pw.SearchProblem(BIG, minimize=LOSS, budgets={MEMORY: "30 %", RUNTIME: "30 %"})
HARD_OPTIMUM = 0.7160455119783186


@pytest.mark.parametrize("solver", ["exact", "HiGHS", pytest.param("CBC", marks=needs_cbc)])
@pytest.mark.parametrize("seconds", [1e-6, 0.05, 0.2])
def test_too_little_time_is_told(solver: str, seconds: float) -> None:
    """Out of time, there is an honest gap or no solution; never an unproven optimum."""
    solution = pw.search(HARD, solver=solver, time_limit=seconds)
    assert solution.status in ("feasible", "optimal", "no_solution_in_time")
    assert solution.bound <= HARD_OPTIMUM + 1e-9
    if solution.status == "optimal":
        assert solution.score == pytest.approx(HARD_OPTIMUM, abs=1e-9)
    elif solution.status == "feasible":
        assert solution.score >= HARD_OPTIMUM - 1e-9
        assert solution.gap == pytest.approx((solution.score - solution.bound) / solution.score)
        assert solution.architecture is not None
        assert keeps(HARD, solution.architecture)
    else:
        assert solution.architecture is None
        assert solution.reason == "Stopped before any architecture was found."


def test_no_time_at_all_gives_no_solution() -> None:
    """A limit that is over before the solver starts is told, with a bound that holds."""
    outcome = solve_mip(HARD.mckp, MipOptions(time_limit=0.0))
    assert outcome.status == "no_solution_in_time"
    assert outcome.bound <= HARD_OPTIMUM + 1e-9


@both_engines
def test_a_gap_is_kept_and_told(solver: str) -> None:
    """Asked for 5 %, the answer is within 5 % of a bound that holds."""
    solution = pw.search(HARD, gap=0.05, solver=solver)
    assert solution.gap <= 0.05
    assert solution.bound <= HARD_OPTIMUM + 1e-9 <= solution.score + 2e-9


@pytest.mark.parametrize("answers_before", [0, 1, 3])
def test_a_cancel_stops_the_search(answers_before: int) -> None:
    """A cancel from the start asks no solver; a later one leaves nothing that is not proven."""
    asked = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > answers_before

    solution = pw.search(HARD, cancelled=cancelled, solver="HiGHS")
    assert solution.bound <= HARD_OPTIMUM + 1e-9
    if answers_before == 0:
        assert solution.status == "no_solution_in_time"
    if solution.status == "optimal":
        assert solution.score == pytest.approx(HARD_OPTIMUM, abs=1e-9)


def test_lp_bound_lies_below_every_architecture() -> None:
    """The LP relaxation bounds the optimum, in the score's own unit, also when maximized."""
    for seed in range(15):
        problem = random_problem(seed, "negative")
        mckp, truth = problem.mckp, best_score(problem)
        if math.isnan(truth):
            continue
        assert lp_bound(mckp) <= problem.sign * truth + 1e-9
    free = pw.SearchProblem(BIG, maximize=LOSS).mckp
    assert lp_bound(free) == pytest.approx(-BIG.total_range(LOSS)[1])


def test_an_unknown_solver_is_named_with_those_there_are() -> None:
    """A name that PuLP does not find gets the list of what it finds."""
    with pytest.raises(pw.SolverError, match=r"Solver 'Gurobium' is not available\..*HiGHS"):
        pw.search(HARD, solver="Gurobium")


def test_a_solver_that_breaks_down_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """PuLP's own error becomes one that says what to do."""

    def broken(*_: Any) -> None:
        message = "no license"
        raise pulp.PulpSolverError(message)

    monkeypatch.setattr(pulp.LpProblem, "solve", broken)
    with pytest.raises(pw.SolverError, match=r"HiGHS failed: no license\. Try another"):
        pw.search(HARD, solver="HiGHS")


def golden_problem(library: pw.BlockLibrary, case: dict[str, Any]) -> pw.SearchProblem:
    """State one of the known cases."""
    budgets = {key: tuple(limits) for key, limits in case["constraints"].items()}
    return pw.SearchProblem(library, minimize=case["objective"], budgets=budgets)


@pytest.mark.published
@pytest.mark.parametrize(
    "solver",
    [
        "exact",
        pytest.param("HiGHS", marks=pytest.mark.slow),
        pytest.param("CBC", marks=[needs_cbc, pytest.mark.slow]),
    ],
)
def test_known_optima_of_the_published_library(solver: str) -> None:
    """All 25 cases within 1e-6, proven, with the costs recomputed; the infeasible one as such."""
    library = pw.load_library(published_folder())
    cases = golden()["cases"]
    assert len(cases) == 25
    for case in cases:
        problem = golden_problem(library, case)
        solution = pw.search(problem, solver=solver)
        if case["optimum"] is None:
            assert solution.status == "infeasible"
            continue
        assert solution.status == "optimal"
        assert solution.score == pytest.approx(case["optimum"], abs=1e-6)
        assert solution.architecture is not None
        assert keeps(problem, solution.architecture)


def test_brute_force_itself() -> None:
    """The truth that the others are held against, on a case done by hand."""
    library = make_library([[(0, 10, 1), (1, 5, 1)], [(0, 10, 1), (2, 5, 1)]])
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 15})
    assert len(list(architectures(library))) == 4
    assert best_score(problem) == 1
    assert best_score(pw.SearchProblem(library, maximize=LOSS, budgets={MEMORY: 15})) == 3
    assert math.isnan(best_score(problem.with_budget(MEMORY, upper=9)))
