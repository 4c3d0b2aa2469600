"""The best choice that keeps all runs, at given multipliers: a shortest path over layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from puzzle_widgets.problem.mckp import BoolArray, FloatArray, IntArray
from puzzle_widgets.search.reference.form import Form
from puzzle_widgets.search.runs.windows import Runs


@dataclass(frozen=True, eq=False)
class Trellis:
    """How many marked layers came last, layer by layer.

    Parameters
    ----------
    marked
        Which variants count, shape (layers, width).
    after
        Length that a run has with one more marked layer, and ``lengths`` where that is too long,
        shape (layers, lengths).
    """

    marked: BoolArray
    after: IntArray

    @property
    def lengths(self) -> int:
        """How many lengths are told apart: 0, 1 and so on; the last stands for longer ones, too."""
        return self.after.shape[1]

    def cheapest(self, priced: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Least prices of a layer's unmarked and of its marked variants, shape (..., layers)."""
        unmarked = np.where(self.marked, np.inf, priced).min(axis=-1)
        return unmarked, np.where(self.marked, priced, np.inf).min(axis=-1)

    def to_come(self, unmarked: FloatArray, marked: FloatArray) -> FloatArray:
        """Least price of the layers from each one on, by the length before it.

        Takes prices of shape (fan, layers) and gives shape (layers + 1, fan, lengths + 1); what is
        too long is infinite.
        """
        fan, layers = unmarked.shape
        found = np.zeros((layers + 1, fan, self.lengths + 1))
        found[:, :, -1] = np.inf
        for layer in range(layers - 1, -1, -1):
            then = found[layer + 1]
            ends = unmarked[:, layer, None] + then[:, :1]
            goes_on = marked[:, layer, None] + then[:, self.after[layer]]
            np.minimum(ends, goes_on, out=found[layer, :, :-1])
        return found

    def so_far(self, unmarked: FloatArray, marked: FloatArray) -> FloatArray:
        """Least price of the layers before each one, by length, shape (layers + 1, lengths + 1)."""
        found = np.full((len(unmarked) + 1, self.lengths + 1), np.inf)
        found[0, 0] = 0.0
        for layer in range(len(unmarked)):
            before, then = found[layer], found[layer + 1]
            np.minimum.at(then, self.after[layer], before[:-1] + marked[layer])
            then[-1] = np.inf
            then[0] = before[:-1].min() + unmarked[layer]
        return found


def trellis_of(form: Form, runs: Runs) -> Trellis:
    """Write down the lengths that runs can have in a form, and how they go on."""
    limited = runs.longest[runs.longest < form.layers]
    told_apart, reach, longest = int(limited.max(initial=0)) + 1, 0, 0
    for most in runs.longest.tolist():
        reach = min(most, reach + 1, told_apart)
        longest = max(longest, reach)
    longer = np.arange(longest + 1) + 1
    after = np.where(longer <= runs.longest[:, None], np.minimum(longer, longest), longest + 1)
    return Trellis(runs.marked[form.flat] & np.isfinite(form.score), after)


@dataclass(frozen=True, eq=False)
class Path:
    """The best choice that keeps all runs at some multipliers, and the bound that it gives.

    Parameters
    ----------
    multipliers
        Of the form's rows, shape (rows,).
    value
        No choice that keeps rows and runs scores below it, in the form's unit.
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
    unmarked, marked = trellis.cheapest(priced)
    to_come = trellis.to_come(unmarked[None], marked[None])[:, 0]
    places = _places(trellis, priced, to_come)
    lines = np.arange(form.layers)
    value = float(to_come[0, 0] - np.einsum("q,q->", multipliers, form.limit))
    use = form.cost[:, lines, places].sum(axis=1)
    return Path(multipliers, value, places, float(form.score[lines, places].sum()), use)


def _places(trellis: Trellis, priced: FloatArray, to_come: FloatArray) -> IntArray:
    """Walk along the shortest path, and take the best variant of each layer."""
    unmarked = np.where(trellis.marked, np.inf, priced)
    marked = np.where(trellis.marked, priced, np.inf)
    least_unmarked, least_marked = unmarked.min(axis=1).tolist(), marked.min(axis=1).tolist()
    best_unmarked, best_marked = unmarked.argmin(axis=1).tolist(), marked.argmin(axis=1).tolist()
    places, run = [], 0
    for layer, then in enumerate(to_come[1:]):
        after = trellis.after[layer, run]
        goes_on = least_marked[layer] + then[after] < least_unmarked[layer] + then[0]
        run = after if goes_on else 0
        places.append(best_marked[layer] if goes_on else best_unmarked[layer])
    return np.array(places, dtype=np.intp)


def reduced_at(form: Form, trellis: Trellis, multipliers: FloatArray) -> FloatArray:
    """By how much each variant, forced, raises the bound, shape (layers, width)."""
    priced = form.score + form.priced(multipliers)
    unmarked, marked = trellis.cheapest(priced)
    to_come = trellis.to_come(unmarked[None], marked[None])[:, 0]
    so_far = trellis.so_far(unmarked, marked)[:-1, :-1]
    ends = so_far.min(axis=1) + to_come[1:, 0]
    then = np.take_along_axis(to_come[1:], trellis.after, axis=1)
    goes_on = (so_far + then).min(axis=1)
    around = np.where(trellis.marked, goes_on[:, None], ends[:, None])
    return np.asarray(np.maximum(priced + around - to_come[0, 0], 0.0))
