"""The door to the search over runs: what is simpler comes before it, what takes longer after it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.options import SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Outcome, Status
from puzzle_widgets.search.reference import settle_by_reference
from puzzle_widgets.search.runs.search import search_runs
from puzzle_widgets.search.runs.windows import Runs

Solve = Callable[[Mckp, SearchOptions], Outcome]
# Seconds of the search without the rows that limit runs.
_QUICK = 0.1


def solve_runs(mckp: Mckp, runs: Runs, options: SearchOptions, by_rows: Solve) -> Outcome:
    """Find an optimum under rows some of which limit runs, and prove it.

    Without these rows a search takes a blink: if its answer keeps them, it is the answer. Else the
    search is over lengths of runs; where its states are too many, that over all rows goes on.

    Parameters
    ----------
    mckp, runs
        The knapsack, and what some of its rows say.
    options
        As for any search.
    by_rows
        Searches a knapsack with its rows as they are.
    """
    deadline, rest = options.deadline(), runs.rest(mckp)
    quick = options.until(min(deadline, time.monotonic() + _QUICK))
    free = by_rows(rest, replace(quick, progress=None, warm_start=_part_of(options, runs)))
    keeps = free.choice is not None and runs.holds(free.choice)
    if free.status == "infeasible" or (free.status == "optimal" and keeps):
        return _in_full(free, mckp, runs)
    known = _part_of(options, runs) or WarmStart(free.prices)
    found = search_runs(rest, runs, replace(options.until(deadline), warm_start=known))
    if found.status == "optimal" and options.settle:
        found = settle_runs(mckp, runs, found, options.until(deadline))
    found = _in_full(found, mckp, runs)
    stopped = options.cancelled() or time.monotonic() > deadline
    done = found.status in ("optimal", "infeasible") or found.bound >= options.beat
    if stopped or done or _is_within(found, options.gap):
        return found
    return _go_on(mckp, found, options.until(deadline), by_rows)


def _go_on(mckp: Mckp, found: Outcome, options: SearchOptions, by_rows: Solve) -> Outcome:
    """Search over all rows from what is known; the better bound holds."""

    def told(outcome: Outcome) -> None:
        if options.progress is not None:
            options.progress(replace(outcome, bound=max(outcome.bound, found.bound)))

    start = WarmStart(found.prices, found.choice)
    progress = None if options.progress is None else told
    outcome = by_rows(mckp, replace(options, warm_start=start, progress=progress))
    if outcome.status in ("optimal", "infeasible"):
        return outcome
    better = outcome if outcome.score <= found.score else found
    bound = min(max(outcome.bound, found.bound), better.score)
    status: Status = "optimal" if bound >= better.score < math.inf else better.status
    return replace(better, status=status, bound=bound)


def settle_runs(mckp: Mckp, runs: Runs, outcome: Outcome, options: SearchOptions) -> Outcome:
    """Give the optimum that the knapsack's ties prefer, of a proven one by whatever engine."""

    def solve(held: Mckp, asked: SearchOptions) -> Outcome:
        return search_runs(held, runs, asked)

    rest = runs.rest(mckp)
    return settle_by_reference(rest, outcome, options.deadline(), options.cancelled, solve)


def _part_of(options: SearchOptions, runs: Runs) -> WarmStart | None:
    """A warm start without the prices of the rows that limit runs."""
    start = options.warm_start
    if start is None or start.prices is None:
        return start
    return WarmStart(start.prices[runs.rows], start.choice)


def _in_full(outcome: Outcome, mckp: Mckp, runs: Runs) -> Outcome:
    """The same with a price for each row: those that limit runs have none of their own."""
    if outcome.prices is None:
        return outcome
    prices = np.zeros(len(mckp.rows))
    prices[runs.rows] = outcome.prices
    return replace(outcome, prices=prices)


def _is_within(found: Outcome, gap: float) -> bool:
    """Whether a gap is asked for, and reached."""
    return bool(gap) and found.score - found.bound <= gap * max(abs(found.score), 1e-9)
