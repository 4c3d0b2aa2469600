"""Search: the best architecture of a problem, with its proof."""

from __future__ import annotations

import time
from dataclasses import replace

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.mckp import Mckp, to_mckp
from puzzle_widgets.search.mip import MipOptions, solve_mip
from puzzle_widgets.search.outcome import Cancelled, Outcome, never
from puzzle_widgets.solution.infeasible import explain
from puzzle_widgets.solution.solution import Solution, solution_of

_SECONDS_TO_EXPLAIN = 10.0


def search(
    problem: SearchProblem,
    *,
    solver: str = "HiGHS",
    gap: float = 0.0,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
) -> Solution:
    """Find the best architecture within the budgets.

    Parameters
    ----------
    problem
        Library, objective, budgets and rules.
    solver
        ``"HiGHS"``, ``"CBC"`` or any solver that PuLP finds, by PuLP's name.
    gap
        Relative optimality gap to stop at; 0 proves the optimum.
    time_limit
        Seconds after which the best architecture so far is returned with its gap.
    cancelled
        Asked now and then from the solver (HiGHS only); true stops it as a time limit does.

    Returns
    -------
    Solution
        Infeasible problems give a solution without architecture and with a reason.

    Raises
    ------
    ProblemError
        If gap or time limit is negative.
    SolverError
        If the solver is not there or fails.
    """
    _check_options(gap, time_limit)
    options = MipOptions(solver, gap, time_limit, cancelled)
    begin = time.perf_counter()
    outcome = solve_mip(to_mckp(problem), options)
    solution = solution_of(problem, outcome, time.perf_counter() - begin)
    return _with_reason(solution, options)


def _check_options(gap: float, time_limit: float | None) -> None:
    if not gap >= 0:
        raise ProblemError(f"gap={gap!r}: give 0 or a positive share, such as 0.001.")
    if time_limit is not None and not time_limit > 0:
        raise ProblemError(f"time_limit={time_limit!r}: give seconds above 0, or None.")


def _with_reason(solution: Solution, options: MipOptions) -> Solution:
    if solution.status == "infeasible":
        asking = MipOptions(options.solver, 0.0, _SECONDS_TO_EXPLAIN, options.cancelled)

        def solve(mckp: Mckp) -> Outcome:
            return solve_mip(mckp, asking)

        return replace(solution, reason=explain(solution.problem, solve))
    if solution.status == "no_solution_in_time":
        return replace(solution, reason="Stopped before any architecture was found.")
    return solution
