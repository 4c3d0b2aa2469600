"""Find the rows that say where a run of marked variables is too long."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from puzzle_widgets.problem.mckp import BoolArray, IntArray, Mckp


@dataclass(frozen=True, eq=False)
class Runs:
    """Limits on how many layers in a row have marked variables.

    Parameters
    ----------
    marked
        Variables that count, shape (n,).
    longest
        How long a run may be that ends with a layer; as many as there are layers where nothing
        limits it, shape (layers,).
    rows
        The knapsack's rows that say something else, shape (others,).
    """

    marked: BoolArray
    longest: IntArray
    rows: IntArray

    def rest(self, mckp: Mckp) -> Mckp:
        """A knapsack of the same rows without those that limit runs."""
        kept = self.rows
        names = tuple(mckp.rows[row] for row in kept.tolist())
        return replace(
            mckp,
            cost=mckp.cost[kept],
            lower=mckp.lower[kept],
            upper=mckp.upper[kept],
            rows=names,
        )

    def holds(self, choice: IntArray) -> bool:
        """Whether a choice has no run that is too long."""
        run = 0
        for marked, most in zip(self.marked[choice].tolist(), self.longest.tolist(), strict=True):
            run = run + 1 if marked else 0
            if run > most:
                return False
        return True


def find_runs(mckp: Mckp) -> Runs | None:
    """Read the rows that count the marked variables of layers in a row, all but one of them.

    Rows that mark other variables of a layer than an earlier one stay rows.

    Returns
    -------
    Runs or None
        ``None`` where no row limits runs.
    """
    found = _windows(mckp)
    if not found:
        return None
    marked, known = np.zeros_like(mckp.allowed), np.zeros(mckp.layers, dtype=np.bool_)
    longest = np.full(mckp.layers, mckp.layers)
    others = np.ones(len(mckp.rows), dtype=np.bool_)
    for row, first, last in found:
        own, own_layers = mckp.cost[row] != 0, np.zeros_like(known)
        own_layers[first : last + 1] = True
        both = np.repeat(known & own_layers, np.diff(mckp.starts))
        if (own[both] != marked[both]).any():
            continue
        marked |= own
        known |= own_layers
        longest[last] = min(longest[last], last - first)
        others[row] = False
    return Runs(marked, longest, np.flatnonzero(others))


def _windows(mckp: Mckp) -> list[tuple[int, int, int]]:
    """Rows that some layers in a row must not all be marked: row, first and last layer."""
    limited = np.isneginf(mckp.lower) & (mckp.upper >= 0) & (mckp.upper < mckp.layers)
    rows = np.flatnonzero(limited)
    cost = mckp.cost[rows]
    rows = rows[((cost == 0) | (cost == 1)).all(axis=1)]
    some = np.logical_or.reduceat(mckp.cost[rows] != 0, mckp.starts[:-1], axis=1)
    found = []
    for row, layers in zip(rows.tolist(), some, strict=True):
        places = np.flatnonzero(layers)
        whole = places.size and places[-1] - places[0] + 1 == places.size
        if whole and int(mckp.upper[row]) == places.size - 1:
            found.append((row, int(places[0]), int(places[-1])))
    return found
