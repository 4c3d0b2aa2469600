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
FREE = -1
"""Kind of the variables that a rule does not count."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """A rule that counts: a choice has variables of at most so many kinds.

    Parameters
    ----------
    name
        Words for people.
    kind
        Kind of each variable, from 0 on; ``FREE`` where it does not count, shape (n,).
    most
        Greatest number of kinds.
    """

    name: str
    kind: IntArray
    most: int

    def used(self, choice: IntArray) -> IntArray:
        """Kinds that a choice has, sorted."""
        kinds = np.unique(self.kind[choice])
        return np.asarray(kinds[kinds != FREE], dtype=np.intp)

    def holds(self, choice: IntArray) -> bool:
        """Whether a choice has few enough."""
        return len(self.used(choice)) <= self.most


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
    kinds
        Rules that count kinds of variables; no row states them.
    """

    score: FloatArray
    starts: IntArray
    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    allowed: BoolArray
    rows: tuple[str, ...]
    ties: FloatArray | None = None
    kinds: tuple[Kinds, ...] = ()

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.starts) - 1

    def broken_rows(self, choice: IntArray) -> list[int]:
        """Rows whose limits a choice breaks when it is summed exactly."""
        totals = self.totals(choice)
        return [int(row) for row in np.flatnonzero((totals > self.upper) | (totals < self.lower))]

    def broken(self, choice: IntArray) -> list[str]:
        """Names of the rows and of the rules that count which a choice breaks."""
        rows = [self.rows[row] for row in self.broken_rows(choice)]
        return rows + [rule.name for rule in self.kinds if not rule.holds(choice)]

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
