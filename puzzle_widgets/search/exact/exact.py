"""The steps in turn: bound, first architecture, core, dynamic program, else the MIP solver."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp
from puzzle_widgets.search.exact.bound import ROUGH, Bound, best_bound
from puzzle_widgets.search.exact.core import Core, core_of
from puzzle_widgets.search.exact.dynamic import (
    Least,
    StoppedError,
    TooManyStatesError,
    least_excess,
)
from puzzle_widgets.search.exact.feasible import first_choice
from puzzle_widgets.search.exact.form import Form, to_form
from puzzle_widgets.search.memory import grown_by
from puzzle_widgets.search.mip import MipOptions, solve_mip
from puzzle_widgets.search.outcome import Cancelled, Outcome, Status, infeasible, never

ENGINE = "exact search"
MAX_STATES = 150_000
MAX_GROWTH_MIB = 110.0
# Variants beyond one a layer that the dynamic program begins with: so many cost it about a ms.
_FIRST_VARIANTS = 48
_GROWTH = ((30, 2.5), (300, 1.7), (1500, 1.35), (math.inf, 1.2))
_CLOSED = 1e-10


@dataclass(frozen=True, eq=False)
class Warm:
    """What an earlier search of a like problem knows: shadow prices (rows,) and a choice."""

    prices: FloatArray
    choice: IntArray | None = None


@dataclass(frozen=True, eq=False)
class ExactOptions:
    """How to search.

    Parameters
    ----------
    gap
        Relative gap to stop at; 0 proves the optimum.
    time_limit
        Seconds, or ``None``.
    cancelled
        Asked now and then.
    max_states
        States of the dynamic program beyond which the MIP solver takes over.
    start
        Knowledge of an earlier search.
    first
        Called with a first feasible outcome, before the proof.
    """

    gap: float = 0.0
    time_limit: float | None = None
    cancelled: Cancelled = never
    max_states: int = MAX_STATES
    start: Warm | None = None
    first: Callable[[Outcome], None] | None = None


@dataclass(frozen=True, eq=False)
class _Search:
    """One search under way.

    Parameters
    ----------
    mckp
        The knapsack.
    form
        What is left of it: a better choice than ``best`` is made of these variants only.
    bound
        Bound on what is left, in the form's unit.
    best
        Best choice so far, flat indices, or ``None``.
    """

    mckp: Mckp
    form: Form
    bound: Bound
    best: IntArray | None

    @property
    def score(self) -> float:
        """Score of the best choice so far; infinite without one."""
        return math.inf if self.best is None else float(self.mckp.score[self.best].sum())

    @property
    def total(self) -> float:
        """The same in the form's unit."""
        return math.inf if self.best is None else self.form.total(self.best)

    @property
    def known_excess(self) -> float:
        """Excess of the best choice so far over the bound, in the form's unit."""
        return max(self.total - self.bound.value, 0.0)

    def offer(self, choice: IntArray | None) -> _Search:
        """Take a choice if it is better than the best so far."""
        if choice is None or self.mckp.broken_rows(choice):
            return self
        return replace(self, best=choice) if self.form.total(choice) < self.total else self

    def outcome(self, *, proven: bool = False) -> Outcome:
        """The best choice so far as an answer."""
        prices = self.form.prices(self.bound.multipliers, len(self.mckp.rows))
        bound = min(self.form.least + self.bound.value * self.form.unit, self.score)
        if self.best is None:
            return Outcome("no_solution_in_time", bound=bound, engine=ENGINE, prices=prices)
        if proven or self.known_excess <= _CLOSED:
            return Outcome("optimal", self.best, self.score, self.score, ENGINE, prices)
        return Outcome("feasible", self.best, self.score, bound, ENGINE, prices)


def solve_exact(mckp: Mckp, options: ExactOptions) -> Outcome:
    """Find the optimum and prove it.

    Parameters
    ----------
    mckp
        The knapsack.
    options
        Limits and warm start.

    Returns
    -------
    Outcome
        With shadow prices. Among optima of equal score it is the lexicographically first: the
        earlier variant in the first layer where they differ. The rule ends where states are too
        many, so that the MIP solver has to take over.
    """
    deadline = math.inf if options.time_limit is None else time.monotonic() + options.time_limit
    form = to_form(mckp)
    if form is None:
        return infeasible(ENGINE)
    search = _begin(mckp, form, options)
    if search.best is not None and options.first is not None:
        options.first(search.outcome())
    if _good_enough(search, options.gap):
        return search.outcome()
    if search.bound.value > form.worst:
        return infeasible(ENGINE)
    try:
        return _prove(search, options, lambda: _stopped(options, deadline))
    except StoppedError:
        return search.outcome()
    except TooManyStatesError:
        return _hand_over(search, options, deadline)


def _begin(mckp: Mckp, form: Form, options: ExactOptions) -> _Search:
    """Rough bound and first choice; then both better, on what the rough ones leave."""
    warm = options.start
    start = None if warm is None else form.multipliers(warm.prices)
    search = _Search(mckp, form, best_bound(form, start, ROUGH), None)
    search = search.offer(_rounded(search, rough=True))
    if warm is not None and warm.choice is not None and mckp.allowed[warm.choice].all():
        search = search.offer(warm.choice)
    if search.best is not None:
        kept = search.bound.reduced(form) <= search.known_excess + search.bound.rounding(form)
        search = replace(search, form=form.narrowed(kept))
    fine = best_bound(search.form, search.bound.multipliers)
    search = replace(search, bound=fine)
    return search.offer(_rounded(search))


def _rounded(search: _Search, *, rough: bool = False) -> IntArray | None:
    places = first_choice(search.form, search.bound.reduced(search.form), pairs=not rough)
    return None if places is None else search.form.choice(places)


def _prove(search: _Search, options: ExactOptions, stopped: Callable[[], bool]) -> Outcome:
    """Dynamic programming within a growing excess, until a choice is found or none can be.

    All choices up to that excess are looked at, so the first one found is optimal.
    """
    form, bound = search.form, search.bound
    reduced, known = bound.reduced(form), search.known_excess
    rounding = bound.rounding(form)
    most = min(known + rounding, bound.greatest_excess(form, reduced))
    excess = min(most, _first_excess(reduced))
    while True:
        excess = min(max(excess, 1e-9), most)
        core = core_of(form, reduced, excess + rounding)
        least = _least(core, bound.multipliers, excess, options, stopped)
        if least.choice is not None:
            return _finished(search, form.choice(least.choice))
        if excess >= most:
            return infeasible(ENGINE) if search.best is None else search.outcome(proven=True)
        excess *= _growth(least.states)


def _least(
    core: Core,
    multipliers: FloatArray,
    excess: float,
    options: ExactOptions,
    stopped: Callable[[], bool],
) -> Least:
    """Search the weightiest layers first; where there are ties, again in the network's order."""
    cap, quick = options.max_states, core.weightiest_first(multipliers)
    least = least_excess(quick, multipliers, excess, cap, stopped)
    if least.choice is None or not least.tied:
        return least
    try:
        first = least_excess(core, multipliers, least.excess, cap, stopped)
    except TooManyStatesError:
        return least
    return least if first.choice is None else first


def _first_excess(reduced: FloatArray) -> float:
    """The excess that leaves so few variants open that the dynamic program takes a blink."""
    beyond = reduced[(reduced > 0.0) & np.isfinite(reduced)]
    if len(beyond) <= _FIRST_VARIANTS:
        return math.inf
    return float(np.partition(beyond, _FIRST_VARIANTS)[_FIRST_VARIANTS])


def _growth(states: int) -> float:
    """Grow the excess boldly while states are few, as they multiply with it."""
    return next(factor for limit, factor in _GROWTH if states < limit)


def _finished(search: _Search, choice: IntArray) -> Outcome:
    """The dynamic program's choice, unless rounding made it worse than one known before."""
    if search.form.total(choice) > search.total + _CLOSED * max(1.0, search.total):
        return search.outcome(proven=True)
    return replace(search, best=choice).outcome(proven=True)


def _hand_over(search: _Search, options: ExactOptions, deadline: float) -> Outcome:
    """Give what reduced-cost fixing leaves to the MIP solver, and keep the better answer.

    The solver's tree is cut short where it takes too much memory; the answer is then unproven.
    """
    mine = search.outcome()
    if _stopped(options, deadline):
        return mine
    left = max(0.01, deadline - time.monotonic()) if math.isfinite(deadline) else None
    kept = search.bound.reduced(search.form) <= search.known_excess + search.bound.rounding(
        search.form
    )
    allowed = np.zeros_like(search.mckp.allowed)
    allowed[search.form.flat[kept & np.isfinite(search.form.score)]] = True
    rest = replace(search.mckp, allowed=allowed)
    grown = grown_by(MAX_GROWTH_MIB)

    def cancelled() -> bool:
        return options.cancelled() or grown()

    theirs = solve_mip(rest, MipOptions("HiGHS", options.gap, left, cancelled))
    return replace(_better(search, mine, theirs), engine=f"{ENGINE}, then {theirs.engine}")


def _better(search: _Search, mine: Outcome, theirs: Outcome) -> Outcome:
    """The better choice, and the better of the bounds."""
    bound = max(mine.bound, theirs.bound)
    if mine.choice is None:
        return replace(theirs, prices=mine.prices, bound=min(bound, theirs.score))
    if theirs.choice is None and theirs.status == "infeasible":
        # Rounding: the choice that is known is among those handed over.
        return mine
    if mine.score < theirs.score:
        bound = min(bound, mine.score)
        closed = mine.score - bound <= _CLOSED * search.form.unit
        status: Status = "optimal" if closed else "feasible"
        return replace(mine, bound=mine.score if closed else bound, status=status)
    return replace(theirs, prices=mine.prices, bound=min(bound, theirs.score))


def _good_enough(search: _Search, gap: float) -> bool:
    if search.best is None or not gap:
        return False
    outcome = search.outcome()
    return outcome.score - outcome.bound <= gap * max(abs(outcome.score), 1e-9)


def _stopped(options: ExactOptions, deadline: float) -> bool:
    return time.monotonic() > deadline or options.cancelled()
