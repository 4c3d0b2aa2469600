"""Rules that can be kept layer by layer: what came before matters as one of a few states only.

Of a limit on runs it is the length of the run so far; of the same FFN over a range, that FFN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from puzzle_widgets.problem.mckp import FREE, BoolArray, IntArray, Kinds, Mckp
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import Outcome

# More states cost more than what they save.
_MOST_STATES = 256
# The bound mixes whole paths: over more than this share of the layers branching on kinds is better.
_WIDEST = 0.5
# One row is nothing to an engine; a rule of difference is one.
_FEWEST_WINDOWS = 2


class Unchained(NamedTuple):
    """Search a knapsack, and settle its ties, as if no rules were a chain."""

    solve: Callable[[Mckp, SearchOptions], Outcome]
    settle: Callable[[Mckp, Outcome, SearchOptions], Outcome]


@dataclass(frozen=True, eq=False)
class Chain:
    """What a knapsack's rows that limit runs and its rules of one kind say, by states.

    Parameters
    ----------
    classes
        Class of each variable, shape (n,): those of one class lead from state to state alike.
    after
        State after a layer by class and state before, the number of states where that breaks a
        rule, shape (layers, classes, states). State 0 is the first.
    lengths
        How many lengths of runs are told apart: a state's remainder is the length of the run so
        far, and of two states with the same quotient the one of the shorter run allows as much.
    rows
        The knapsack's rows that say something else, shape (others,).
    kinds
        Its rules that count and are not kept here.
    """

    classes: IntArray
    after: IntArray
    lengths: int
    rows: IntArray
    kinds: tuple[Kinds, ...]

    def rest(self, mckp: Mckp) -> Mckp:
        """A knapsack of the same rules without those that are kept here."""
        kept = self.rows
        names = tuple(mckp.rows[row] for row in kept.tolist())
        return replace(
            mckp,
            cost=mckp.cost[kept],
            lower=mckp.lower[kept],
            upper=mckp.upper[kept],
            rows=names,
            kinds=self.kinds,
        )

    def holds(self, choice: IntArray) -> bool:
        """Whether a choice keeps the rules."""
        state, broken = 0, self.after.shape[2]
        for layer, own in enumerate(self.classes[choice].tolist()):
            state = int(self.after[layer, own, state])
            if state == broken:
                return False
        return True


@dataclass(frozen=True, eq=False)
class _Part:
    """A chain of some of the rules: classes (n,), and states after each layer."""

    classes: IntArray
    after: IntArray

    @property
    def states(self) -> int:
        return int(self.after.shape[2])


def find_chain(mckp: Mckp) -> Chain | None:
    """Read the rows that limit runs, and the rules that allow one kind.

    Returns
    -------
    Chain or None
        ``None`` where there are none.
    """
    runs, others = _runs_of(mckp)
    slots, kinds = _slots(mckp, 1 if runs is None else runs.states)
    if runs is None and not slots:
        return None
    whole = _Part(np.zeros_like(mckp.starts, shape=len(mckp.score)), _nothing(mckp.layers))
    for slot in slots:
        whole = _both(whole, _slot_part(mckp, slot))
    lengths = 1 if runs is None else runs.states
    if runs is not None:
        whole = _both(whole, runs)
    whole = _narrowed(mckp, whole)
    return Chain(whole.classes, whole.after, lengths, others, kinds)


def _nothing(layers: int) -> IntArray:
    return np.zeros((layers, 1, 1), dtype=np.intp)


def _both(one: _Part, two: _Part) -> _Part:
    """The chain of both: pairs of classes and of states, the second one's as the remainder."""
    (layers, classes, states), (_, more, times) = one.after.shape, two.after.shape
    first, second = one.after[:, :, None, :, None], two.after[:, None, :, None, :]
    after = np.where(
        (first < states) & (second < times), first * times + second, states * times
    ).reshape(layers, classes * more, states * times)
    return _Part(one.classes * more + two.classes, after)


def _narrowed(mckp: Mckp, part: _Part) -> _Part:
    """The same with classes numbered anew in each layer, as many as it has."""
    pairs = zip(mckp.starts[:-1].tolist(), mckp.starts[1:].tolist(), strict=True)
    own = [np.unique(part.classes[begin:end], return_inverse=True) for begin, end in pairs]
    most = max(len(found) for found, _ in own)
    after = np.full((mckp.layers, most, part.states), part.states, dtype=np.intp)
    for layer, (found, _) in enumerate(own):
        after[layer, : len(found)] = part.after[layer, found]
    return _Part(np.concatenate([places for _, places in own]).astype(np.intp), after)


def _runs_of(mckp: Mckp) -> tuple[_Part | None, IntArray]:
    """A chain of the rows that count the marked variables of layers in a row, all but one of them.

    Rows that mark other variables of a layer than an earlier one stay rows: also gives those.
    """
    others = np.ones(len(mckp.rows), dtype=np.bool_)
    marked, known = np.zeros_like(mckp.allowed), np.zeros(mckp.layers, dtype=np.bool_)
    longest = np.full(mckp.layers, mckp.layers)
    for row, first, last in _windows(mckp):
        own, own_layers = mckp.cost[row] != 0, np.zeros_like(known)
        own_layers[first : last + 1] = True
        both = np.repeat(known & own_layers, np.diff(mckp.starts))
        if (own[both] != marked[both]).any():
            continue
        marked |= own
        known |= own_layers
        longest[last] = min(longest[last], last - first)
        others[row] = False
    if (~others).sum() < _FEWEST_WINDOWS:
        return None, np.arange(len(mckp.rows))
    return _run_part(marked, longest), np.flatnonzero(others)


def _windows(mckp: Mckp) -> Iterator[tuple[int, int, int]]:
    """Rows that some layers in a row must not all be marked: row, first and last layer."""
    limited = np.isneginf(mckp.lower) & (mckp.upper >= 0) & (mckp.upper < mckp.layers)
    rows = np.flatnonzero(limited)
    cost = mckp.cost[rows]
    rows = rows[((cost == 0) | (cost == 1)).all(axis=1)]
    some = np.logical_or.reduceat(mckp.cost[rows] != 0, mckp.starts[:-1], axis=1)
    for row, layers in zip(rows.tolist(), some, strict=True):
        places = np.flatnonzero(layers)
        whole = places.size and places[-1] - places[0] + 1 == places.size
        if whole and int(mckp.upper[row]) == places.size - 1:
            yield row, int(places[0]), int(places[-1])


def _run_part(marked: BoolArray, longest: IntArray) -> _Part:
    """States are lengths; the last stands for longer ones, too, where no layer limits them."""
    layers = len(longest)
    told_apart = int(longest[longest < layers].max(initial=0)) + 1
    reach = most = 0
    for limit in longest.tolist():
        reach = min(limit, reach + 1, told_apart)
        most = max(most, reach)
    longer = np.arange(most + 1) + 1
    after = np.zeros((layers, 2, most + 1), dtype=np.intp)
    after[:, 1] = np.where(longer <= longest[:, None], np.minimum(longer, most), most + 1)
    return _Part(marked.astype(np.intp), after)


def _slots(mckp: Mckp, states: int) -> tuple[list[list[Kinds]], tuple[Kinds, ...]]:
    """Put rules of one kind over ranges that do not meet into one slot; also gives the others."""
    slots: list[list[Kinds]] = []
    left = []
    for rule in mckp.kinds:
        slot = next(
            (one for one in slots if not any(_meet(mckp, rule, other) for other in one)), []
        )
        tried = [*slots] if slot else [*slots, slot]
        slot.append(rule)
        sizes = [max(_kinds_in(mckp, one) for one in own) + 1 for own in tried]
        first, last = _span(mckp, rule)
        narrow = last + 1 - first <= _WIDEST * mckp.layers
        if rule.most == 1 and narrow and states * int(np.prod(sizes)) <= _MOST_STATES:
            slots = tried
        else:
            slot.pop()
            left.append(rule)
    return slots, tuple(left)


def _kinds_in(mckp: Mckp, rule: Kinds) -> int:
    return len(rule.used(np.flatnonzero(mckp.allowed)))


def _span(mckp: Mckp, rule: Kinds) -> tuple[int, int]:
    """First and last layer that a rule counts in."""
    counted = np.logical_or.reduceat(rule.kind != FREE, mckp.starts[:-1])
    places = np.flatnonzero(counted)
    return (int(places[0]), int(places[-1])) if len(places) else (0, 0)


def _meet(mckp: Mckp, one: Kinds, two: Kinds) -> bool:
    (first, last), (begin, end) = _span(mckp, one), _span(mckp, two)
    return first <= end and begin <= last


def _slot_part(mckp: Mckp, rules: list[Kinds]) -> _Part:
    """States are kinds from 1 on, and 0 before there is one and after the last layer of a rule."""
    states = max(_kinds_in(mckp, rule) for rule in rules) + 1
    classes = np.zeros(len(mckp.score), dtype=np.intp)
    after = np.zeros((mckp.layers, states, states), dtype=np.intp)
    kind = np.arange(states)
    same = np.where((kind == 0) | (kind == kind[:, None]), kind[:, None], states)
    same[0] = kind
    for rule in rules:
        used = rule.used(np.flatnonzero(mckp.allowed))
        counts = np.isin(rule.kind, used)
        classes[counts] = np.searchsorted(used, rule.kind[counts]) + 1
        first, last = _span(mckp, rule)
        after[first : last + 1] = same
        after[last] = np.where(same < states, 0, states)
    return _Part(classes, after)
