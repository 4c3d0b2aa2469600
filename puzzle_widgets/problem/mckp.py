"""The bare knapsack behind a problem: arrays only, no names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from puzzle_widgets.library import BlockLibrary, LayerName

if TYPE_CHECKING:  # a problem writes itself by this module
    from puzzle_widgets.problem.problem import Architecture, Difference, SearchProblem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


# Less than this is not an amount to take a share of.
_NOTHING = 1e-300
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


def to_mckp(problem: SearchProblem, first: str = "") -> Mckp:
    """Write a problem as arrays; a rule of difference becomes a row of ones on the old variants.

    Differing from an architecture in at least d of L layers means sharing at most L - d of its
    variants (Puzzle, App. B: ``sum x y <= alpha L``). Non-block costs are taken off the
    limits, and left out of the score. Limits are widened by ``TOLERANCE`` of the budget itself,
    whatever the costs are; a budget of 0 is kept exactly.

    Parameters
    ----------
    problem
        The problem.
    first
        A cost that is made least before the others among choices of equal score.
    """
    library = problem.library
    costs = [library.column(key) for key in problem.budgets]
    lower, upper = [], []
    for key, budget in problem.budgets.items():
        lower.append(budget.lower - TOLERANCE * abs(budget.lower) - library.non_block_cost(key))
        upper.append(budget.upper + TOLERANCE * abs(budget.upper) - library.non_block_cost(key))
    for rule in problem.differences:
        costs.append(_membership(library, rule.architecture))
        lower.append(-math.inf)
        upper.append(float(len(library.layers) - rule.layers))
    return Mckp(
        problem.sign * library.column(problem.objective),
        library.starts,
        np.array(costs).reshape(len(costs), int(library.starts[-1])),
        np.array(lower, dtype=np.float64),
        np.array(upper, dtype=np.float64),
        _allowed(problem),
        row_names(problem),
        _ties(problem, first),
    )


def _ties(problem: SearchProblem, first: str) -> FloatArray:
    """Sums that decide between choices of equal score.

    Use of what is limited as shares of the limits; then each limited cost in turn, so that rounding
    hides no difference; then the rest as shares of the parent. More is worse for a lower limit,
    too: what lies above it is excess.
    """
    library = problem.library
    limited = list(problem.budgets)
    shares = {
        key: sum(
            _per_share(limit, library.parent_totals[key])
            for limit in (budget.lower, budget.upper)
            if math.isfinite(limit)
        )
        for key, budget in problem.budgets.items()
    }
    rest = {
        key: _per_share(library.parent_totals[key])
        for key in library.costs
        if key not in problem.budgets
    }
    levels = [library.column(first)] if first else []
    levels += [_weighted(library, shares)] if shares else []
    levels += [library.column(key) for key in limited] if len(limited) > 1 else []
    levels += [_weighted(library, rest)] if rest else []
    return np.array(levels).reshape(len(levels), int(library.starts[-1]))


def _per_share(*wholes: float) -> float:
    """One over the first of some amounts that a share can be taken of; else 1."""
    return next((1 / abs(whole) for whole in wholes if abs(whole) > _NOTHING), 1.0)


def _weighted(library: BlockLibrary, weights: Mapping[str, float]) -> FloatArray:
    return np.asarray(sum(weight * library.column(key) for key, weight in weights.items()))


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
