"""Pareto front of score against one resource, by the epsilon-constraint method."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from puzzle_widgets.library.quantity import THROUGHPUT, limited_key
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.shown import Shown
from puzzle_widgets.solution.optimum import search_without_reason
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Solution
from puzzle_widgets.sweeps.budget_axis import (
    check_resource,
    check_spacing,
    even_axis,
)
from puzzle_widgets.sweeps.sweep import AxisSweep, Cell

if TYPE_CHECKING:
    from puzzle_widgets.charts import Drawing

DEFAULT_POINTS = 24


@dataclass(frozen=True)
class ParetoFront(Shown, Sequence[Solution]):
    """A front as far as it is known: a sequence of its points.

    Parameters
    ----------
    resource
        Dotted key, or ``"throughput"``.
    solutions
        Nondominated ones, by rising use of the resource (rising throughput).
    done, asked
        Searches finished and planned.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> front = pw.pareto_front(problem, "throughput", points=3)
    >>> front.complete, front.use(front[0]) == front[0].throughput
    (True, True)
    >>> len(front), [round(point.speedup, 1) for point in front]
    (3, [1.0, 3.0, 5.0])
    """

    resource: str
    solutions: tuple[Solution, ...]
    done: int
    asked: int

    @overload
    def __getitem__(self, place: int) -> Solution: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Solution, ...]: ...
    def __getitem__(self, place: int | slice) -> Solution | tuple[Solution, ...]:
        return self.solutions[place]

    def __len__(self) -> int:
        return len(self.solutions)

    def __repr__(self) -> str:
        done = f"{self.done} of {self.asked} searches"
        return f"ParetoFront({len(self)} points over {self.resource}, {done})"

    @property
    def complete(self) -> bool:
        """Whether every planned search is finished."""
        return self.done == self.asked

    def use(self, solution: Solution) -> float:
        """A solution's place on the resource's axis."""
        return resource_use(solution, self.resource)

    def plot(self, current: Solution | None = None, scenarios: Sequence[Scenario] = ()) -> Drawing:
        """Draw the front.

        Parameters
        ----------
        current
            An answer to mark, with its limits.
        scenarios
            Others to mark by name.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
        >>> pw.pareto_front(problem, "stats.memory_mib", points=3).plot().title[:12]
        'Pareto front'
        """
        from puzzle_widgets.charts import plot_front  # noqa: PLC0415 - loaded by who asks for it

        return plot_front(self, current, scenarios)


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

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> front = pw.pareto_front(problem, "stats.memory_mib", points=5)
    >>> [round(point.shares["stats.memory_mib"], 2) for point in front.solutions]
    [0.2, 0.4, 0.6, 0.8, 1.0]
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

    Of architectures of equal score a point is the one that uses least of the resource, then the one
    that :func:`puzzle_widgets.search` gives.

    Parameters
    ----------
    problem, resource, points
        As for :func:`pareto_front`.
    between
        Least and greatest limit on the resource, in its unit (tokens/s for throughput). By
        default from a fifth of the parent's use, or the least possible if that is more, to the
        use of the best architecture that is free of the limit.
    executor
        Where to search in parallel, some limits a job; any ``concurrent.futures.Executor``, of
        threads, processes or a cluster. Without one the searches run here, one at a time.
    cancelled
        Asked between the searches, and within them where they run in this process.
    **options
        As for :func:`puzzle_widgets.search`.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> steps = pw.iter_pareto_front(problem, "throughput", points=4)
    >>> [front.done for front in steps]
    [1, 2, 3, 4]
    """
    check_resource(problem, resource)
    check_spacing(points, between)
    options = {**options, "prefer": limited_key(resource)}
    best = search_without_reason(problem, cancelled=cancelled, **options)
    # Without a range of its own, the best of all serves as the loosest limit.
    found, known = _Growing(resource), int(best.found and between is None)
    if known:
        found.add(best)
    if known or not best.found:
        yield found.front(1, 1 if best.status == "infeasible" else points)
    if not best.found:
        return
    axis = even_axis(problem, resource, points, between, best, rounded=False)
    problems: dict[Cell, SearchProblem] = {
        (n,): axis.limited(problem, place) for n, place in enumerate(axis.places[known:])
    }
    asked = known + len(problems)
    sweep = AxisSweep(problems, best, cancelled, options, executor)
    for done, (_, solution) in enumerate(sweep, known + 1):
        if solution.found:
            found.add(solution)
        yield found.front(done, asked)


def resource_use(solution: Solution, resource: str) -> float:
    """What a solution uses of a resource, or its throughput in tokens/s; NaN where unknown."""
    if resource == THROUGHPUT:
        return math.nan if solution.throughput is None else solution.throughput
    return solution.totals.get(resource, math.nan)


class _Growing:
    """The nondominated of the solutions found so far, by rising use of the resource."""

    def __init__(self, resource: str) -> None:
        self._resource = resource
        self._keys: list[tuple[float, float]] = []
        self._kept: list[Solution] = []

    def add(self, solution: Solution) -> None:
        """Take a solution unless another one beats it; those that it beats go."""
        use = resource_use(solution, self._resource)
        key = (
            -use if self._resource == THROUGHPUT else use,
            solution.problem.sign * solution.score,
        )
        place = bisect_right(self._keys, key)
        if place and self._keys[place - 1][1] <= key[1]:
            return
        end = place
        while end < len(self._keys) and self._keys[end][1] >= key[1]:
            end += 1
        self._keys[place:end], self._kept[place:end] = [key], [solution]

    def front(self, done: int, asked: int) -> ParetoFront:
        """The front so far."""
        kept = reversed(self._kept) if self._resource == THROUGHPUT else self._kept
        return ParetoFront(self._resource, tuple(kept), done, asked)
