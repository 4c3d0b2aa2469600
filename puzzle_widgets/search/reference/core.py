r"""Step 4: reduced-cost fixing leaves the core.

An architecture's score exceeds the bound by its *excess*: the sum of its variants' reduced
scores, plus each multiplier times the budget left over. So a variant whose reduced score alone is
more than :math:`\Delta` is in no architecture of excess up to :math:`\Delta`
(Kellerer, Pferschy, Pisinger, *Knapsack Problems*, ch. 11).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray
from puzzle_widgets.search.reference.form import Form


@dataclass(frozen=True, eq=False)
class CoreLayer:
    """A layer with several variants left: places, reduced scores (k,) and costs (k, rows)."""

    layer: int
    places: IntArray
    reduced: FloatArray
    cost: FloatArray


@dataclass(frozen=True, eq=False)
class Core:
    """What is left to decide.

    Parameters
    ----------
    layers
        Layers with more than one variant left, at first in the network's order.
    fixed
        One place per layer; right where the layer is decided, shape (layers,).
    left
        Limits less the use of the decided layers, shape (rows,).
    """

    layers: tuple[CoreLayer, ...]
    fixed: IntArray
    left: FloatArray

    @cached_property
    def starts(self) -> IntArray:
        """Where each layer begins in ``reduced`` and ``cost``, shape (layers,)."""
        counts = [0, *(len(layer.reduced) for layer in self.layers)]
        return np.cumsum(counts[:-1])

    @cached_property
    def reduced(self) -> FloatArray:
        """Reduced scores of all layers' variants in turn, shape (variants,)."""
        return np.concatenate([np.zeros(0), *(layer.reduced for layer in self.layers)])

    @cached_property
    def cost(self) -> FloatArray:
        """Their costs, shape (variants, rows)."""
        return np.concatenate([np.zeros((0, len(self.left))), *(each.cost for each in self.layers)])

    def weightiest_first(self, multipliers: FloatArray) -> Core:
        """The same core with the layers first whose choice moves the budgets most.

        What is left for the later layers to even out is then small, so that hopeless states show
        early.
        """
        if len(self.layers) < 2:
            return self
        counts = [len(layer.reduced) for layer in self.layers]
        moved = np.abs(
            np.einsum(
                "vq,q->v",
                self.cost - np.repeat(self.cost[self.starts], counts, axis=0),
                multipliers,
            )
        )
        weight = np.maximum.reduceat(moved, self.starts)
        order = np.argsort(-weight, kind="stable")
        return replace(self, layers=tuple(self.layers[place] for place in order))


def core_of(form: Form, reduced: FloatArray, excess: float) -> Core:
    """Keep the variants that an architecture of at most this excess can have."""
    kept = reduced <= excess
    open_layers = kept.sum(axis=1) > 1
    fixed = kept.argmax(axis=1)
    decided = np.flatnonzero(~open_layers)
    left = form.limit - form.cost[:, decided, fixed[decided]].sum(axis=1)
    layer, place = np.nonzero(kept & open_layers[:, None])
    values, cost = reduced[layer, place], np.ascontiguousarray(form.cost[:, layer, place].T)
    ends = np.cumsum(kept.sum(axis=1)[open_layers]).tolist()
    layers = [
        CoreLayer(number, place[start:end], values[start:end], cost[start:end])
        for number, start, end in zip(
            np.flatnonzero(open_layers).tolist(), [0, *ends], ends, strict=False
        )
    ]
    return Core(tuple(layers), fixed, left)
