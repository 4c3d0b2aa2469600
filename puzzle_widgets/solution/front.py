"""Pareto front of score against one resource, by the epsilon-constraint method."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from typing import Any

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library.quantity import RUNTIME, THROUGHPUT
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.solution.optimum import search, search_without_reason
from puzzle_widgets.solution.solution import Solution

DEFAULT_POINTS = 24
_LEAST_SHARE = 0.2


@dataclass(frozen=True)
class ParetoFront:
    """A front as far as it is known.

    Parameters
    ----------
    resource
        Dotted key, or ``"throughput"``.
    solutions
        Nondominated ones, by rising use of the resource (rising throughput).
    done, asked
        Searches finished and planned.
    """

    resource: str
    solutions: tuple[Solution, ...]
    done: int
    asked: int

    @property
    def complete(self) -> bool:
        """Whether every planned search is finished."""
        return self.done == self.asked

    def use(self, solution: Solution) -> float:
        """A solution's place on the resource's axis."""
        return resource_use(solution, self.resource)


def pareto_front(
    problem: SearchProblem,
    resource: str,
    points: int = DEFAULT_POINTS,
    *,
    progress: Callable[[ParetoFront], None] | None = None,
    **how: Any,  # noqa: ANN401
) -> ParetoFront:
    """Find the front of score against a resource.

    Parameters
    ----------
    problem
        What is asked; its other budgets and rules hold at every point.
    resource
        Any stat to keep small, or ``"throughput"`` to make large.
    points
        Number of limits tried, evenly spaced.
    progress
        Called with the front so far after each search.
    **how
        As for :func:`iter_pareto_front`.

    Returns
    -------
    ParetoFront
        With ``done < asked`` where it was cancelled.
    """
    front = ParetoFront(resource, (), 0, points)
    for front in iter_pareto_front(problem, resource, points, **how):
        if progress is not None:
            progress(front)
    return front


def iter_pareto_front(
    problem: SearchProblem,
    resource: str,
    points: int = DEFAULT_POINTS,
    *,
    between: tuple[float, float] | None = None,
    executor: Executor | None = None,
    cancelled: Cancelled = never,
    **options: Any,  # noqa: ANN401
) -> Iterator[ParetoFront]:
    """Find the front lazily: the front so far after each search, coarse first.

    Parameters
    ----------
    problem, resource, points
        As for :func:`pareto_front`.
    between
        Least and greatest limit on the resource, in its unit (tokens/s for throughput). By
        default from a fifth of the parent's use, or the least possible if that is more, to the
        use of the best architecture that is free of the limit.
    executor
        Where to search in parallel; any ``concurrent.futures.Executor``. Without one the
        searches run here, one at a time.
    cancelled
        Asked between the searches, and within them where they run here.
    **options
        As for :func:`puzzle_widgets.search`.
    """
    if points < 2:
        raise ProblemError(f"points={points!r}: a front needs at least 2.")
    key = _key(problem, resource)
    _check_range(between)
    best = search(problem, cancelled=cancelled, **options)
    found = [best] if best.found else []
    yield _front(resource, found, 1, 1 if best.status == "infeasible" else points)
    if not found:
        return
    limits = _limits(problem, resource, best, points, between)
    problems = [_limited(problem, key, limit) for limit in _coarse_first(limits)]
    run = _in_turn if executor is None else _in_parallel
    for done, solution in enumerate(run(problems, key, found, executor, cancelled, options), 2):
        if solution is not None and solution.found:
            found.append(solution)
        yield _front(resource, found, done, points)


def _key(problem: SearchProblem, resource: str) -> str:
    """Key of the sum that is limited: the runtime for throughput."""
    library = problem.library
    key = RUNTIME if resource == THROUGHPUT else resource
    if key not in library.keys:
        raise ProblemError(f"{resource!r}: {library.name} has {', '.join(library.keys)}.")
    if resource == THROUGHPUT and library.measurement.tokens is None:
        raise ProblemError("Throughput needs batch size and sequence length, unknown here.")
    return key


def _check_range(between: tuple[float, float] | None) -> None:
    if between is not None and not -math.inf < between[0] < between[1] < math.inf:
        raise ProblemError(f"between={between!r}: give two finite limits, the least first.")


def resource_use(solution: Solution, resource: str) -> float:
    """What a solution uses of a resource, or its throughput in tokens/s; NaN where unknown."""
    if resource == THROUGHPUT:
        return math.nan if solution.throughput is None else solution.throughput
    return solution.totals.get(resource, math.nan)


def nondominated(solutions: list[Solution], resource: str) -> tuple[Solution, ...]:
    """Keep those that no other one beats in score or resource without losing in the other."""
    up = resource == THROUGHPUT

    def order(solution: Solution) -> tuple[float, float]:
        use = resource_use(solution, resource)
        return (-use if up else use, solution.problem.sign * solution.score)

    kept: list[Solution] = []
    for solution in sorted(solutions, key=order):
        if not kept or order(solution)[1] < order(kept[-1])[1]:
            kept.append(solution)
    return tuple(reversed(kept)) if up else tuple(kept)


def _front(resource: str, found: list[Solution], done: int, asked: int) -> ParetoFront:
    return ParetoFront(resource, nondominated(found, resource), done, asked)


def _limits(
    problem: SearchProblem,
    resource: str,
    best: Solution,
    points: int,
    between: tuple[float, float] | None,
) -> list[float]:
    """Upper limits on the resource (on runtime for throughput) that have still to be tried."""
    if resource != THROUGHPUT:
        low, high = between or (_least(problem, resource, best), best.totals[resource])
        return [low + (high - low) * step / (points - 1) for step in range(points - 1)]
    tokens = problem.library.measurement.tokens or 0
    fastest = max(_least(problem, RUNTIME, best), 1e-9)
    low, high = between or (
        1000.0 * tokens / max(best.totals[RUNTIME], fastest),
        1000.0 * tokens / fastest,
    )
    steps = [low + (high - low) * step / (points - 1) for step in range(1, points)]
    return [1000.0 * tokens / throughput for throughput in steps if throughput > 0]


def _least(problem: SearchProblem, key: str, best: Solution) -> float:
    """Where the front begins: a fifth of the parent's use, or the least possible."""
    least, _ = problem.library.reach(key)
    share = max(least, _LEAST_SHARE * problem.library.parent_totals[key])
    return share if share < best.totals[key] else least


def _limited(problem: SearchProblem, key: str, limit: float) -> SearchProblem:
    held = problem.budgets.get(key)
    if held is None:
        return problem.with_budget(key, upper=limit)
    return problem.with_budget(key, held.lower, min(held.upper, limit))


def _coarse_first(limits: list[float]) -> list[float]:
    """Order the limits so that every prefix is spread over the whole range."""
    bits = max(1, (len(limits) - 1).bit_length())
    places = range(len(limits))
    return [limits[place] for place in sorted(places, key=lambda p: _reversed_bits(p, bits))]


def _reversed_bits(place: int, bits: int) -> int:
    return int(f"{place:0{bits}b}"[::-1], 2)


def _in_turn(
    problems: list[SearchProblem],
    key: str,
    found: list[Solution],
    _executor: Executor | None,
    cancelled: Cancelled,
    options: dict[str, Any],
) -> Iterator[Solution | None]:
    for problem in problems:
        if cancelled():
            return
        if _known(problem, key, found):
            yield None
            continue
        start = _nearest(found, key, problem.budgets[key].upper)
        solution = search_without_reason(problem, cancelled=cancelled, start=start, **options)
        if cancelled() and solution.status != "optimal":
            return
        yield solution


def _in_parallel(
    problems: list[SearchProblem],
    _key: str,
    _found: list[Solution],
    executor: Executor | None,
    cancelled: Cancelled,
    options: dict[str, Any],
) -> Iterator[Solution | None]:
    if executor is None:
        return
    jobs: list[Future[Solution]] = [
        executor.submit(search_without_reason, p, **options) for p in problems
    ]
    try:
        for job in as_completed(jobs):
            if cancelled():
                return
            yield job.result()
    finally:
        for job in jobs:
            job.cancel()


def _nearest(found: list[Solution], key: str, limit: float) -> Solution:
    """The point found whose use is nearest to a limit: its shadow prices are a good start."""
    return min(found, key=lambda solution: abs(solution.totals[key] - limit))


def _known(problem: SearchProblem, key: str, found: list[Solution]) -> bool:
    """Whether a proven point of a looser limit already keeps this one: then it is the answer."""
    limit = problem.budgets[key].upper
    return any(
        solution.status == "optimal"
        and solution.totals[key] <= limit
        and _upper(solution, key) >= limit
        for solution in found
    )


def _upper(solution: Solution, key: str) -> float:
    budget = solution.problem.budgets.get(key)
    return math.inf if budget is None else budget.upper
