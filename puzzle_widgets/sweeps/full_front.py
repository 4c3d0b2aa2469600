"""The full exact front: every nondominated point of score against one resource."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.errors import ProblemError, SolverError
from puzzle_widgets.library.quantity import THROUGHPUT, limited_key
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.mckp import FloatArray, to_architecture
from puzzle_widgets.search.all_points import Points, all_points
from puzzle_widgets.search.engine import settle
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import (
    Cancelled,
    Outcome,
    StoppedError,
    TooManyStatesError,
    never,
)
from puzzle_widgets.solution.solution import Solution, solution_of
from puzzle_widgets.sweeps.budget_axis import check_resource, within

MOST_POINTS = 300_000
_ENGINE = "exact front"


@dataclass(frozen=True, eq=False)
class FullFront(Sequence[Solution]):
    """Every nondominated point; solutions are made when they are asked for.

    Parameters
    ----------
    problem
        What was asked.
    resource
        Dotted key, or ``"throughput"``.
    points
        The points in the minimized sense, by rising use, without the non-block costs.
    seconds
        Wall-clock time that it took.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> small = pw.random_library(4, 5)
    >>> front = pw.full_front(pw.SearchProblem(small, minimize="metrics.loss"), "stats.memory_mib")
    >>> len(front), front.use.shape, front[0].status
    (22, (22,), 'optimal')
    """

    problem: SearchProblem
    resource: str
    points: Points
    seconds: float

    def __len__(self) -> int:
        return len(self.points.use)

    @property
    def use(self) -> FloatArray:
        """Use of the resource in its unit, or throughput in tokens/s, shape (points,)."""
        use = self.points.use + self.problem.library.non_block_cost(limited_key(self.resource))
        if self.resource != THROUGHPUT:
            return use
        speed = self.problem.library.throughput
        return np.asarray([speed(runtime) or 0.0 for runtime in use.tolist()])

    @property
    def score(self) -> FloatArray:
        """Summed objective of each point, shape (points,)."""
        library, objective = self.problem.library, self.problem.objective
        return self.problem.sign * self.points.score + library.non_block_cost(objective)

    def __getitem__(self, point: int) -> Solution:  # type: ignore[override]
        """The proven optimum whose limit is this point's own use."""
        key, library = limited_key(self.resource), self.problem.library
        choice = library.starts[:-1] + self.points.places(range(len(self))[point])
        limit = library.totals(to_architecture(library, choice))[key]
        limited = within(self.problem, self.resource, limit)
        mckp = limited.mckp
        score = math.fsum(mckp.score[choice].tolist())
        proven = Outcome("optimal", choice, score, score, _ENGINE)
        return solution_of(limited, settle(mckp, proven, SearchOptions()), 0.0)

    def __iter__(self) -> Iterator[Solution]:
        return (self[point] for point in range(len(self)))


def full_front(problem: SearchProblem, resource: str, *, cancelled: Cancelled = never) -> FullFront:
    """Find every nondominated point of score against one resource.

    Parameters
    ----------
    problem
        Without budgets, rules of difference, rows and rules that count; what is fixed and banned
        holds.
    resource
        Any stat to keep small, or ``"throughput"`` to make large.
    cancelled
        Asked at each layer; true stops.

    Raises
    ------
    ProblemError
        If the problem has budgets, rules of difference, rows or rules that count.
    SolverError
        If there are too many points, or it was cancelled.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> problem = pw.SearchProblem(pw.random_library(4, 5), minimize="metrics.loss")
    >>> front = pw.full_front(problem, "stats.memory_mib")
    >>> len(front), front[-1].score
    (22, 0.0)
    """
    check_resource(problem, resource)
    if problem.budgets or problem.differences or problem.rows or problem.distinct:
        raise ProblemError(
            "A full front needs a problem without budgets, differences, rows and rules that count. "
            "Leave them out, or use pareto_front."
        )
    begin, mckp = time.perf_counter(), problem.mckp
    column = problem.library.column(limited_key(resource))
    score = np.where(mckp.allowed, mckp.score, np.inf)
    cuts = mckp.starts[1:-1]
    try:
        points = all_points(np.split(score, cuts), np.split(column, cuts), MOST_POINTS, cancelled)
    except TooManyStatesError as error:
        raise SolverError(
            f"More than {MOST_POINTS:,} points. Use pareto_front with as many as you need."
        ) from error
    except StoppedError as error:
        raise SolverError("Canceled before the front was complete.") from error
    return FullFront(problem, resource, points, time.perf_counter() - begin)
