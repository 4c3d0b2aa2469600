"""The best choice that keeps a chain of rules, at given multipliers: a shortest path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray
from puzzle_widgets.search.chains.chain import Chain
from puzzle_widgets.search.reference.form import Form


@dataclass(frozen=True, eq=False)
class Trellis:
    """A chain over the variants of a form.

    Parameters
    ----------
    classes
        Class of each variant, shape (layers, width).
    members
        Places of each class's variants, and ``width`` where there is none, shape
        (layers, classes, most).
    after
        As of a chain, shape (layers, classes, states).
    lengths
        As of a chain.
    """

    classes: IntArray
    members: IntArray
    after: IntArray
    lengths: int

    @property
    def states(self) -> int:
        """How many states there are."""
        return int(self.after.shape[2])

    def cheapest(self, priced: FloatArray) -> FloatArray:
        """Least price of each class, shape (..., layers, classes)."""
        return np.asarray(self._of_members(priced).min(axis=-1))

    def best_places(self, priced: FloatArray) -> IntArray:
        """The variant of least price of each class, shape (layers, classes)."""
        best = self._of_members(priced).argmin(axis=-1)
        return np.take_along_axis(self.members, best[..., None], axis=-1)[..., 0]

    def _of_members(self, priced: FloatArray) -> FloatArray:
        none = np.full((*priced.shape[:-1], 1), np.inf)
        layers = np.arange(len(self.members))[:, None, None]
        return np.concatenate([priced, none], axis=-1)[..., layers, self.members]

    def to_come(self, prices: FloatArray) -> FloatArray:
        """Least price of the layers from each one on, by the state before it.

        Takes prices of classes, shape (fan, layers, classes), and gives shape
        (layers + 1, fan, states + 1); what breaks a rule is infinite.
        """
        fan, layers, _ = prices.shape
        found = np.zeros((layers + 1, fan, self.states + 1))
        found[:, :, -1] = np.inf
        for layer in range(layers - 1, -1, -1):
            then = found[layer + 1][:, self.after[layer]]
            then += prices[:, layer, :, None]
            then.min(axis=1, out=found[layer, :, :-1])
        return found

    def so_far(self, prices: FloatArray) -> FloatArray:
        """Least price of the layers before each one, by state, shape (layers, states)."""
        layers, _ = prices.shape
        found = np.full((layers + 1, self.states + 1), np.inf)
        found[0, 0] = 0.0
        for layer in range(layers):
            price = found[layer, :-1] + prices[layer, :, None]
            np.minimum.at(found[layer + 1], self.after[layer].ravel(), price.ravel())
            found[layer + 1, -1] = np.inf
        return found[:-1, :-1]


def trellis_of(form: Form, chain: Chain) -> Trellis:
    """Lay a chain over the variants of a form."""
    layers, width = form.score.shape
    classes = chain.classes[form.flat]
    own = (classes[..., None] == np.arange(chain.after.shape[1])) & np.isfinite(form.score)[
        ..., None
    ]
    rank = own.cumsum(axis=1) - 1
    members = np.full((layers, own.shape[2], max(int(own.sum(axis=1).max()), 1)), width)
    layer, place, of = np.nonzero(own)
    members[layer, of, rank[layer, place, of]] = place
    return Trellis(classes, members, chain.after, chain.lengths)


@dataclass(frozen=True, eq=False)
class Path:
    """The best choice that keeps a chain at some multipliers, and the bound that it gives.

    Parameters
    ----------
    multipliers
        Of the form's rows, shape (rows,).
    value
        No choice that keeps rows and chain scores below it, in the form's unit.
    places
        One place per layer, shape (layers,).
    score, use
        What they score and use, shape (rows,).
    """

    multipliers: FloatArray
    value: float
    places: IntArray
    score: float
    use: FloatArray


def path_at(form: Form, trellis: Trellis, multipliers: FloatArray) -> Path:
    """The shortest path at given multipliers."""
    priced = form.score + form.priced(multipliers)
    prices = trellis.cheapest(priced)
    to_come = trellis.to_come(prices[None])[:, 0]
    if np.isinf(to_come[0, 0]):  # no choice keeps the chain
        none = np.zeros(form.layers, dtype=np.intp)
        return Path(multipliers, np.inf, none, np.inf, np.full(len(multipliers), np.inf))
    places = _places(trellis, priced, prices, to_come)
    lines = np.arange(form.layers)
    value = float(to_come[0, 0] - np.einsum("q,q->", multipliers, form.limit))
    use = form.cost[:, lines, places].sum(axis=1)
    return Path(multipliers, value, places, float(form.score[lines, places].sum()), use)


def _places(
    trellis: Trellis, priced: FloatArray, prices: FloatArray, to_come: FloatArray
) -> IntArray:
    """Walk along the shortest path, and take the best variant of each layer."""
    found, state = [], 0
    for layer, price in enumerate(prices):
        then = trellis.after[layer, :, state]
        best = int((price + to_come[layer + 1, then]).argmin())
        state = then[best]
        found.append(best)
    return trellis.best_places(priced)[np.arange(len(found)), found]


def reduced_at(form: Form, trellis: Trellis, multipliers: FloatArray) -> FloatArray:
    """By how much each variant, forced, raises the bound, shape (layers, width)."""
    priced = form.score + form.priced(multipliers)
    prices = trellis.cheapest(priced)
    to_come, so_far = trellis.to_come(prices[None])[:, 0], trellis.so_far(prices)
    layers = np.arange(form.layers)[:, None, None]
    around = (so_far[:, None] + to_come[1:][layers, trellis.after]).min(axis=2)
    of_variant = np.take_along_axis(around, trellis.classes, axis=1)
    return np.asarray(np.maximum(priced + of_variant - to_come[0, 0], 0.0))
