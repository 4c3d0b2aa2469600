"""Dynamic programming over a chain's state, the use of each row and the score proves the optimum.

It is that of the reference, layer by layer in the network's order, with a mark in each state: where
it is in the chain. A state goes when another one makes it needless: one in the same place, or with
a shorter run, of no worse a score that uses no more (one row), or as much (several).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.problem.mckp import BoolArray, FloatArray, IntArray
from puzzle_widgets.search.chains.path import Trellis
from puzzle_widgets.search.outcome import StoppedError, TooManyStatesError
from puzzle_widgets.search.reference.dynamic import (
    EQUAL_USE,
    SAME,
    Least,
    fan_of,
    firsts,
    weights,
)
from puzzle_widgets.search.reference.form import LAST_DIGITS, Form

_PIECE = 20_000


@dataclass(frozen=True, eq=False)
class _States:
    """Choices for the layers so far, in lexicographic order.

    ``use`` (n, rows), ``score`` (n,), ``mark`` (n,): the chain's state, and ``origin`` (n,): index
    of the state before times the layer's variants, plus the variant.
    """

    use: FloatArray
    score: FloatArray
    mark: IntArray
    origin: IntArray

    def __len__(self) -> int:
        return len(self.score)

    def taken(self, kept: IntArray | BoolArray) -> _States:
        """Some of them."""
        return _States(self.use[kept], self.score[kept], self.mark[kept], self.origin[kept])


@dataclass(frozen=True, eq=False)
class Wish:
    """What is looked for.

    Parameters
    ----------
    most
        Greatest score of interest, in the form's unit.
    cap
        Greatest number of states.
    beam
        Whether states beyond the cap are left out, the least promising ones, so that what is
        found proves nothing; else they are too many.
    lexicographic
        Whether the lexicographically first of equal choices is wanted.
    """

    most: float
    cap: int
    beam: bool = False
    lexicographic: bool = False


def least_score(
    form: Form,
    trellis: Trellis,
    multipliers: FloatArray,
    wish: Wish,
    stopped: Callable[[], bool],
) -> Least:
    """Find a choice of least score within rows and chain, if there is one of interest.

    Returns
    -------
    Least
        Its score in place of the excess.

    Raises
    ------
    TooManyStatesError, StoppedError
        Where nothing is decided.
    """
    return _Program(form, trellis, multipliers, wish, stopped).least()


class _Program:
    """One run of the dynamic program."""

    def __init__(
        self,
        form: Form,
        trellis: Trellis,
        multipliers: FloatArray,
        wish: Wish,
        stopped: Callable[[], bool],
    ) -> None:
        self._form, self._trellis, self._wish, self._stopped = form, trellis, wish, stopped
        self._same = SAME + LAST_DIGITS * (form.worst + form.largest(multipliers))
        self._allowed = wish.most + self._same
        self._fan = multipliers + fan_of(multipliers)
        priced = form.score + np.einsum("fq,qlw->flw", self._fan, form.cost)
        self._to_come = trellis.to_come(trellis.cheapest(priced))
        self._to_come -= np.einsum("fq,q->f", self._fan, form.limit)[:, None]
        self._places = [np.flatnonzero(line) for line in np.isfinite(form.score)]
        self._tied, self._most = False, 1

    def least(self) -> Least:
        """Layer by layer, then the best of what is left."""
        rows = len(self._form.limit)
        none = np.zeros(1, dtype=np.intp)
        states = _States(np.zeros((1, rows)), np.zeros(1), none, none)
        history = []
        for layer, places in enumerate(self._places):
            if len(places) == 1:
                states = self._with_only(states, layer, int(places[0]))
            else:
                states = self._kept(self._extended(states, layer), layer)
            self._most = max(self._most, len(states))
            history.append(states.origin)
        within = (states.use <= self._form.limit).all(axis=1)
        total = np.where(within, states.score, np.inf)
        if not len(total) or not total.min() <= self._allowed:
            return Least(None, np.inf, self._most)
        best = float(total.min())
        as_good = np.flatnonzero(total <= best + self._same)
        places = self._traced(history, int(as_good[0]))
        return Least(places, best, self._most, self._tied or len(as_good) > 1)

    def _with_only(self, states: _States, layer: int, place: int) -> _States:
        """Give every state the only variant of a layer that is decided."""
        own = self._trellis.classes[layer, place]
        mark = self._trellis.after[layer, own][states.mark]
        use, score = self._form.cost[:, layer, place], self._form.score[layer, place]
        states = _States(states.use + use, states.score + score, mark, np.arange(len(states)))
        return states.taken(np.flatnonzero(mark < self._trellis.states))

    def _extended(self, states: _States, layer: int) -> _States:
        """Give every state every variant of a layer, and keep what is of interest."""
        form, after = self._form, self._trellis.after[layer]
        places = self._places[layer]
        classes = self._trellis.classes[layer, places]
        count, step = len(places), max(1, _PIECE // len(places))
        rows, parts = len(form.limit), []
        for begin in range(0, len(states), step):
            if self._stopped():
                raise StoppedError
            some = states.taken(np.arange(begin, min(begin + step, len(states))))
            mark = after[classes][:, some.mark].T.ravel()
            score = (some.score[:, None] + form.score[layer, places]).ravel()
            origin = begin * count + np.arange(len(score))
            use = (some.use[:, None] + form.cost[:, layer, places].T).reshape(len(score), rows)
            parts.append(self._promising(_States(use, score, mark, origin), layer))
        return _joined(parts) if parts else states

    def _promising(self, states: _States, layer: int) -> _States:
        """Keep what some completion may bring within the limits, and to a score of interest."""
        states = states.taken(np.flatnonzero(states.mark < self._trellis.states))
        for fan, to_come in zip(self._fan, self._to_come[layer + 1], strict=True):
            least = states.score + np.einsum("q,sq->s", fan, states.use) + to_come[states.mark]
            kept = least <= self._allowed
            if not kept.all():
                states = states.taken(kept)
        return states

    def _kept(self, states: _States, layer: int) -> _States:
        """Drop needless states; of too many keep the most promising, or give up."""
        if len(states) > 1:
            kept, tied = self._needed(states)
            self._tied |= tied
            states = states.taken(np.sort(kept))
        if len(states) <= self._wish.cap:
            return states
        if not self._wish.beam:
            raise TooManyStatesError
        return states.taken(np.sort(self._promise(states, layer).argsort()[: self._wish.cap]))

    def _promise(self, states: _States, layer: int) -> FloatArray:
        """The least score that a state's completions can have."""
        best = np.full(len(states), -np.inf)
        for fan, to_come in zip(self._fan, self._to_come[layer + 1], strict=True):
            least = states.score + np.einsum("q,sq->s", fan, states.use) + to_come[states.mark]
            np.maximum(best, least, out=best)
        return best

    def _needed(self, states: _States) -> tuple[IntArray, bool]:
        """Places of states that no other makes needless, and whether some of those were as good."""
        if self._wish.lexicographic:
            return self._first_of_equal(states)
        if states.use.shape[1] == 1:
            return self._undominated(states)
        return self._best_of_equal_use(states)

    def _first_of_equal(self, states: _States) -> tuple[IntArray, bool]:
        """In one place with equal use, the first as good as the best."""
        sums = _sums(states)
        order = np.lexsort((states.score, states.mark, sums))
        alike = _alike(states, order, sums)
        alike = alike[states.mark[order[alike]] == states.mark[order[alike + 1]]]
        return firsts(order, alike, states.score, self._same)

    def _undominated(self, states: _States) -> tuple[IntArray, bool]:
        """With one row: what no state of no longer a run beats in use and score."""
        group, run = np.divmod(states.mark, self._trellis.lengths)
        order = np.lexsort((run, states.score, states.use[:, 0], group))
        ends = np.flatnonzero(np.diff(group[order])) + 1
        parts = [self._undominated_in(states, run, some) for some in np.split(order, ends)]
        return np.concatenate([kept for kept, _ in parts]), any(tied for _, tied in parts)

    def _undominated_in(
        self, states: _States, runs: IntArray, order: IntArray
    ) -> tuple[IntArray, bool]:
        """The same among states that differ in their runs only; they come by use, then score."""
        score, run = states.score[order], runs[order]
        kept, tied = np.zeros(len(order), dtype=np.bool_), False
        best = np.full(len(order), np.inf)
        for length in np.unique(run).tolist():
            own = run == length
            best = np.minimum(best, _before(np.where(own, score, np.inf)))
            kept |= own & (score < best)
            tied |= bool((own & (np.abs(score - best) <= self._same)).any())
        return order[kept], tied

    def _best_of_equal_use(self, states: _States) -> tuple[IntArray, bool]:
        """With several rows: of equal use the best of each run, if no shorter one is as good."""
        sums, lengths = _sums(states), self._trellis.lengths
        quotient, run = np.divmod(states.mark, lengths)
        order = np.lexsort((run, states.score, quotient, sums))
        alike = _alike(states, order, sums)
        joins = np.zeros(len(order), dtype=np.bool_)
        joins[alike[quotient[order[alike]] == quotient[order[alike + 1]]] + 1] = True
        # Lower by group, so that the running minimum begins anew with each.
        below = run[order] - np.cumsum(~joins) * (lengths + 1)
        kept = below < np.concatenate([[lengths], np.minimum.accumulate(below)[:-1]])
        score = states.score[order]
        near = np.concatenate([[False], score[1:] - score[:-1] <= self._same])
        return order[kept], bool((joins & ~kept & near).any())

    def _traced(self, history: list[IntArray], state: int) -> IntArray:
        """Follow a state back to its choice, one place per layer."""
        found = np.empty(self._form.layers, dtype=np.intp)
        for layer in range(self._form.layers - 1, -1, -1):
            places = self._places[layer]
            state, variant = divmod(int(history[layer][state]), len(places))
            found[layer] = places[variant]
        return found


def _joined(parts: list[_States]) -> _States:
    return _States(
        np.concatenate([part.use for part in parts]),
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.mark for part in parts]),
        np.concatenate([part.origin for part in parts]),
    )


def _before(values: FloatArray) -> FloatArray:
    """The least of the values before each one."""
    return np.concatenate([[np.inf], np.minimum.accumulate(values)[:-1]])


def _sums(states: _States) -> FloatArray:
    """One number for the use of all rows: equal for equal uses."""
    sums = np.einsum("sq,q->s", states.use, weights(states.use.shape[1]))
    return np.asarray(np.round(sums, 9))


def _alike(states: _States, order: IntArray, sums: FloatArray) -> IntArray:
    """Places in an order whose next one has the same use: different uses can have one sum."""
    alike = np.flatnonzero(sums[order[1:]] == sums[order[:-1]])
    apart = np.abs(states.use[order[alike + 1]] - states.use[order[alike]])
    return np.asarray(alike[(apart <= EQUAL_USE).all(axis=1)])
