"""Pareto fronts against brute force, lazily, stopped and in parallel."""

from __future__ import annotations

import math
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.search import engine
from puzzle_widgets.solution import optimum
from puzzle_widgets.sweeps.front import ParetoFront, iter_pareto_front
from tests.support.libraries import LOSS, MEMORY, RUNTIME, architectures, keeps, make_library
from tests.support.pools import pool_of


def small_problem(seed: int, **rules: Any) -> pw.SearchProblem:
    """Draw a small library whose sums are all distinct."""
    rng = np.random.default_rng(seed)
    rows = [rng.uniform(1, 10, size=(4, 3)).tolist() for _ in range(4)]
    return pw.SearchProblem(make_library(rows), minimize=LOSS, **rules)


def all_points(problem: pw.SearchProblem, resource: str) -> list[tuple[float, float]]:
    """(use to keep small, score to keep small) of every feasible architecture."""
    library = problem.library
    totals = [library.totals(a) for a in architectures(library) if keeps(problem, a)]
    key = RUNTIME if resource == "throughput" else resource
    return [(t[key], problem.sign * t[problem.objective]) for t in totals]


def points_of(front: ParetoFront) -> list[tuple[float, float]]:
    """Give a front in the same form."""
    key = RUNTIME if front.resource == "throughput" else front.resource
    return [(s.totals[key], s.problem.sign * s.score) for s in front.solutions]


@pytest.mark.parametrize("resource", [MEMORY, RUNTIME, "throughput"])
@pytest.mark.parametrize("seed", range(6))
def test_every_point_is_undominated_among_all_architectures(resource: str, seed: int) -> None:
    """No architecture at all is better in one and no worse in the other; the order is monotone."""
    rules: list[dict[str, Any]] = [{}, {"budgets": {RUNTIME: 22}}, {"banned": {0: ["v1"]}}]
    problem = small_problem(seed, **rules[seed % 3])
    front = pw.pareto_front(problem, resource, 12)
    everything = all_points(problem, resource)
    found = points_of(front)
    assert front.complete
    assert len(found) >= 3
    for use, score in found:
        assert not [p for p in everything if p[0] < use - 1e-9 and p[1] <= score + 1e-9]
        assert not [p for p in everything if p[0] <= use + 1e-9 and p[1] < score - 1e-9]
    places = [front.use(solution) for solution in front.solutions]
    assert places == sorted(set(places))
    scores = [solution.score for solution in front.solutions]
    assert scores == sorted(scores, reverse=resource != "throughput")
    assert min(score for _, score in everything) == pytest.approx(min(scores))


def test_enough_points_give_the_full_front() -> None:
    """With limits closer than the sums, every undominated architecture is found."""
    rows = [[(9.0, 1.0, 1.0), (4.0, 2.0, 1.0), (0.0, 4.0, 1.0)], [(5.0, 1.0, 1.0), (0.0, 9.0, 1.0)]]
    problem = pw.SearchProblem(make_library(rows), minimize=LOSS)
    front = pw.pareto_front(problem, MEMORY, 23, between=(2, 13))
    assert points_of(front) == [(2, 14), (3, 9), (5, 5), (11, 4), (13, 0)]


@pytest.mark.parametrize(("resource", "loose"), [(MEMORY, 12.0), ("throughput", 100.0)])
def test_the_loosest_limit_of_a_range_is_tried(resource: str, loose: float) -> None:
    """The best of all, which lies outside the range, is no point of it."""
    rows = [[(9.0, 1.0, 1.0), (4.0, 2.0, 1.5), (0.0, 4.0, 2.0)], [(5.0, 1.0, 1.0), (0.0, 9.0, 9.0)]]
    library = replace(make_library(rows), measurement=pw.Measurement(1, 1))
    problem = pw.SearchProblem(library, minimize=LOSS)
    ends = (2.0, loose) if resource == MEMORY else (loose, 500.0)
    steps = list(iter_pareto_front(problem, resource, 3, between=ends))
    limit = {"throughput": loose} if resource == "throughput" else {"budgets": {MEMORY: loose}}
    best = pw.search(pw.SearchProblem(library, minimize=LOSS, **limit))
    uses = [steps[-1].use(one) for one in steps[-1].solutions]
    assert [step.done for step in steps] == [1, 2, 3]
    assert steps[-1].complete
    assert all(use <= loose if resource == MEMORY else use >= loose for use in uses)
    assert best.score in [one.score for one in steps[-1].solutions]


def test_a_front_may_be_maximized() -> None:
    """The best of a gain for each limit."""
    rng = np.random.default_rng(5)
    library = make_library([rng.uniform(1, 10, size=(4, 3)).tolist() for _ in range(4)])
    problem = pw.SearchProblem(library, maximize=LOSS)
    everything = all_points(problem, MEMORY)
    for use, score in points_of(pw.pareto_front(problem, MEMORY, 9)):
        assert min(s for u, s in everything if u <= use + 1e-9) == pytest.approx(score)


def test_the_first_points_do_not_wait_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search before the first point is asked for, and never twice as many as points shown."""
    begun: list[int] = []
    usual = engine.iter_many

    def counted(mckp: Any, changes: Any, *rest: Any) -> Any:
        begun.append(len(changes))
        return usual(mckp, changes, *rest)

    monkeypatch.setattr(optimum, "iter_many", counted)
    steps = iter_pareto_front(small_problem(0), MEMORY, 30)
    assert not begun
    for step in range(1, 31):
        front = next(steps)
        assert (front.done, front.asked) == (step, 30)
        assert sum(begun) < 2 * step
    assert sum(begun) > 10
    assert next(steps, None) is None


def test_progress_tells_each_step() -> None:
    """The front so far grows with every search."""
    seen: list[ParetoFront] = []
    front = pw.pareto_front(small_problem(1), MEMORY, 6, progress=seen.append)
    assert [step.done for step in seen] == [1, 2, 3, 4, 5, 6]
    assert seen[-1] == front
    assert not any(step.complete for step in seen[:-1])


@pytest.mark.parametrize("pool", [None, ThreadPoolExecutor])
def test_a_cancel_keeps_what_is_found(pool: type[Executor] | None) -> None:
    """Stopped after three steps, the front has their points and says that it is not whole."""
    seen: list[ParetoFront] = []

    def run(executor: Executor | None) -> ParetoFront:
        return pw.pareto_front(
            small_problem(2),
            MEMORY,
            12,
            progress=seen.append,
            cancelled=lambda: len(seen) >= 3,
            executor=executor,
        )

    if pool is None:
        front = run(None)
    else:
        with pool() as executor:
            front = run(executor)
    assert (front.done, front.asked, front.complete) == (3, 12, False)
    assert front == seen[-1]
    assert front.solutions


def test_a_cancel_before_the_first_point_is_not_a_full_front() -> None:
    """Nothing found for want of time is not the same as nothing there."""
    front = pw.pareto_front(small_problem(2), MEMORY, 5, cancelled=lambda: True, solver="HiGHS")
    assert front.solutions == ()
    assert not front.complete


def test_an_infeasible_problem_has_an_empty_full_front() -> None:
    """One search tells that there is nothing to find."""
    front = pw.pareto_front(small_problem(2, budgets={RUNTIME: 1}), MEMORY, 5)
    assert (front.solutions, front.done, front.complete) == ((), 1, True)


@pytest.mark.parametrize("resource", [MEMORY, "throughput"])
def test_executors_give_the_same_front(resource: str) -> None:
    """Threads and processes find what one search after another finds."""
    problem = small_problem(3)
    alone = points_of(pw.pareto_front(problem, resource, 10))
    with pool_of("threads") as threads:
        assert points_of(pw.pareto_front(problem, resource, 10, executor=threads)) == alone
    with pool_of("processes") as processes:
        front = pw.pareto_front(problem, resource, 10, executor=processes)
    assert points_of(front) == alone
    assert all(solution.library is problem.library for solution in front.solutions)


def test_a_budget_on_the_same_resource_holds() -> None:
    """No point of the front leaves the problem's own limits on the resource."""
    problem = small_problem(4)
    low, high = problem.library.total_range(MEMORY)
    held = problem.with_budget(MEMORY, low + (high - low) * 0.3, low + (high - low) * 0.6)
    front = pw.pareto_front(held, MEMORY, 10)
    uses = [front.use(solution) for solution in front.solutions]
    assert uses
    assert all(low + (high - low) * 0.3 <= use <= low + (high - low) * 0.6 for use in uses)
    assert front.complete


def test_a_best_below_a_fifth_of_the_parent_has_a_front_too() -> None:
    """The default range follows the best architecture where that uses very little."""
    rows = [[(5.0, 100.0, 1.0), (0.0, 8.0, 1.0), (2.0, 3.0, 1.0)] for _ in range(3)]
    problem = pw.SearchProblem(make_library(rows), minimize=LOSS)
    front = pw.pareto_front(problem, MEMORY, 12)
    assert points_of(front) == [(9, 6), (14, 4), (19, 2), (24, 0)]


def test_negative_and_zero_runtimes_have_a_front() -> None:
    """Runtimes measured by differencing may be zero or below."""
    rows = [[(0.0, 1.0, 2.0), (1.0, 1.0, 0.0), (3.0, 1.0, -1.0)] for _ in range(3)]
    problem = pw.SearchProblem(make_library(rows), minimize=LOSS)
    for resource in (RUNTIME, "throughput"):
        front = pw.pareto_front(problem, resource, 6)
        assert front.complete
        assert front.solutions
    zero = pw.SearchProblem(make_library([[(0.0, 1.0, 0.0), (1.0, 1.0, 0.0)]]), minimize=LOSS)
    front = pw.pareto_front(zero, "throughput", 4)
    assert [front.use(solution) for solution in front.solutions] == [math.inf]


@pytest.mark.parametrize(
    ("resource", "points", "between", "words"),
    [
        (MEMORY, 1, None, "points=1: at least 2 limits are needed"),
        ("stats.disk", 5, None, r"'stats\.disk': small has metrics\.loss"),
        (MEMORY, 5, (9, 3), "the smaller first"),
        (MEMORY, 5, (3, 3), "the smaller first"),
        (MEMORY, 5, (0, math.inf), "two finite limits"),
        (MEMORY, 5, (math.nan, 3), "two finite limits"),
    ],
)
def test_what_makes_no_sense_is_refused(
    resource: str, points: int, between: tuple[float, float] | None, words: str
) -> None:
    """Unknown resources, a single point and senseless ranges."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.pareto_front(small_problem(0), resource, points, between=between)


def test_throughput_needs_tokens_and_a_runtime() -> None:
    """Without batch size or runtime there is no such axis."""
    no_tokens = make_library([[(0, 1, 1)]], measurement=pw.Measurement(batch_size=2))
    no_runtime = make_library([[(0, 1)]], keys=[LOSS, MEMORY])
    for library, words in ((no_tokens, "batch size"), (no_runtime, "'throughput': small has")):
        with pytest.raises(pw.ProblemError, match=words):
            pw.pareto_front(pw.SearchProblem(library, minimize=LOSS), "throughput")
