"""Which of the optima of equal score is the answer, whatever engine found the score."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from puzzle_widgets.problem.mckp import TOLERANCE, BoolArray, FloatArray, IntArray, Mckp
from puzzle_widgets.search.options import WarmStart
from puzzle_widgets.search.outcome import Cancelled, Outcome, Ties
from puzzle_widgets.search.reference.bound import best_bound
from puzzle_widgets.search.reference.form import to_form, typical
from puzzle_widgets.search.reference.search import ReferenceOptions, solve_by_reference
from puzzle_widgets.search.rescale import above_least

# Scores are equal when they differ by less than this share of a typical difference.
EQUAL = 1e-11
_STATES = 30_000
# A sum is rounded once.
_ROUNDING = 2.0**-52


Solve = Callable[[Mckp, ReferenceOptions], Outcome]


def settle_by_reference(
    mckp: Mckp,
    outcome: Outcome,
    deadline: float,
    cancelled: Cancelled,
    solve: Solve = solve_by_reference,
) -> Outcome:
    """Give the optimum that ties prefer, as :func:`puzzle_widgets.search.engine.settle` does.

    Parameters
    ----------
    mckp, outcome
        As there.
    deadline, cancelled
        By :func:`time.monotonic`, and asked now and then: the best so far is then unproven.
    solve
        Finds an optimum with what as good ones can have, or the lexicographically first.
    """
    if outcome.status != "optimal" or outcome.choice is None:
        return outcome
    some = outcome.open
    if some is not None and some.sum() == mckp.layers:
        return replace(outcome, ties="none")
    if some is None:
        some = _variables(mckp, outcome.choice)
    rest = replace(mckp, allowed=some)
    equal = EQUAL * typical(above_least(rest)[0])
    settling = _Settling(rest, outcome.choice, equal, deadline, cancelled, solve)
    ties: Ties = "settled" if settling.run() else "unproven"
    score = math.fsum(mckp.score[settling.choice].tolist())
    return replace(outcome, choice=settling.choice, score=score, bound=score, ties=ties)


class _Settling:
    """Ties of one knapsack while they are settled.

    Parameters
    ----------
    mckp
        The knapsack, with the variables that an optimum can have.
    choice
        The choice preferred so far.
    equal
        Difference of scores that counts as none.
    deadline, cancelled, solve
        As for :func:`settle_by_reference`.
    """

    def __init__(
        self,
        mckp: Mckp,
        choice: IntArray,
        equal: float,
        deadline: float,
        cancelled: Cancelled,
        solve: Solve,
    ) -> None:
        self.mckp, self.choice = mckp, choice
        self._equal: float | None = equal
        self._deadline, self._cancelled, self._solve = deadline, cancelled, solve

    def run(self) -> bool:
        """Settle all ties; false where that could not be proven."""
        levels = self.mckp.ties if self.mckp.ties is not None else ()
        for level in levels:
            if self._differs(level):
                self._hold(level)
                if not self._search():
                    return False
        return self._search(lexicographic=True)

    def _differs(self, level: FloatArray) -> bool:
        """Whether some layer's variants differ in a sum."""
        firsts, allowed = self.mckp.starts[:-1], self.mckp.allowed
        least = np.minimum.reduceat(np.where(allowed, level, np.inf), firsts)
        return bool((np.maximum.reduceat(np.where(allowed, level, -np.inf), firsts) > least).any())

    def _hold(self, level: FloatArray) -> None:
        """Turn the sum made least so far into a row, and the next one into the score."""
        held = self.mckp
        above = above_least(held)[0]
        total = math.fsum(held.score[self.choice].tolist())
        equal = self._equal if self._equal is not None else TOLERANCE * abs(total)
        sum_held = math.fsum(above[self.choice].tolist())
        self.mckp = replace(
            held,
            score=level,
            cost=np.concatenate([held.cost, above[None]]),
            lower=np.append(held.lower, -np.inf),
            upper=np.append(held.upper, sum_held * (1 + _ROUNDING) + equal),
            rows=(*held.rows, "held"),
        )
        self._equal = None

    def _search(self, *, lexicographic: bool = False) -> bool:
        """Take the preferred choice; false where its proof was too long."""
        left = None if math.isinf(self._deadline) else self._deadline - time.monotonic()
        options = ReferenceOptions(
            time_limit=left,
            cancelled=self._cancelled,
            max_states=_STATES,
            warm_start=WarmStart(None, self.choice),
            fall_back=False,
            lexicographic=lexicographic,
        )
        found = self._solve(self.mckp, options)
        if found.choice is not None:
            self.choice = found.choice
        if found.open is not None:
            self.mckp = replace(self.mckp, allowed=found.open)
        return found.status == "optimal"


def _variables(mckp: Mckp, choice: IntArray) -> BoolArray:
    """What an optimum can have, by the bound of the score, shape (n,)."""
    form = to_form(mckp)
    if form is None:
        return mckp.allowed
    bound = best_bound(form)
    found = bound.variables(form, form.total(choice) - bound.value)
    found[choice] = True
    return found
