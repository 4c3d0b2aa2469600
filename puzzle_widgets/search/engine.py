"""One door to the exact search: the kernel where it runs, else the reference in Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Literal, TypeVar

import numpy as np

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.chains import Unchained, find_chain
from puzzle_widgets.search.few_kinds import solve_few_kinds
from puzzle_widgets.search.kernel.engine import (
    iter_many_by_kernel,
    settle_by_kernel,
    solve_by_kernel,
)
from puzzle_widgets.search.kernel.host import KernelError, kernel_runs
from puzzle_widgets.search.options import Changes, SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Outcome, Outcomes

Engine = Literal["kernel", "reference"]
T = TypeVar("T")


def usual_engine() -> Engine:
    """The kernel, or the reference where WebAssembly cannot run."""
    return "kernel" if kernel_runs() else "reference"


def solve(mckp: Mckp, options: SearchOptions, engine: Engine | None = None) -> Outcome:
    """Find an optimum and prove it.

    Parameters
    ----------
    mckp
        The knapsack.
    options
        Limits, warm start, and whether ties are settled.
    engine
        Which one searches; by default the kernel where it runs.

    Returns
    -------
    Outcome
        With shadow prices.
    """
    chain, unchained = find_chain(mckp), _unchained(engine)
    if chain is None:
        return unchained.solve(mckp, options)
    from puzzle_widgets.search.chains.engine import solve_chain  # noqa: PLC0415 - few have one

    return solve_chain(mckp, chain, options, unchained)


def _unchained(engine: Engine | None) -> Unchained:
    """Search as if no rules were a chain: count kinds by branching, take every row as it is."""
    by_rows = Unchained(partial(_by_rows, engine=engine), partial(_settle_rows, engine=engine))

    def solve(mckp: Mckp, options: SearchOptions) -> Outcome:
        if mckp.kinds:
            return solve_few_kinds(mckp, options, by_rows.solve, by_rows.settle)
        return by_rows.solve(mckp, options)

    def settle(mckp: Mckp, outcome: Outcome, options: SearchOptions) -> Outcome:
        if mckp.kinds:
            return _settled_by(solve, mckp, outcome, options)
        return by_rows.settle(mckp, outcome, options)

    return Unchained(solve, settle)


def _by_rows(mckp: Mckp, options: SearchOptions, *, engine: Engine | None) -> Outcome:
    """Search a knapsack of rows alone."""
    return _first_of(
        engine, lambda: solve_by_kernel(mckp, options), lambda: _by_reference(mckp, options)
    )


def settle(
    mckp: Mckp, outcome: Outcome, options: SearchOptions, engine: Engine | None = None
) -> Outcome:
    """Give the optimum that the knapsack's ties prefer, whatever engine found the score.

    Each sum of ``mckp.ties`` is made least in turn by a search of its own, among the choices that
    are equal in the score and in the sums before; then the first variant that any choice left can
    have is taken, layer by layer. No choice of equal score then uses less of all that is limited.

    Parameters
    ----------
    mckp
        The knapsack.
    outcome
        Its proven optimum by any engine; anything else is given back as it is.
    options
        Time limit and cancel: the best so far is then unproven.
    engine
        As for :func:`solve`.
    """
    if outcome.status != "optimal" or outcome.choice is None:
        return outcome
    chain, unchained = find_chain(mckp), _unchained(engine)
    if chain is None:
        return unchained.settle(mckp, outcome, options)
    if chain.kinds:
        return _settled_by(partial(solve, engine=engine), mckp, outcome, options)
    from puzzle_widgets.search.chains.engine import settle_chain  # noqa: PLC0415 - few have one

    return settle_chain(mckp, outcome, options, chain, unchained)


def _settle_rows(
    mckp: Mckp, outcome: Outcome, options: SearchOptions, *, engine: Engine | None
) -> Outcome:
    """Settle the ties of a knapsack of rows alone."""
    return _first_of(
        engine,
        lambda: settle_by_kernel(mckp, outcome, options),
        lambda: _settle(mckp, outcome, options),
    )


def _settled_by(
    solve: Callable[[Mckp, SearchOptions], Outcome],
    mckp: Mckp,
    outcome: Outcome,
    options: SearchOptions,
) -> Outcome:
    """Search again, from the optimum that is known."""
    start = WarmStart(outcome.prices, outcome.choice)
    found = solve(mckp, replace(options, gap=0.0, warm_start=start, settle=True))
    if found.status != "optimal":
        return replace(outcome, ties="unproven")
    return replace(
        outcome, choice=found.choice, score=found.score, bound=found.score, ties=found.ties
    )


def solve_many(
    mckp: Mckp,
    changes: Changes,
    options: SearchOptions,
    progress: Callable[[int], None] | None = None,
    engine: Engine | None = None,
) -> Outcomes:
    """Solve many knapsacks that differ a little, in one call.

    Parameters
    ----------
    mckp
        What they share.
    changes
        What each has of its own.
    options
        Time limit and cancel are those of all searches together; the rest is of each.
    progress
        Called with the number of searches that are done.
    engine
        As for :func:`solve`.

    Returns
    -------
    Outcomes
        Fewer than asked for where time or a cancel ended it.
    """
    deadline = options.deadline()

    def stopped() -> bool:
        return time.monotonic() > deadline or options.cancelled()

    parts, done = [], 0
    each = replace(options, time_limit=None, cancelled=stopped)
    for part in iter_many(mckp, changes, each, engine):
        parts.append(part)
        done += len(part)
        if progress is not None:
            progress(done)
    return Outcomes.joined(parts, mckp)


def iter_many(
    mckp: Mckp, changes: Changes, options: SearchOptions, engine: Engine | None = None
) -> Iterator[Outcomes]:
    """Solve as :func:`solve_many` does, and give the answers as they are there, in their order.

    Parameters
    ----------
    mckp, changes, engine
        As there.
    options
        The time limit is of each search; a cancel ends them all, and the one under way is lost.
    """
    done = 0
    if mckp.kinds or find_chain(mckp) is not None:
        yield from _one_by_one(mckp, changes, options, 0, partial(solve, engine=engine))
        return
    if (engine or usual_engine()) == "kernel":
        try:
            for part in iter_many_by_kernel(mckp, changes, options):
                done += len(part)
                yield part
        except KernelError:
            if engine is not None:
                raise
        else:
            return
    yield from _one_by_one(mckp, changes, options, done, _by_reference)


def _first_of(
    engine: Engine | None, by_kernel: Callable[[], T], by_reference: Callable[[], T]
) -> T:
    """What the kernel gives; the reference where it cannot run, or its memory is too small."""
    if (engine or usual_engine()) == "kernel":
        try:
            return by_kernel()
        except KernelError:
            if engine is not None:
                raise
    return by_reference()


def _by_reference(mckp: Mckp, options: SearchOptions) -> Outcome:
    from puzzle_widgets.search.reference import solve_by_reference  # noqa: PLC0415 - seldom used

    deadline = options.deadline()
    outcome = solve_by_reference(mckp, options)
    return _settle(mckp, outcome, options.until(deadline)) if options.settle else outcome


def _settle(mckp: Mckp, outcome: Outcome, options: SearchOptions) -> Outcome:
    from puzzle_widgets.search.reference import settle_by_reference  # noqa: PLC0415 - seldom used

    return settle_by_reference(mckp, outcome, options.deadline(), options.cancelled)


def _one_by_one(
    mckp: Mckp,
    changes: Changes,
    options: SearchOptions,
    begin: int,
    solve_one: Callable[[Mckp, SearchOptions], Outcome],
) -> Iterator[Outcomes]:
    for place in range(begin, len(changes)):
        if options.cancelled():
            return
        if changes.starts is not None:
            options = replace(options, warm_start=changes.starts[place])
        outcome = solve_one(changed(mckp, changes, place), options)
        if outcome.status != "optimal" and options.cancelled():
            return
        yield Outcomes.of([outcome], mckp)


def changed(mckp: Mckp, changes: Changes, place: int) -> Mckp:
    """Write out one of many knapsacks that differ a little."""
    if changes.scores is not None:
        mckp = replace(mckp, score=changes.scores[place])
    if changes.lower is not None and changes.upper is not None:
        mckp = replace(mckp, lower=changes.lower[place], upper=changes.upper[place])
    if changes.forced is not None:
        mckp = replace(mckp, allowed=with_forced(mckp, int(changes.forced[place])))
    if changes.weights is not None and mckp.ties is not None:
        ties = mckp.ties.copy()
        ties[changes.level] = sum(
            weight * cost for weight, cost in zip(changes.weights[place], mckp.cost, strict=True)
        )
        mckp = replace(mckp, ties=ties)
    return mckp


def with_forced(mckp: Mckp, variable: int) -> np.ndarray:
    """What is allowed where one variable is forced into its layer, shape (n,)."""
    allowed = mckp.allowed.copy()
    layer = int(np.searchsorted(mckp.starts, variable, side="right")) - 1
    allowed[mckp.starts[layer] : mckp.starts[layer + 1]] = False
    allowed[variable] = mckp.allowed[variable]
    return allowed
