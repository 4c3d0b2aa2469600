"""The steps in turn: bound, choices on the way to it, dynamic program; and ties."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from puzzle_widgets.problem.mckp import BoolArray, FloatArray, IntArray, Mckp
from puzzle_widgets.search.chains.chain import Chain
from puzzle_widgets.search.chains.climb import climb
from puzzle_widgets.search.chains.path import Path, reduced_at, trellis_of
from puzzle_widgets.search.chains.states import Wish, least_score
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import Outcome, StoppedError, TooManyStatesError, infeasible
from puzzle_widgets.search.reference import ReferenceOptions
from puzzle_widgets.search.reference.bound import ROUNDING
from puzzle_widgets.search.reference.dynamic import Least
from puzzle_widgets.search.reference.form import LAST_DIGITS, Form, to_form
from puzzle_widgets.search.reference.search import first_excess, growth

ENGINE = "exact search over states of rules"
_STATES, _BEAM = 20_000, 2_000
_SECONDS_BETWEEN = 0.5


def search_chain(mckp: Mckp, chain: Chain, options: SearchOptions) -> Outcome:
    """Find an optimum that keeps the chain, by its states; ties are not settled.

    Parameters
    ----------
    mckp
        The knapsack, without the rules of the chain.
    chain
        What they say.
    options
        As for any search. Where states are too many, the best so far is feasible, or unknown.
    """
    form = to_form(mckp)
    if form is None:
        return infeasible(ENGINE)
    search = _Search(mckp, chain, form, options)
    try:
        return search.run()
    except (StoppedError, TooManyStatesError):
        return search.outcome()


class _Search:
    """One search under way: the best choice so far, and the best bound."""

    def __init__(self, mckp: Mckp, chain: Chain, form: Form, options: SearchOptions) -> None:
        self._mckp, self._chain = mckp, chain
        self._options = ReferenceOptions.of(options)
        self._form, self._deadline = form, options.deadline()
        self._trellis = trellis_of(form, chain)
        self._worst = min(form.worst, (self._options.beat - form.least) / form.unit)
        self._bound: Path | None = None
        self._best: IntArray | None = None
        self._proven = -math.inf  # no choice scores less, in the form's unit
        self._told = time.monotonic()

    def run(self) -> Outcome:
        """Search until there is a proof; what stops it is raised."""
        self._begin_with_warm_start()
        bound = self._climb()
        if self._proven > self._worst:
            return self._nothing()
        if self._form.coarse:
            raise TooManyStatesError  # sums lose the digits that tell scores apart
        self._tell()
        if self._good_enough():
            return self.outcome()
        return self._prove(bound)

    def outcome(self) -> Outcome:
        """The best so far, with what is proven of it."""
        bound = self._form.least + self._proven * self._form.unit
        prices = None
        if self._bound is not None:
            prices = self._form.prices(self._bound.multipliers, len(self._mckp.rows))
        if self._best is None:
            return Outcome("no_solution_in_time", bound=bound, engine=ENGINE, prices=prices)
        score = math.fsum(self._mckp.score[self._best].tolist())
        return Outcome("feasible", self._best, score, min(bound, score), ENGINE, prices)

    def _total(self) -> float:
        """Score of the best so far in the form's unit; infinite without one."""
        return math.inf if self._best is None else self._form.total(self._best)

    def _begin_with_warm_start(self) -> None:
        start = self._options.warm_start
        if start is None or start.choice is None:
            return
        if self._mckp.allowed[start.choice].all() and self._chain.holds(start.choice):
            self._offer(start.choice)

    def _offer(self, choice: IntArray) -> None:
        """Take a choice of the chain if it keeps the rows, and is better than the best so far."""
        if self._form.total(choice) < self._total() and not self._mckp.broken_rows(choice):
            self._best = choice

    def _climb(self) -> Path:
        """The path of the best bound; those on the way are choices, where they keep the rows."""
        start = self._options.warm_start
        prices = None if start is None else start.prices
        begin = None if prices is None else self._form.multipliers(prices)
        for path in climb(self._form, self._trellis, begin, self._stopped):
            if self._bound is None or path.value > self._bound.value:
                self._bound = path
                self._proven = path.value - self._rounding(path)
            if self._proven > self._worst:
                break
            if (path.use <= self._form.limit).all():
                self._offer(self._form.choice(path.places))
        if self._bound is None:
            raise StoppedError
        return self._bound

    def _rounding(self, path: Path) -> float:
        """Difference that rounding can make in a bound: large where multipliers are."""
        return ROUNDING + LAST_DIGITS * (self._form.worst + self._form.largest(path.multipliers))

    def _prove(self, bound: Path) -> Outcome:
        """Dynamic programming up to a growing score, until a choice is found or none can be."""
        reduced = reduced_at(self._form, self._trellis, bound.multipliers)
        excess, rounding = first_excess(reduced), self._rounding(bound)
        while True:
            most = min(self._total(), self._worst)
            reach = min(bound.value + excess, most)
            kept = reduced <= reach - bound.value + 2 * rounding
            least = self._least(bound, kept, reach)
            if least is None:
                continue
            if least.choice is not None:
                return self._optimal(bound, reduced, least)
            if reach >= most:
                known = self._total() <= most
                return self._optimal(bound, reduced) if known else self._nothing()
            self._proven = max(self._proven, reach)
            if self._good_enough():
                return self.outcome()
            excess *= growth(least.states)
            self._tell_now_and_then()

    def _nothing(self) -> Outcome:
        """Nothing keeps all limits, or nothing that is of interest."""
        if self._worst == self._form.worst:
            return infeasible(ENGINE)
        bound = max(self.outcome().bound, self._options.beat)
        return replace(self.outcome(), bound=bound)

    def _least(self, bound: Path, kept: BoolArray, reach: float) -> Least | None:
        """Search what is left; ``None`` where a better choice leaves less of it."""
        options = self._options
        form = self._form.narrowed(kept)
        trellis = trellis_of(form, self._chain)
        wish = Wish(reach, options.max_states or _STATES, lexicographic=options.lexicographic)
        try:
            least = least_score(form, trellis, bound.multipliers, wish, self._stopped)
        except TooManyStatesError:
            wish = Wish(reach, _BEAM, beam=True)
            least = least_score(form, trellis, bound.multipliers, wish, self._stopped)
            if least.choice is not None:
                self._offer(form.choice(least.choice))
            if self._total() < reach:
                return None
            raise
        if least.choice is None:
            return least
        choice = form.choice(least.choice)
        if self._mckp.broken_rows(choice):  # by rounding: what it made needless may be within
            raise TooManyStatesError
        return replace(least, choice=choice)

    def _optimal(self, bound: Path, reduced: FloatArray, least: Least | None = None) -> Outcome:
        """The choice that is found, or the one known that nothing is better than; and its peers."""
        best = self._best = self._best if least is None else least.choice
        found = self.outcome()
        alone = np.zeros_like(self._mckp.allowed)
        if least is None or least.tied:
            near = self._total() - bound.value + 2 * self._rounding(bound)
            alone[self._form.flat[(reduced <= near) & np.isfinite(self._form.score)]] = True
        alone[best] = True
        return replace(found, status="optimal", bound=found.score, open=alone)

    def _good_enough(self) -> bool:
        """Whether the gap that is asked for is reached."""
        if self._best is None or not self._options.gap:
            return False
        return self.outcome().is_within(self._options.gap)

    def _stopped(self) -> bool:
        return time.monotonic() > self._deadline or self._options.cancelled()

    def _tell(self) -> None:
        """Tell of the best so far, and of its bound."""
        self._told = time.monotonic()
        if self._options.progress is not None:
            self._options.progress(self.outcome())

    def _tell_now_and_then(self) -> None:
        if time.monotonic() - self._told > _SECONDS_BETWEEN:
            self._tell()
