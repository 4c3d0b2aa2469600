"""Step 3: an architecture within the limits at once, by rounding, repair and swaps."""

from __future__ import annotations

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray
from puzzle_widgets.search.reference.form import Form

_TINY = 1e-12


def first_choice(form: Form, reduced: FloatArray) -> IntArray | None:
    """Take each layer's least reduced score, repair broken limits, then improve by swaps.

    Parameters
    ----------
    form
        The knapsack.
    reduced
        Reduced scores at good multipliers, shape (layers, width).

    Returns
    -------
    array or None
        One place per layer; ``None`` where the repair fails, which proves nothing.
    """
    choice = reduced.argmin(axis=1)
    repaired = _repair(form, reduced, choice)
    if repaired is None:
        return None
    return improve(form, repaired)


def improve(form: Form, choice: IntArray) -> IntArray:
    """Swap one layer's variant at a time for the best gain, while the limits allow."""
    layers = np.arange(form.layers)
    choice, totals = choice.copy(), _totals(form, choice)
    for _ in range(3 * form.layers):
        gain = form.score - form.score[layers, choice][:, None]
        moved = totals[:, None, None] + form.cost - form.cost[:, layers, choice][:, :, None]
        fits = (moved <= form.limit[:, None, None]).all(axis=0) & (gain < -_TINY)
        if not fits.any():
            break
        layer, place = np.unravel_index(np.where(fits, gain, np.inf).argmin(), gain.shape)
        totals = moved[:, layer, place]
        choice[layer] = place
    return choice


def _repair(form: Form, reduced: FloatArray, choice: IntArray) -> IntArray | None:
    """Swap where the least reduced score is paid per unit of excess removed."""
    layers = np.arange(form.layers)
    choice, totals = choice.copy(), _totals(form, choice)
    for _ in range(4 * form.layers):
        excess = np.maximum(totals - form.limit, 0.0).sum()
        if excess <= 0:
            return choice
        moved = totals[:, None, None] + form.cost - form.cost[:, layers, choice][:, :, None]
        left = np.maximum(moved - form.limit[:, None, None], 0.0).sum(axis=0)
        removed = np.where(np.isfinite(form.score), excess - left, 0.0)
        paid = np.maximum(reduced - reduced[layers, choice][:, None], _TINY)
        useful = removed > _TINY
        if not useful.any():
            return None
        rate = np.where(useful, paid / np.where(useful, removed, 1.0), np.inf)
        layer, place = np.unravel_index(rate.argmin(), rate.shape)
        totals = moved[:, layer, place]
        choice[layer] = place
    return None


def _totals(form: Form, choice: IntArray) -> FloatArray:
    return np.asarray(form.cost[:, np.arange(form.layers), choice].sum(axis=1))
