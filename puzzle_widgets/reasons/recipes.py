"""Recipes: how the baselines choose, each giving one flat variable a layer, or why it finds none.

They run again for every answer that is shown, so draws are made side by side, as arrays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.model import FloatArray, IntArray, once_per_library
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.distinct import kind_of
from puzzle_widgets.problem.mckp import Mckp

BoolArray = npt.NDArray[np.bool_]

_ROUNDS, _HOPELESS = 10, 50
_SLACK = 1e-9
_NOTHING_ALLOWED = "A layer has no variant that is allowed."


@dataclass(frozen=True)
class Table:
    """The allowed variants of each layer side by side, padded to the widest layer.

    Parameters
    ----------
    variable
        Flat variable of each entry, shape (layers, width).
    real
        Whether an entry is a variant rather than padding, shape (layers, width).
    cost
        Costs of each entry, shape (rows, layers, width).
    least, most
        Ends of each layer's costs, shape (rows, layers).
    """

    variable: IntArray
    real: BoolArray
    cost: FloatArray
    least: FloatArray
    most: FloatArray


def greedy(problem: SearchProblem) -> IntArray | str:
    """Split each upper budget equally over the layers, and hand on what a layer leaves.

    Layers are visited by rising mean score of their variants (Puzzle, App. F.2.2).
    """
    mckp, spans = problem.mckp, spans_of(problem.mckp)
    if any(not len(span) for span in spans):
        return _NOTHING_ALLOWED
    limited = np.isfinite(mckp.upper)
    share = mckp.upper[limited] / mckp.layers
    cost, left = mckp.cost[limited], np.zeros(int(limited.sum()))
    means = [float(mckp.score[span].mean()) for span in spans]
    choice = np.zeros(mckp.layers, dtype=np.intp)
    for layer in np.argsort(means, kind="stable"):
        left = left + share
        span = spans[layer]
        fits = span[(cost[:, span] <= left[:, None]).all(axis=0)]
        choice[layer] = _best(mckp, fits) if len(fits) else _smallest(cost, span, left, share)
        left = left - cost[:, choice[layer]]
    return choice


def _best(mckp: Mckp, some: IntArray) -> int:
    return int(some[np.argmin(mckp.score[some])])


def _smallest(cost: FloatArray, some: IntArray, left: FloatArray, share: FloatArray) -> int:
    """What exceeds a layer's budgets least, where nothing fits: later layers make up for it."""
    over = (
        np.maximum(cost[:, some] - left[:, None], 0.0) / np.maximum(np.abs(share), 1e-300)[:, None]
    )
    return int(some[np.argmin(over.sum(axis=0))])


def homogeneous(problem: SearchProblem) -> IntArray | str:
    """Take the best of those with one block in all layers that keep the budgets and rules."""
    mckp, choices = problem.mckp, homogeneous_choices(problem.library)
    scores = [math.fsum(row) for row in mckp.score[choices].tolist()]
    allowed = mckp.allowed[choices].all(axis=1)
    for place in np.argsort(scores, kind="stable"):
        choice: IntArray = choices[place]
        if allowed[place] and not mckp.broken(choice):
            return choice
    return "No architecture with one block in every layer keeps the budgets and rules."


@once_per_library
def homogeneous_choices(library: BlockLibrary) -> IntArray:
    """Find the blocks that every layer has; flat variables, shape (blocks, layers)."""
    first: list[dict[object, int]] = []
    for start, layer in zip(library.starts.tolist(), library.layers, strict=False):
        known: dict[object, int] = {}
        for place, variant in enumerate(layer.variants):
            known.setdefault(kind_of(variant), start + place)
        first.append(known)
    everywhere = [kind for kind in first[0] if all(kind in known for known in first)]
    found = np.array([[known[kind] for known in first] for kind in everywhere], dtype=np.intp)
    return found.reshape(len(everywhere), len(first))


def random_feasible(problem: SearchProblem, seed: int, draws: int) -> IntArray | str:
    """Draw many architectures within the budgets at random; the one of median score."""
    mckp, rng = problem.mckp, np.random.default_rng(seed)
    spans = spans_of(mckp)
    if any(not len(span) for span in spans):
        return _NOTHING_ALLOWED
    table = table_of(mckp, spans)
    found: list[IntArray] = []
    tries = 0
    for _ in range(_ROUNDS):
        missing = draws - len(found)
        tries += missing
        found += _keeping(mckp, _drawn(mckp, table, missing, rng))
        if len(found) == draws or (tries >= _HOPELESS and not found):
            break
    if not found:
        return f"None of {tries} random draws meets all budgets together."
    scores = [math.fsum(mckp.score[choice].tolist()) for choice in found]
    return found[int(np.argsort(scores, kind="stable")[len(scores) // 2])]


def table_of(mckp: Mckp, spans: list[IntArray]) -> Table:
    """Lay the allowed variants of all layers out side by side."""
    counts = np.array([len(span) for span in spans])
    real = np.arange(counts.max()) < counts[:, None]
    variable = np.zeros(real.shape, dtype=np.intp)
    variable[real] = np.concatenate(spans)
    cost = mckp.cost[:, variable]
    least = np.where(real, cost, np.inf).min(axis=2)
    return Table(variable, real, cost, least, np.where(real, cost, -np.inf).max(axis=2))


def _drawn(mckp: Mckp, table: Table, draws: int, rng: np.random.Generator) -> list[IntArray]:
    """Draw layer by layer, each draw in an order of its own; those that never got stuck.

    A variant can be drawn if each limit can still be met with it, other limits aside.
    """
    order = rng.permuted(np.tile(np.arange(mckp.layers), (draws, 1)), axis=1)
    each, alive = np.arange(draws), np.ones(draws, dtype=bool)
    choice = np.zeros((draws, mckp.layers), dtype=np.intp)
    used = np.zeros((len(mckp.rows), draws))
    low, high = (np.tile(ends.sum(axis=1)[:, None], draws) for ends in (table.least, table.most))
    for layer in order.T:
        low, high = low - table.least[:, layer], high - table.most[:, layer]
        can = _possible(mckp, table, layer, used, low, high)
        counts = can.sum(axis=1)
        alive &= counts > 0
        wanted = (rng.random(draws) * counts).astype(np.intp)
        place = np.argmax(can.cumsum(axis=1) > wanted[:, None], axis=1)
        choice[each, layer] = table.variable[layer, place]
        used += table.cost[:, layer, place]
    return list(choice[alive])


def _keeping(mckp: Mckp, drawn: list[IntArray]) -> list[IntArray]:
    """Those that keep every limit and rule; only what is near a limit has to be summed exactly."""
    if not drawn:
        return []
    cost = mckp.cost[:, np.array(drawn)]
    sums, near = cost.sum(axis=2), _SLACK * np.abs(cost).sum(axis=2)
    within = (sums <= mckp.upper[:, None] - near) & (sums >= mckp.lower[:, None] + near)
    clear = within.all(axis=0) if not mckp.kinds else np.zeros(len(drawn), dtype=bool)
    pairs = zip(drawn, clear.tolist(), strict=True)
    return [one for one, known in pairs if known or not mckp.broken(one)]


def _possible(
    mckp: Mckp,
    table: Table,
    layer: IntArray,
    used: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> BoolArray:
    """Which variants of each draw's layer leave each limit possible, shape (draws, width)."""
    slack = _SLACK * (np.abs(low) + np.abs(high) + np.abs(used))
    most = mckp.upper[:, None] + slack - low - used
    least = mckp.lower[:, None] - slack - high - used
    cost = table.cost[:, layer]
    within = (cost <= most[..., None]) & (cost >= least[..., None])
    possible: BoolArray = table.real[layer] & within.all(axis=0)
    return possible


def spans_of(mckp: Mckp) -> list[IntArray]:
    """Each layer's variables that are allowed."""
    ends = zip(mckp.starts[:-1].tolist(), mckp.starts[1:].tolist(), strict=True)
    return [start + np.flatnonzero(mckp.allowed[start:end]) for start, end in ends]
