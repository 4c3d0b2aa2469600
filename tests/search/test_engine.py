"""The exact search as a whole: optimal, the same from any start, and honest when cut short."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search import engine as engines
from puzzle_widgets.search import mip
from puzzle_widgets.search.engine import Engine
from puzzle_widgets.search.kernel import engine as kernel_engine
from puzzle_widgets.search.mip import MipOptions
from puzzle_widgets.search.options import SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Outcome
from puzzle_widgets.search.reference import search as reference
from tests.support.instances import (
    BRUTE_FORCE,
    KINDS,
    TIED,
    all_choices,
    brute_force,
    combinations,
    exact_sums,
    instance,
    knapsack,
    some_start,
    strongly_correlated,
    tightened,
)

ROOT = Path(__file__).parents[2]
HARD = 1
PEAK = """
import sys
from puzzle_widgets.search.engine import solve
from puzzle_widgets.search.options import SearchOptions
from tests.support.instances import strongly_correlated
from tests.support.peak import peak_mib

mckp = strongly_correlated(200, 54, 3)
before = peak_mib()
outcome = solve(mckp, SearchOptions(time_limit=8), sys.argv[1])
after = peak_mib()
print(round(after - before), outcome.status, outcome.engine, sep=";")
"""
REPEAT = """
import sys
from puzzle_widgets.search.engine import solve
from puzzle_widgets.search.options import SearchOptions
from tests.support.instances import instance

for kind in ("ties", "published-like", "duplicates", "bands"):
    for seed in range(8):
        mckp = instance(kind, seed)
        choice = solve(mckp, SearchOptions(settle=True), sys.argv[1]).choice
        print(None if choice is None else choice.tolist())
"""


def small(kind: str, seeds: int) -> list[tuple[Mckp, np.ndarray]]:
    """Feasible instances of a kind that all choices of can be tried, with the first optimum."""
    found = []
    for seed in range(seeds):
        mckp = instance(kind, seed)
        best = brute_force(mckp) if combinations(mckp) <= BRUTE_FORCE else None
        if best is not None:
            found.append((mckp, best))
    return found


def settled(
    engine: Engine,
    mckp: Mckp,
    warm_start: WarmStart | None = None,
    time_limit: float | None = None,
) -> Outcome:
    """The optimum that the knapsack's ties go to."""
    options = SearchOptions(warm_start=warm_start, time_limit=time_limit, settle=True)
    return engines.solve(mckp, options, engine)


def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernel tell of every step: else it is done before it could."""
    usual = kernel_engine._Kernel.timed
    monkeypatch.setattr(kernel_engine, "_FIRST_WORK", 1.0)
    monkeypatch.setattr(kernel_engine._Kernel, "timed", lambda *words: (usual(*words)[0], 1.0))


def check_honest(mckp: Mckp, outcome: Outcome, optimum: float) -> None:
    """What an answer claims holds: choice within the rows, bound below and score above the best."""
    slack = 1e-9 * (1 + abs(optimum))
    assert outcome.bound <= optimum + slack
    if outcome.choice is None:
        assert outcome.status == "no_solution_in_time"
        return
    assert not mckp.broken_rows(outcome.choice)
    assert mckp.allowed[outcome.choice].all()
    assert outcome.score == math.fsum(mckp.score[outcome.choice])
    assert outcome.bound <= outcome.score
    if outcome.status == "optimal":
        assert outcome.score <= optimum + 1e-9 * abs(optimum) + 1e-12 * np.abs(mckp.score).max()


@pytest.mark.parametrize("kind", KINDS)
def test_ties_go_to_the_first_from_any_start(engine: Engine, kind: str) -> None:
    """Cold, or from any prices and choice: the optimum that the rule for ties gives."""
    rng = np.random.default_rng(0)
    for mckp, best in small(kind, 12):
        starts = [None, *(some_start(mckp, rng) for _ in range(3))]
        optima = all_choices(mckp)
        starts.append(WarmStart(np.zeros(len(mckp.rows)), optima[-1]))
        for start in starts:
            outcome = settled(engine, mckp, start)
            assert outcome.choice is not None
            assert outcome.choice.tolist() == best.tolist()
            assert outcome.ties != "unproven"
            assert (outcome.status, outcome.bound) == ("optimal", outcome.score)


@pytest.mark.parametrize("kind", KINDS)
def test_no_ties_means_one_optimum(engine: Engine, kind: str) -> None:
    """Never said where another choice scores the same; by the kernel wherever none does."""
    for mckp, _best in small(kind, 12):
        scores = exact_sums(mckp.score, all_choices(mckp))
        optima = scores <= scores.min() + 1e-12 * np.abs(mckp.score).max()
        alone = settled(engine, mckp).ties == "none"
        assert not (alone and optima.sum() > 1)
        # The readable search does not look further where the bound is proof enough.
        assert alone or optima.sum() > 1 or engine == "reference"


@pytest.mark.parametrize("kind", TIED)
def test_larger_ties_are_broken_the_same_from_any_start(engine: Engine, kind: str) -> None:
    """Where all choices cannot be tried, every start still gives the same one."""
    rng, compared = np.random.default_rng(1), 0
    for seed in range(25):
        mckp = instance(kind, seed)
        cold = settled(engine, mckp, time_limit=20)
        if combinations(mckp) <= BRUTE_FORCE or cold.choice is None or "PuLP" in cold.engine:
            continue
        for _ in range(3):
            warm = settled(engine, mckp, some_start(mckp, rng), time_limit=20)
            if "PuLP" in warm.engine:
                continue
            compared += 1
            assert warm.choice is not None
            assert warm.choice.tolist() == cold.choice.tolist()
    assert compared


def test_another_process_gives_the_same(engine: Engine) -> None:
    """Nothing depends on the process, its hashes or what ran before."""
    answers = []
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", REPEAT, engine],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        answers.append(ran.stdout)
    assert len(answers[0].splitlines()) == 32
    assert answers[0] == answers[1]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.integers(0, 300))
def test_tighter_budgets_never_improve(engine: Engine, kind: str, seed: int) -> None:
    """Less room gives no better score, also from the solution of more room."""
    mckp = instance(kind, seed)
    if not len(mckp.rows) or combinations(mckp) > BRUTE_FORCE:
        return
    wide = engines.solve(mckp, SearchOptions(), engine)
    start = None if wide.prices is None else WarmStart(wide.prices, wide.choice)
    tight = tightened(mckp, np.random.default_rng(seed))
    outcome = settled(engine, tight, start)
    assert outcome.score >= wide.score - 1e-12 * float(np.abs(mckp.score).sum())
    best = brute_force(tight)
    assert outcome.status == ("infeasible" if best is None else "optimal")
    if best is not None and outcome.choice is not None:
        assert outcome.choice.tolist() == best.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_answer_is_feasible_and_bounded(
    engine: Engine, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer told on the way has a choice within the rows and a bound."""
    in_small_pieces(monkeypatch)
    heard: list[Outcome] = []
    for mckp, best in small(kind, 20):
        before = len(heard)
        engines.solve(mckp, SearchOptions(progress=heard.append), engine)
        scores = [outcome.score for outcome in heard[before:]]
        assert scores == sorted(scores, reverse=True)
        for outcome in heard[before:]:
            assert outcome.choice is not None
            check_honest(mckp, outcome, float(mckp.score[best].sum()))
    # Of two kinds no instance is both feasible and small; of some the first choice is the proof.
    silent = ("refuted by a row", "500 layers")
    at_once = ("equal scores", "no rows", "one variant", "heavy-tailed costs")
    assert heard or kind in silent or (engine == "kernel" and kind in at_once)


def test_a_long_search_tells_how_it_goes(engine: Engine) -> None:
    """While the proof is open each call has a feasible choice, a score that falls and a bound."""
    heard: list[Outcome] = []
    mckp = strongly_correlated(200, 54, 3)
    final = engines.solve(mckp, SearchOptions(progress=heard.append, time_limit=1.5), engine)
    assert final.status == "feasible"
    assert heard
    scores = [outcome.score for outcome in heard]
    assert scores == sorted(scores, reverse=True)
    assert final.score <= scores[-1]
    for outcome in heard:
        assert outcome.choice is not None
        assert not mckp.broken_rows(outcome.choice)
        assert outcome.bound <= final.score


@pytest.mark.parametrize(
    "kind",
    ["bands", "uniform", "ties", pytest.param("equality", marks=pytest.mark.slow), "diversity"],
)
@pytest.mark.parametrize("calls", [0, 1, 2, 5])
def test_a_cancel_at_any_moment_leaves_an_honest_answer(
    engine: Engine, kind: str, calls: int
) -> None:
    """Stopped at the n-th question: the best so far with a bound that holds."""
    for seed in range(8):
        mckp = instance(kind, seed)
        optimum = engines.solve(mckp, SearchOptions(time_limit=20), engine).score
        asked = iter(range(10**9))
        outcome = engines.solve(mckp, SearchOptions(cancelled=lambda: next(asked) >= calls), engine)  # noqa: B023
        if outcome.status != "infeasible":
            check_honest(mckp, outcome, optimum)
        else:
            assert np.isinf(optimum)


@pytest.mark.parametrize("seconds", [1e-9, 0.001, 0.01])
@pytest.mark.parametrize("kind", ["bands", "500 layers", "strongly correlated"])
def test_a_time_limit_leaves_an_honest_answer(engine: Engine, kind: str, seconds: float) -> None:
    """However short the time: best so far with true bound, or nothing found."""
    for seed in range(4):
        mckp = instance(kind, seed)
        optimum = engines.solve(mckp, SearchOptions(), engine).score
        outcome = engines.solve(mckp, SearchOptions(time_limit=seconds), engine)
        if outcome.status != "infeasible":
            check_honest(mckp, outcome, optimum)


@pytest.mark.parametrize("factor", [1e-12, 1.0, 1e9])
def test_optimal_is_said_of_no_gap_at_any_scale(engine: Engine, factor: float) -> None:
    """A search stopped at once says "feasible" also where scores are tiny."""
    stopped = 0
    for seed in range(40):
        mckp = instance("uniform", seed)
        mckp = replace(mckp, score=mckp.score * factor)
        optimum = engines.solve(mckp, SearchOptions(), engine).score
        outcome = engines.solve(mckp, SearchOptions(cancelled=lambda: True), engine)
        if outcome.status == "optimal":
            assert outcome.score == pytest.approx(optimum, rel=1e-9, abs=0)
        stopped += outcome.status == "feasible"
    assert stopped > 5


@pytest.mark.parametrize("kind", ["ties", "duplicates", "bands"])
@pytest.mark.parametrize("factor", [5e-324, 2.0**-1040, 1e-300])
def test_the_smallest_numbers_are_as_good_as_any(engine: Engine, kind: str, factor: float) -> None:
    """Whole costs times a number with few digits or none: the same architecture."""
    compared = 0
    for seed in range(20):
        mckp = instance(kind, seed)
        cost = np.floor(mckp.cost * 16)
        middle = np.floor(np.add.reduceat(cost, mckp.starts[:-1], axis=1).sum(axis=1) / 4)
        whole = replace(mckp, cost=cost, upper=middle, lower=np.full(len(cost), -np.inf), ties=cost)
        tiny = replace(whole, cost=cost * factor, upper=middle * factor, ties=cost * factor)
        usual, found = (settled(engine, one, time_limit=20) for one in (whole, tiny))
        assert found.status == usual.status
        if usual.choice is not None and found.choice is not None:
            assert found.choice.tolist() == usual.choice.tolist()
            compared += 1
    assert compared > 3


@pytest.mark.parametrize("gap", [1e-6, 1e-3, 0.05, 1.0])
def test_a_gap_is_kept(engine: Engine, gap: float) -> None:
    """The answer is within the gap of the optimum; "optimal" only where it is the optimum."""
    early = 0
    for kind in ("published-like", "uniform", "maximize", "scales"):
        for seed in range(15):
            mckp = instance(kind, seed)
            exact = engines.solve(mckp, SearchOptions(), engine)
            outcome = engines.solve(mckp, SearchOptions(gap=gap), engine)
            if exact.choice is None:
                assert outcome.status == "infeasible"
                continue
            check_honest(mckp, outcome, exact.score)
            assert outcome.score - outcome.bound <= gap * abs(outcome.score) * (1 + 1e-9)
            early += outcome.status == "feasible"
    assert early or gap < 0.05


@pytest.mark.parametrize("most", [1, 10, 100])
def test_what_has_too_many_states_is_still_optimal(engine: Engine, most: int) -> None:
    """With few states allowed the kernel branches; the reference asks the MIP solver."""
    used = set()
    for kind in ("uniform", "published-like", "lower budgets", "ties", "jointly infeasible"):
        for seed in range(4):
            mckp = instance(kind, seed)
            exact = engines.solve(mckp, SearchOptions(), engine)
            outcome = engines.solve(mckp, SearchOptions(max_states=most), engine)
            used.add(outcome.engine)
            assert outcome.status == exact.status
            assert outcome.score == pytest.approx(exact.score, rel=1e-9)
    assert any("PuLP" in name for name in used) == (engine == "reference")


def test_a_fall_back_keeps_within_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The MIP solver gets the rest of the time, not all of it again."""
    given: list[float | None] = []

    def solver(_mckp: Mckp, options: MipOptions) -> Outcome:
        given.append(options.time_limit)
        return Outcome("no_solution_in_time", engine="a stand-in")

    clock = iter(float(second) for second in range(10**6))
    monkeypatch.setattr(mip, "solve_mip", solver)
    monkeypatch.setattr(reference, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    options = SearchOptions(max_states=1, time_limit=60.0)
    outcome = reference.solve_by_reference(instance("bands", HARD), options)
    assert len(given) == 1
    assert given[0] is not None
    assert 0 < given[0] < 60.0
    assert outcome.bound <= outcome.score


def test_the_worst_choice_may_be_the_only_one(engine: Engine) -> None:
    """A bound near the worst score is no refutation, at any size of the numbers."""
    scores = [[1e12, 1e12 + 1]] * 80
    outcome = engines.solve(knapsack(scores, [[[3.0, 1]] * 80], [80.0]), SearchOptions(), engine)
    assert outcome.status == "optimal"
    assert outcome.choice is not None
    assert (outcome.choice % 2 == 1).all()


def test_a_limit_met_to_the_last_digit_is_kept(engine: Engine) -> None:
    """Costs of one size with all the digits of a number: as many as the limit has room for.

    Their sums are rounded differently in each order of adding.
    """
    rng = np.random.default_rng(0)
    for _ in range(60):
        size, layers = float(rng.uniform(0.5, 2.0)), int(rng.integers(6, 30))
        room = int(rng.integers(1, layers))
        scores = [[1.0 + step, 0.0] for step in rng.uniform(0, 1, layers)]
        limit = math.fsum([size] * room)
        mckp = knapsack(scores, [[[0.0, size]] * layers, [[size, 0.0]] * layers], [limit, 1e3])
        outcome = engines.solve(mckp, SearchOptions(), engine)
        saved = sorted((score for score, _ in scores), reverse=True)
        assert outcome.score == pytest.approx(sum(saved[room:]), rel=1e-12)


def test_prices_of_a_solution_are_per_unit_of_budget(engine: Engine) -> None:
    """One more unit of a budget saves about its price where many layers share it."""
    rng = np.random.default_rng(0)
    scores = [list(np.sort(rng.uniform(0, 1, 30))[::-1]) for _ in range(60)]
    mckp = knapsack(scores, [[list(range(30))] * 60], [800.0])
    one, other = (
        engines.solve(replace(mckp, upper=np.array([u])), SearchOptions(), engine)
        for u in (800.0, 840.0)
    )
    assert one.prices is not None
    assert other.prices is not None
    saved = (one.score - other.score) / 40
    assert other.prices[0] * 0.9 <= saved <= one.prices[0] * 1.1


@pytest.mark.slow
def test_what_gives_up_takes_little_memory(engine: Engine) -> None:
    """Two hundred layers, scores that follow the costs: under 200 MiB more than before."""
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, engine], cwd=ROOT, capture_output=True, text=True, check=True
    )
    added, status, used = ran.stdout.strip().split(";")
    assert int(added) < 200
    assert status in ("optimal", "feasible", "no_solution_in_time")
    assert used.startswith("exact search" if engine == "kernel" else "reference search")


def many_rows(layers: int, variants: int, rows: int) -> Mckp:
    """A knapsack of so many rows that its bound alone takes seconds."""
    rng = np.random.default_rng(0)
    cost = rng.uniform(size=(rows, layers, variants))
    score = rng.uniform(size=(layers, variants)) - 0.3 * cost.mean(axis=0)
    upper = 1.02 * cost.mean(axis=2).sum(axis=1)
    return knapsack(score.tolist(), cost.tolist(), upper.tolist())


def test_a_bound_of_many_rows_comes_in_short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call does much more work than it was asked for, so that time limits are kept."""
    asked, done = [], [0.0]
    usual = kernel_engine._Kernel.timed

    def timed(kernel: kernel_engine._Kernel, name: str, work: float) -> tuple[int, float]:
        given, _ = usual(kernel, name, work)
        asked.append(work)
        done.append(float(kernel.get("answer", np.float64, kernel_engine._ANSWERS)[7]))
        return given, 1e6

    monkeypatch.setattr(kernel_engine._Kernel, "timed", timed)
    outcome = engines.solve(
        many_rows(60, 12, 152), SearchOptions(cancelled=lambda: len(asked) > 400), "kernel"
    )
    pieces = np.diff(done)
    assert len(pieces) > 400
    assert max(pieces) < 6e6  # some milliseconds
    assert outcome.status in {"feasible", "no_solution_in_time"}
    assert math.isfinite(outcome.bound)


def test_a_repair_that_is_stuck_goes_on_until_there_is_a_choice(engine: Engine) -> None:
    """Where no swap of one variant helps all broken rows together, it still finds a choice."""
    if engine == "reference":
        pytest.skip("The reference hands such knapsacks over.")
    outcome = engines.solve(many_rows(60, 12, 60), SearchOptions(time_limit=1.5), engine)
    assert outcome.status == "feasible"
