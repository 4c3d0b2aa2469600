"""Measured points: what was found of whole models, to set beside what the sums predict."""

from __future__ import annotations

import math
from dataclasses import dataclass

from puzzle_widgets.library import BlockLibrary, FrozenMapping, LayerName
from puzzle_widgets.library.quantity import RUNTIME, THROUGHPUT


@dataclass(frozen=True)
class MeasuredPoint:
    """One whole model that was measured.

    Parameters
    ----------
    name
        Words for people.
    values
        What was measured, by dotted key, such as ``{"metrics.lm_loss": 1.24}``; costs are of the
        whole model, the non-block costs included. ``"throughput"`` (tokens/s) may be
        among them.
    source
        File, or how it was measured.
    architecture
        ``{layer: variant}`` where it is known and the library's figures are of these very blocks:
        of a model that was trained further they are not.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> len(state.measured), state.measured[0].name
    (40, 'parent')
    >>> mine = pw.MeasuredPoint("mine", {"metrics.lm_loss": 1.24}, "by hand")
    >>> state.set_measured([*state.measured, mine])
    """

    name: str
    values: FrozenMapping[str, float]
    source: str = ""
    architecture: FrozenMapping[LayerName, str] | None = None

    def use(self, library: BlockLibrary, resource: str) -> float | None:
        """What was measured of a resource, or of throughput (tokens/s); ``None`` where nothing."""
        value = self.values.get(resource)
        if value is None and resource == THROUGHPUT and RUNTIME in self.values:
            value = library.throughput(self.values[RUNTIME])
        return value if value is not None and math.isfinite(value) else None

    def on_sum(self, library: BlockLibrary, key: str) -> float | None:
        """Position of the measured value on an axis of sums over the layers; ``None`` for no place.

        Costs, and scores that are 0 for the parent (divergences), are unchanged. A score
        that is not, such as an LM loss, was summed over all layers: the measured value is as
        far from the parent's sum as it is from the parent's own value. Where the parent's value
        differs from layer to layer its own value is not known.
        """
        value = self.values.get(key)
        if value is None or not math.isfinite(value):
            return None
        if key in library.costs:
            return value
        own = parent_score(library, key)
        if own is None:
            return None
        return library.parent_totals[key] + value - own


def parent_score(library: BlockLibrary, key: str) -> float | None:
    """The parent's own value of a score, where its block has the same in every layer."""
    values = {layer.parent_variant.values[key] for layer in library.layers}
    return next(iter(values)) if len(values) == 1 else None
