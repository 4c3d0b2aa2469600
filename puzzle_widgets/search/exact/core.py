r"""Step 4: reduced-cost fixing leaves the core.

An architecture's score exceeds the bound by its *excess*: the sum of its variants' reduced
scores, plus each multiplier times the budget left over. So a variant whose reduced score alone is
more than :math:`\Delta` is in no architecture of excess up to :math:`\Delta`
(Kellerer, Pferschy, Pisinger, *Knapsack Problems*, ch. 11).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray
from puzzle_widgets.search.exact.form import Form


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
        One place a layer; right where the layer is decided, shape (layers,).
    left
        Limits less the use of the decided layers, shape (rows,).
    """

    layers: tuple[CoreLayer, ...]
    fixed: IntArray
    left: FloatArray

    def weightiest_first(self, multipliers: FloatArray) -> Core:
        """The same core with the layers first whose choice moves the budgets most.

        What is left for the later layers to even out is then small, so that hopeless states show
        early.
        """

        def weight(layer: CoreLayer) -> float:
            return -float(np.abs((layer.cost - layer.cost[0]) @ multipliers).max())

        return replace(self, layers=tuple(sorted(self.layers, key=weight)))


def core_of(form: Form, reduced: FloatArray, excess: float) -> Core:
    """Keep the variants that an architecture of at most this excess can have."""
    kept = reduced <= excess
    open_layers = kept.sum(axis=1) > 1
    fixed = kept.argmax(axis=1)
    decided = np.flatnonzero(~open_layers)
    left = form.limit - form.cost[:, decided, fixed[decided]].sum(axis=1)
    layers = []
    for layer in np.flatnonzero(open_layers):
        places = np.flatnonzero(kept[layer])
        cost = np.ascontiguousarray(form.cost[:, layer, places].T)
        layers.append(CoreLayer(int(layer), places, reduced[layer, places], cost))
    return Core(tuple(layers), fixed, left)
