"""Search: the best architecture of a problem, with its proof."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from puzzle_widgets.errors import ProblemError, SolverError
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.mckp import FloatArray, Mckp
from puzzle_widgets.problem.problem import row_limits, to_mckp
from puzzle_widgets.problem.ties import share_weights
from puzzle_widgets.search.engine import iter_many, settle, solve
from puzzle_widgets.search.options import Changes, SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Cancelled, Outcome, never
from puzzle_widgets.solution.infeasible import explain
from puzzle_widgets.solution.least_change import least_changes
from puzzle_widgets.solution.solution import Solution, solution_of

EXACT, REFERENCE = "exact", "reference"
# An explanation needs a bound, not the last digit.
_SECONDS_TO_EXPLAIN, _GAP_TO_EXPLAIN = 1.0, 1e-3


@dataclass(frozen=True, eq=False)
class _How:
    """How to search: the arguments of :func:`search`."""

    solver: str
    gap: float
    time_limit: float | None
    cancelled: Cancelled
    warm_start: Solution | None = None
    progress: Callable[[Solution], None] | None = None
    prefer: str = ""
    ties: bool = True


def search(
    problem: SearchProblem,
    *,
    solver: str = EXACT,
    gap: float = 0.0,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
    warm_start: Solution | None = None,
    progress: Callable[[Solution], None] | None = None,
) -> Solution:
    """Find the best architecture within the budgets.

    Parameters
    ----------
    problem
        Library, objective, budgets and rules.
    solver
        ``"exact"``, the search made for this problem; ``"reference"``, the same to read, in plain
        Python; or ``"HiGHS"``, ``"CBC"`` or any solver that PuLP finds, by PuLP's name.
    gap
        Relative optimality gap to stop at; 0 proves the optimum.
    time_limit
        Seconds after which the best architecture so far is returned with its gap.
    cancelled
        Asked now and then (exact search and HiGHS only); true stops as a time limit does.
    warm_start
        Solution of a like problem of the same library, such as before a budget was moved; the
        exact search begins with its shadow prices and its architecture.
    progress
        Called with the best so far and its bound: when a better architecture is found, and about
        twice a second in a long search (exact search only). Most searches end before the first.

    Returns
    -------
    Solution
        Infeasible problems give a solution without architecture, with a reason and with the least
        changes that make them feasible. Of optima of
        equal score it is, whatever the solver, the one that uses least of what is limited, summed
        as shares of the limits (of a lower limit, what lies above it); then the one that uses
        least of the other costs as shares of the parent's; then the lexicographically first.

    Raises
    ------
    ProblemError
        If gap or time limit is negative.
    SolverError
        If the solver is not available or fails.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.memory_mib": "70 %"}
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> solution = pw.search(problem)
    >>> solution.status, solution.shares["stats.memory_mib"] <= 0.7
    ('optimal', True)
    >>> pw.search(problem.with_budget("stats.memory_mib", upper=0)).found
    False
    """
    check_problem(problem)
    how = _How(solver, gap, time_limit, cancelled, warm_start, progress)
    return _with_reason(_solve(problem, how), how)


def search_without_reason(
    problem: SearchProblem,
    *,
    solver: str = EXACT,
    gap: float = 0.0,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
    warm_start: Solution | None = None,
    prefer: str = "",
    ties: bool = True,
) -> Solution:
    """Search as :func:`search` does, without the searches that would explain infeasibility.

    ``prefer`` names a cost that is made least first among architectures of equal score; without
    ``ties`` any of equal score will do.
    """
    how = _How(solver, gap, time_limit, cancelled, warm_start, prefer=prefer, ties=ties)
    return _solve(problem, how)


def search_each(
    problems: Sequence[SearchProblem],
    starts: Sequence[Solution],
    *,
    solver: str = EXACT,
    gap: float = 0.0,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
    prefer: str = "",
) -> Iterator[Solution]:
    """Search problems in turn, each as :func:`search_without_reason` does.

    Those that differ in their limits only are one call of the engine.

    Parameters
    ----------
    problems
        Any problems.
    starts
        Warm start of each.
    cancelled
        True ends it, and the search under way is lost.
    solver, gap, time_limit, prefer
        As there, of each search.
    """
    how = _How(solver, gap, time_limit, cancelled, prefer=prefer)
    if solver in (EXACT, REFERENCE) and _differ_in_limits_only(problems):
        yield from _solve_many(problems, starts, how)
        return
    for problem, start in zip(problems, starts, strict=True):
        solution = _solve(problem, replace(how, warm_start=start))
        if cancelled():
            return
        yield solution


def _differ_in_limits_only(problems: Sequence[SearchProblem]) -> bool:
    def rest(one: SearchProblem) -> tuple[object, ...]:
        rules = (one.fixed, one.banned, one.differences, one.rows, one.distinct)
        return (id(one.library), one.objective, one.goal, tuple(one.budgets), *rules)

    return len({rest(problem) for problem in problems}) == 1


def _solve_many(
    problems: Sequence[SearchProblem], starts: Sequence[Solution], how: _How
) -> Iterator[Solution]:
    _check_options(how.gap, how.time_limit)
    mckp = to_mckp(problems[0], how.prefer)
    lower, upper = _limits(mckp, problems)
    own = [replace(mckp, lower=low, upper=up) for low, up in zip(lower, upper, strict=True)]
    warm = [_warm(*one) for one in zip(problems, own, starts, strict=True)]
    weights, level = _weights(mckp, problems), int(bool(how.prefer))
    changes = Changes(lower=lower, upper=upper, weights=weights, level=level, starts=warm)
    options = SearchOptions(how.gap, how.time_limit, how.cancelled, settle=True)
    done, begin = 0, time.perf_counter()
    for part in iter_many(mckp, changes, options, None if how.solver == EXACT else "reference"):
        seconds = (time.perf_counter() - begin) / len(part)
        for outcome in part:
            yield solution_of(problems[done], outcome, seconds, own[done])
            done += 1
        begin = time.perf_counter()


def _limits(mckp: Mckp, problems: Sequence[SearchProblem]) -> FloatArray:
    """Lower and upper limits of each problem's rows, shape (2, problems, rows)."""
    limits = np.tile(np.array([mckp.lower, mckp.upper])[:, None], (1, len(problems), 1))
    for place, problem in enumerate(problems):
        for row, budget in enumerate(problem.budgets.values()):
            limits[:, place, row] = row_limits(problem.library, budget)
    return limits


def _weights(mckp: Mckp, problems: Sequence[SearchProblem]) -> FloatArray | None:
    """What each problem weighs its rows by in the first of its ties; no more than budgets."""
    if not problems[0].budgets:
        return None
    weights = np.zeros((len(problems), len(mckp.rows)))
    for row, problem in zip(weights, problems, strict=True):
        shares = share_weights(problem.library, problem.budgets)
        row[: len(shares)] = list(shares.values())
    return weights


def _solve(problem: SearchProblem, how: _How) -> Solution:
    _check_options(how.gap, how.time_limit)
    begin = time.perf_counter()
    mckp = to_mckp(problem, how.prefer) if how.prefer else problem.mckp

    def progress(outcome: Outcome) -> None:
        if how.progress is not None:
            how.progress(solution_of(problem, outcome, time.perf_counter() - begin))

    options = SearchOptions(
        how.gap,
        how.time_limit,
        how.cancelled,
        warm_start=_warm(problem, mckp, how.warm_start),
        progress=None if how.progress is None else progress,
        settle=how.ties,
    )
    return solution_of(problem, _run(mckp, how.solver, options), time.perf_counter() - begin)


def _run(mckp: Mckp, solver: str, options: SearchOptions) -> Outcome:
    if solver in (EXACT, REFERENCE):
        return solve(mckp, options, None if solver == EXACT else "reference")
    deadline = options.deadline()
    outcome = _by_mip(mckp, solver, options)
    return settle(mckp, outcome, options.until(deadline)) if options.settle else outcome


def _by_mip(mckp: Mckp, solver: str, options: SearchOptions) -> Outcome:
    try:
        from puzzle_widgets.search import mip  # noqa: PLC0415 - PuLP is loaded by who asks for it
    except ImportError as error:
        raise SolverError(
            f"solver={solver!r} needs PuLP, which is not installed here ({error}). Leave "
            "solver= out: the exact search needs no other program."
        ) from error
    wanted = mip.MipOptions(solver, options.gap, options.time_limit, options.cancelled)
    return mip.solve_mip(mckp, wanted)


def _warm(problem: SearchProblem, mckp: Mckp, warm_start: Solution | None) -> WarmStart | None:
    """The warm start that an earlier solution of the same library and objective gives."""
    if warm_start is None or warm_start.problem.library is not problem.library:
        return None
    if not warm_start.shadow_prices:
        return None
    if (warm_start.problem.objective, warm_start.problem.goal) != (problem.objective, problem.goal):
        return None
    prices = np.array([warm_start.shadow_prices.get(row, 0.0) for row in mckp.rows])
    if warm_start.architecture is None:
        return WarmStart(prices)
    return WarmStart(prices, warm_start.choice)


def _check_options(gap: float, time_limit: float | None) -> None:
    if not gap >= 0:
        raise ProblemError(f"gap={gap!r}: give 0 or a positive share, such as 0.001.")
    if time_limit is not None and not time_limit > 0:
        raise ProblemError(f"time_limit={time_limit!r}: give seconds above 0, or None.")


def _with_reason(solution: Solution, how: _How) -> Solution:
    if solution.status == "infeasible":
        options = SearchOptions(_GAP_TO_EXPLAIN, _SECONDS_TO_EXPLAIN, how.cancelled)

        def solved(mckp: Mckp) -> Outcome:
            return _run(mckp, how.solver, options)

        reason = explain(solution.problem, solved)
        changes = least_changes(solution.problem, how.cancelled)
        return replace(solution, reason=reason, changes=changes)
    if solution.status == "no_solution_in_time":
        return replace(solution, reason="Stopped before any architecture was found.")
    return solution
