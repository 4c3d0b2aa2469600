"""The bare knapsack behind a problem: arrays only, no names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from puzzle_widgets.library import BlockLibrary, LayerName
from puzzle_widgets.problem.choices import Architecture

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]
# How far a budget may be overspent, as a share of it: the last digits of decimal fractions.
TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Mckp:
    """Multiple-choice knapsack: one variable of each layer, least summed score, within the rows.

    Parameters
    ----------
    score
        To be minimized, shape (n,), n variants of all layers.
    starts
        Layer ``i`` owns the variables ``starts[i]:starts[i + 1]``, shape (layers + 1,).
    cost
        One row per budget, shape (rows, n).
    lower, upper
        Limits of each row's exact sum, shape (rows,); infinite where there is none.
    allowed
        Variables that may be chosen, shape (n,).
    rows
        What each row is: the resource, or a rule of difference.
    ties
        Sums that are made least, one after the other, among choices of equal score, shape
        (levels, n). What is still equal goes to the lexicographically first.
    """

    score: FloatArray
    starts: IntArray
    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    allowed: BoolArray
    rows: tuple[str, ...]
    ties: FloatArray | None = None

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.starts) - 1

    def broken_rows(self, choice: IntArray) -> list[int]:
        """Rows whose limits a choice breaks when it is summed exactly."""
        totals = self.totals(choice)
        return [int(row) for row in np.flatnonzero((totals > self.upper) | (totals < self.lower))]

    def totals(self, choice: IntArray) -> FloatArray:
        """Row sums of a choice (one flat variable index per layer), shape (rows,)."""
        return np.array([math.fsum(row) for row in self.cost[:, choice].tolist()])


def to_choice(library: BlockLibrary, architecture: Architecture) -> IntArray:
    """Flat variable index of every layer's variant, shape (layers,)."""
    places = [layer.positions[architecture[layer.name]] for layer in library.layers]
    return library.starts[:-1] + np.array(places, dtype=np.intp)


def to_architecture(
    library: BlockLibrary, choice: Sequence[int] | IntArray
) -> dict[LayerName, str]:
    """Turn a choice back into names, ``{layer: variant}``."""
    names = library.variant_names
    chosen = [names[index] for index in np.asarray(choice).tolist()]
    return dict(zip(library.layer_positions, chosen, strict=True))
