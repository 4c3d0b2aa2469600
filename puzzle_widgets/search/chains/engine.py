"""The door to the search over a chain: what is simpler comes before it, what takes longer after."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial

import numpy as np

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.chains.chain import Chain, Unchained
from puzzle_widgets.search.chains.search import search_chain
from puzzle_widgets.search.few_kinds import solve_few_kinds
from puzzle_widgets.search.options import SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Outcome, Status
from puzzle_widgets.search.reference import settle_by_reference

# Seconds of the search without the rules of the chain.
_QUICK = 0.1


def solve_chain(mckp: Mckp, chain: Chain, options: SearchOptions, otherwise: Unchained) -> Outcome:
    """Find an optimum under rules some of which are a chain, and prove it.

    Parameters
    ----------
    mckp, chain
        The knapsack with all its rules, and which of them are a chain.
    options
        As for any search.
    otherwise
        Takes over where states are too many.
    """
    if not chain.kinds:
        return _solve(mckp, options, chain, otherwise)
    return solve_few_kinds(
        mckp,
        options,
        partial(_solve, chain=chain, otherwise=otherwise),
        partial(settle_chain, chain=chain, otherwise=otherwise),
        chain.kinds,
    )


def _solve(mckp: Mckp, options: SearchOptions, chain: Chain, otherwise: Unchained) -> Outcome:
    """Search without the chain, which takes a blink: if the answer keeps it, that is the answer.

    Else search over its states; where they are too many, that without a chain goes on.
    """
    deadline, rest = options.deadline(), replace(chain.rest(mckp), kinds=())
    quick = options.until(min(deadline, time.monotonic() + _QUICK))
    free = otherwise.solve(rest, replace(quick, progress=None, warm_start=_part_of(options, chain)))
    keeps = free.choice is not None and chain.holds(free.choice)
    if free.status == "infeasible":
        return free
    if free.status == "optimal" and keeps and (free.ties != "unproven" or not options.settle):
        return _in_full(free, mckp, chain)
    known = _part_of(options, chain) or WarmStart(free.prices)
    found = search_chain(rest, chain, replace(options.until(deadline), warm_start=known))
    if found.status == "optimal" and options.settle:
        found = settle_chain(mckp, found, options.until(deadline), chain, otherwise)
    found = _in_full(found, mckp, chain)
    stopped = options.cancelled() or time.monotonic() > deadline
    done = found.status in ("optimal", "infeasible") or found.bound >= options.beat
    if stopped or done or found.is_within(options.gap):
        return found
    return _go_on(mckp, found, options.until(deadline), otherwise)


def _go_on(mckp: Mckp, found: Outcome, options: SearchOptions, otherwise: Unchained) -> Outcome:
    """Search without a chain from what is known; the better bound holds."""

    def told(outcome: Outcome) -> None:
        if options.progress is not None:
            options.progress(replace(outcome, bound=max(outcome.bound, found.bound)))

    start = WarmStart(found.prices, found.choice)
    progress = None if options.progress is None else told
    outcome = otherwise.solve(mckp, replace(options, warm_start=start, progress=progress))
    if outcome.status in ("optimal", "infeasible"):
        return outcome
    better = outcome if outcome.score <= found.score else found
    bound = min(max(outcome.bound, found.bound), better.score)
    status: Status = "optimal" if bound >= better.score < math.inf else better.status
    return replace(better, status=status, bound=bound)


def settle_chain(
    mckp: Mckp, outcome: Outcome, options: SearchOptions, chain: Chain, otherwise: Unchained
) -> Outcome:
    """Give the optimum that the knapsack's ties prefer, of a proven one by whatever engine."""

    def solve(held: Mckp, asked: SearchOptions) -> Outcome:
        return search_chain(held, chain, asked)

    deadline, rest = options.deadline(), replace(chain.rest(mckp), kinds=())
    found = settle_by_reference(rest, outcome, deadline, options.cancelled, solve)
    stopped = options.cancelled() or time.monotonic() > deadline
    if found.ties != "unproven" or stopped:
        return found
    return otherwise.settle(mckp, outcome, options.until(deadline))


def _part_of(options: SearchOptions, chain: Chain) -> WarmStart | None:
    """A warm start without the prices of the chain's rows."""
    start = options.warm_start
    if start is None or start.prices is None:
        return start
    return WarmStart(start.prices[chain.rows], start.choice)


def _in_full(outcome: Outcome, mckp: Mckp, chain: Chain) -> Outcome:
    """The same with a price for each row: those of the chain have none of their own."""
    if outcome.prices is None:
        return outcome
    prices = np.zeros(len(mckp.rows))
    prices[chain.rows] = outcome.prices
    return replace(outcome, prices=prices)
