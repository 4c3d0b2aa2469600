"""The bare knapsack behind a problem: arrays only, no names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from puzzle_widgets.library import BlockLibrary, LayerName
from puzzle_widgets.problem.problem import Architecture, Difference, SearchProblem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Mckp:
    """Multiple-choice knapsack: one variable of each layer, least summed score, within the rows.

    Parameters
    ----------
    score
        To be minimised, shape (n,), n variants of all layers.
    starts
        Layer ``i`` owns the variables ``starts[i]:starts[i + 1]``, shape (layers + 1,).
    cost
        One row a budget, shape (rows, n).
    lower, upper
        Limits of each row's sum, shape (rows,); infinite where there is none.
    allowed
        Variables that may be chosen, shape (n,).
    rows
        What each row is: the resource, or a rule of difference.
    outside
        What was taken off each row's limits for costs outside the blocks, shape (rows,); it
        widens the rounding allowed.
    """

    score: FloatArray
    starts: IntArray
    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    allowed: BoolArray
    rows: tuple[str, ...]
    outside: FloatArray | None = None

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.starts) - 1

    @cached_property
    def tolerance(self) -> FloatArray:
        """Rounding allowed in each row's sum: 1e-12 of the largest sum of magnitudes."""
        if not self.rows:
            return np.zeros(0)
        sizes = np.abs(np.where(self.allowed, self.cost, 0.0))
        largest = np.maximum.reduceat(sizes, self.starts[:-1], axis=1)
        outside = 0.0 if self.outside is None else np.abs(self.outside)
        return np.asarray(1e-12 * (largest.sum(axis=1) + outside))

    def broken_rows(self, choice: IntArray) -> list[int]:
        """Rows whose limits a choice breaks, beyond rounding."""
        totals = self.totals(choice)
        over = totals > self.upper + self.tolerance
        under = totals < self.lower - self.tolerance
        return [int(row) for row in np.flatnonzero(over | under)]

    def totals(self, choice: IntArray) -> FloatArray:
        """Row sums of a choice (one flat variable index a layer), shape (rows,)."""
        return np.asarray(self.cost[:, choice].sum(axis=1))


def to_mckp(problem: SearchProblem) -> Mckp:
    """Write a problem as arrays; a rule of difference becomes a row of ones on the old variants.

    Differing from an architecture in at least d of L layers means sharing at most L - d of its
    variants (Puzzle, App. B: ``sum x y <= alpha L``). Costs outside the blocks are taken off the
    limits, and left out of the score.
    """
    library = problem.library
    costs = [library.column(key) for key in problem.budgets]
    outside = [library.offset(key) for key in problem.budgets]
    limits = list(zip(problem.budgets.values(), outside, strict=True))
    lower = [budget.lower - offset for budget, offset in limits]
    upper = [budget.upper - offset for budget, offset in limits]
    for rule in problem.differences:
        costs.append(_membership(library, rule.architecture))
        lower.append(-math.inf)
        upper.append(float(len(library.layers) - rule.layers))
        outside.append(0.0)
    return Mckp(
        problem.sign * library.column(problem.objective),
        library.starts,
        np.array(costs).reshape(len(costs), int(library.starts[-1])),
        np.array(lower, dtype=np.float64),
        np.array(upper, dtype=np.float64),
        _allowed(problem),
        row_names(problem),
        np.array(outside) if any(outside) else None,
    )


def row_names(problem: SearchProblem) -> tuple[str, ...]:
    """What each row of the knapsack is: a resource, or a rule of difference."""
    return (*problem.budgets, *_difference_names(problem.differences))


def to_choice(library: BlockLibrary, architecture: Architecture) -> IntArray:
    """Flat variable index of every layer's variant, shape (layers,)."""
    places = [layer.positions[architecture[layer.name]] for layer in library.layers]
    return library.starts[:-1] + np.array(places, dtype=np.intp)


def to_architecture(
    library: BlockLibrary, choice: Sequence[int] | IntArray
) -> dict[LayerName, str]:
    """Turn a choice back into names, ``{layer: variant}``."""
    return {
        layer.name: layer.variants[int(index) - int(start)].name
        for layer, start, index in zip(library.layers, library.starts[:-1], choice, strict=True)
    }


def _membership(library: BlockLibrary, architecture: Architecture) -> FloatArray:
    row = np.zeros(int(library.starts[-1]))
    for layer, start in zip(library.layers, library.starts[:-1], strict=True):
        if layer.name in architecture:
            row[start + layer.positions[architecture[layer.name]]] = 1.0
    return row


def _difference_names(differences: Sequence[Difference]) -> list[str]:
    return [
        f"difference {place} (at least {rule.layers} layers)"
        for place, rule in enumerate(differences, 1)
    ]


def _allowed(problem: SearchProblem) -> BoolArray:
    library = problem.library
    allowed = np.ones(int(library.starts[-1]), dtype=np.bool_)
    for name, variant in problem.fixed.items():
        place = library.layer_positions[name]
        start, end = library.starts[place], library.starts[place + 1]
        allowed[start:end] = False
        allowed[start + library.layers[place].positions[variant]] = True
    for name, variants in problem.banned.items():
        place = library.layer_positions[name]
        for variant in variants:
            allowed[library.starts[place] + library.layers[place].positions[variant]] = False
    return allowed
