"""The steps in turn: bound, first architecture, core, dynamic program, else the MIP solver."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from puzzle_widgets.problem.mckp import BoolArray, FloatArray, IntArray, Mckp
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import (
    Outcome,
    Status,
    StoppedError,
    TooManyStatesError,
    infeasible,
)
from puzzle_widgets.search.reference.bound import ROUGH, Bound, best_bound
from puzzle_widgets.search.reference.core import Core, core_of
from puzzle_widgets.search.reference.dynamic import Least, least_excess
from puzzle_widgets.search.reference.feasible import first_choice
from puzzle_widgets.search.reference.form import Form, to_form
from puzzle_widgets.search.rescale import narrowed

ENGINE = "reference search"
MAX_STATES = 150_000
MAX_GROWTH_MIB = 110.0
# Variants beyond one per layer that the dynamic program begins with: so many cost it about a ms.
_FIRST_VARIANTS = 48
_GROWTH = ((30, 2.5), (300, 1.7), (1500, 1.35), (math.inf, 1.2))
_CLOSED = 1e-10
_NEARLY = 1 - 1e-6
# Beyond this excess, in typical differences, sums lose the digits that tell scores apart.
_COARSE, _COARSE_DIGITS = 1e3, 1e-13


@dataclass(frozen=True, eq=False)
class ReferenceOptions(SearchOptions):
    """How to search, and what only the settling of ties asks for.

    Parameters
    ----------
    fall_back
        Whether the MIP solver takes over where states are too many.
    lexicographic
        Whether the optimum is the lexicographically first of those of equal score.
    """

    fall_back: bool = True
    lexicographic: bool = False

    @classmethod
    def of(cls, options: SearchOptions) -> ReferenceOptions:
        """The same wishes."""
        if isinstance(options, cls):
            return options
        return cls(**{field.name: getattr(options, field.name) for field in fields(options)})

    @property
    def cap(self) -> int:
        """States of the dynamic program beyond which the MIP solver takes over."""
        return self.max_states or MAX_STATES


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
        return math.inf if self.best is None else math.fsum(self.mckp.score[self.best].tolist())

    @property
    def total(self) -> float:
        """The same in the form's unit."""
        return math.inf if self.best is None else self.form.total(self.best)

    @property
    def known_excess(self) -> float:
        """Excess of the best choice so far over the bound, in the form's unit."""
        return max(self.total - self.bound.value, 0.0)

    @property
    def closed(self) -> bool:
        """Whether the bound leaves no room for a better choice.

        Where scores come in whole steps, a better one is better by a step.
        """
        return self.known_excess <= max(_CLOSED, self.step)

    @property
    def step(self) -> float:
        """What a better choice must save at least, in the form's unit."""
        return self.form.step * _NEARLY - self.bound.rounding(self.form)

    def offer(self, choice: IntArray | None) -> _Search:
        """Take a choice if it is better than the best so far."""
        if choice is None or self.mckp.broken_rows(choice):
            return self
        return replace(self, best=choice) if self.form.total(choice) < self.total else self

    def outcome(self, *, proven: bool = False, ties: BoolArray | None = None) -> Outcome:
        """The best choice so far as an answer; ``ties``: what one as good can have, if known."""
        prices = self.form.prices(self.bound.multipliers, len(self.mckp.rows))
        bound = min(self.form.least + self.bound.value * self.form.unit, self.score)
        if self.best is None:
            return Outcome("no_solution_in_time", bound=bound, engine=ENGINE, prices=prices)
        if proven or self.closed:
            open_to = self.bound.variables(self.form, self.known_excess) if ties is None else ties
            return Outcome("optimal", self.best, self.score, self.score, ENGINE, prices, open_to)
        return Outcome("feasible", self.best, self.score, bound, ENGINE, prices)


def solve_by_reference(mckp: Mckp, wishes: SearchOptions) -> Outcome:
    """Find an optimum and prove it.

    Parameters
    ----------
    mckp
        The knapsack.
    wishes
        Limits and warm start; ties are settled by
        :func:`puzzle_widgets.search.reference.ties.settle`.

    Returns
    -------
    Outcome
        With shadow prices.
    """
    options = ReferenceOptions.of(wishes)
    deadline = math.inf if options.time_limit is None else time.monotonic() + options.time_limit
    outcome, resolution = _solve(mckp, options, deadline)
    while resolution and outcome.status == "optimal" and outcome.choice is not None:
        smaller = narrowed(mckp, outcome.choice, resolution)
        if smaller is None:
            break
        mckp, options, before = (
            smaller,
            replace(options, progress=None, warm_start=None),
            outcome,
        )
        outcome, finer = _solve(mckp, options, deadline)
        if outcome.status != "optimal":
            return replace(before, status="feasible", bound=before.score - 2 * resolution)
        resolution = finer
    return outcome


def _solve(mckp: Mckp, options: ReferenceOptions, deadline: float) -> tuple[Outcome, float]:
    """Search once; also give what rounding may hide of scores, 0 where that is nothing."""
    form = to_form(mckp)
    if form is None:
        return infeasible(ENGINE), 0.0
    search = _begin(mckp, form, options)
    if search.best is not None and options.progress is not None:
        options.progress(search.outcome())
    if _good_enough(search, options.gap):
        return search.outcome(), 0.0
    if search.bound.value > form.worst:
        return infeasible(ENGINE), 0.0
    try:
        return _prove(search, options, lambda: _stopped(options, deadline))
    except StoppedError:
        return search.outcome(), 0.0
    except TooManyStatesError:
        return _fall_back(search, options, deadline), 0.0


def _begin(mckp: Mckp, form: Form, options: ReferenceOptions) -> _Search:
    """Rough bound and first choice; then both better, on what the rough ones leave."""
    warm = options.warm_start
    prices = None if warm is None else warm.prices
    start = None if prices is None else form.multipliers(prices)
    search = _Search(mckp, form, best_bound(form, start, ROUGH), None)
    search = search.offer(_rounded(search))
    if warm is not None and warm.choice is not None and mckp.allowed[warm.choice].all():
        search = search.offer(warm.choice)
    if search.best is not None:
        kept = search.bound.reduced(form) <= search.known_excess + search.bound.rounding(form)
        search = replace(search, form=form.narrowed(kept))
    fine = best_bound(search.form, search.bound.multipliers)
    search = replace(search, bound=fine)
    return search.offer(_rounded(search))


def _rounded(search: _Search) -> IntArray | None:
    places = first_choice(search.form, search.bound.reduced(search.form))
    return None if places is None else search.form.choice(places)


def _prove(
    search: _Search, options: ReferenceOptions, stopped: Callable[[], bool]
) -> tuple[Outcome, float]:
    """Dynamic programming within a growing excess, until a choice is found or none can be.

    All choices up to that excess are looked at, so the first one found is optimal. A better one
    than that known saves a step of the scores at least.
    """
    if search.best is not None and search.closed and not options.lexicographic:
        return search.outcome(), _resolution(search.form, 0.0)
    form, bound = search.form, search.bound
    reduced, rounding = bound.reduced(form), bound.rounding(form)
    saved = 0.0 if options.lexicographic else max(search.step, 0.0)
    known = search.known_excess - saved
    most = min(known + rounding, bound.greatest_excess(form, reduced))
    excess = min(most, first_excess(reduced))
    while True:
        excess = min(max(excess, 1e-9), most)
        core = core_of(form, reduced, excess + rounding)
        least = _least(search, core, excess, options, stopped)
        coarse = _resolution(form, excess)
        if least.choice is not None:
            return _finished(search, form.choice(least.choice), least), coarse
        if excess >= most:
            none = infeasible(ENGINE), 0.0
            return none if search.best is None else (search.outcome(proven=True), coarse)
        excess *= growth(least.states)


def _least(
    search: _Search,
    core: Core,
    excess: float,
    options: ReferenceOptions,
    stopped: Callable[[], bool],
) -> Least:
    """Search the core; where rounding let a choice pass that breaks a row, look at each alone."""
    multipliers, cap = search.bound.multipliers, options.cap
    quick = core.weightiest_first(multipliers)
    found = least_excess(quick, multipliers, excess, cap, stopped)

    def broken(places: IntArray) -> bool:
        return bool(search.mckp.broken_rows(search.form.choice(places)))

    if found.choice is not None and found.tied and options.lexicographic:
        found = least_excess(core, multipliers, found.excess, cap, stopped)
    if found.choice is None or not broken(found.choice):
        return found
    return least_excess(core, multipliers, excess, cap, stopped, broken)


def _resolution(form: Form, excess: float) -> float:
    """What rounding may hide of scores where some are far larger than others; else 0."""
    if not form.coarse and excess < _COARSE:
        return 0.0
    return (_CLOSED + _COARSE_DIGITS * excess) * form.unit


def first_excess(reduced: FloatArray) -> float:
    """The excess that leaves so few variants open that the dynamic program takes a blink."""
    beyond = reduced[(reduced > 0.0) & np.isfinite(reduced)]
    if len(beyond) <= _FIRST_VARIANTS:
        return math.inf
    return float(np.partition(beyond, _FIRST_VARIANTS)[_FIRST_VARIANTS])


def growth(states: int) -> float:
    """Grow the excess boldly while states are few, as they multiply with it."""
    return next(factor for limit, factor in _GROWTH if states < limit)


def _finished(search: _Search, choice: IntArray, least: Least) -> Outcome:
    """The dynamic program's choice, unless rounding made it worse than one known before."""
    if search.form.total(choice) > search.total + _CLOSED * max(1.0, search.total):
        return search.outcome(proven=True)
    alone = np.zeros_like(search.mckp.allowed)
    alone[choice] = True
    ties = search.bound.variables(search.form, least.excess) if least.tied else alone
    return replace(search, best=choice).outcome(proven=True, ties=ties)


def _fall_back(search: _Search, options: ReferenceOptions, deadline: float) -> Outcome:
    """Give what reduced-cost fixing leaves to the MIP solver, and keep the better answer.

    The solver's tree is cut short where it takes too much memory; the answer is then unproven.
    """
    mine = search.outcome()
    if _stopped(options, deadline) or not options.fall_back:
        return mine
    try:
        import highspy  # noqa: F401, PLC0415 - the solver may be missing, as in a browser

        from puzzle_widgets.search import mip  # noqa: PLC0415
    except ImportError:
        return mine
    left = max(0.01, deadline - time.monotonic()) if math.isfinite(deadline) else None
    rest = replace(search.mckp, allowed=search.bound.variables(search.form, search.known_excess))
    grown = grown_by(MAX_GROWTH_MIB)

    def cancelled() -> bool:
        return options.cancelled() or grown()

    theirs = mip.solve_mip(rest, mip.MipOptions("HiGHS", options.gap, left, cancelled))
    return replace(_better(search, mine, theirs), engine=f"{ENGINE}, then {theirs.engine}")


def _better(search: _Search, mine: Outcome, theirs: Outcome) -> Outcome:
    """The better choice, and the better of the bounds."""
    bound = max(mine.bound, theirs.bound)
    if mine.choice is None:
        return replace(theirs, prices=mine.prices, bound=min(bound, theirs.score))
    if theirs.choice is None and theirs.status == "infeasible":
        # Rounding: the choice that is known is among those exported.
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
    return search.outcome().is_within(gap)


def _stopped(options: ReferenceOptions, deadline: float) -> bool:
    return time.monotonic() > deadline or options.cancelled()


_PAGES = Path("/proc/self/statm")


def resident_mib() -> float:
    """Resident memory in MiB; its peak where the system tells no more, 0 where it tells nothing."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return 0.0
    if _PAGES.exists():
        return int(_PAGES.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def grown_by(limit_mib: float) -> Callable[[], bool]:
    """Begin to watch: the function given tells whether memory has grown by more than a limit."""
    begin = resident_mib()
    return lambda: resident_mib() - begin > limit_mib
