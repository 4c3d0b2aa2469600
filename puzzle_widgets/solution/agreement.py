"""How well what is summed over blocks predicts what was measured of whole models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.model import FloatArray
from puzzle_widgets.solution.measured import MeasuredPoint, parent_score


@dataclass(frozen=True)
class Prediction:
    """One model, as predicted and as measured, in the unit of the figure itself.

    Parameters
    ----------
    point
        What was measured.
    predicted, measured
        The figure summed over the blocks, and of the whole model.
    parent
        Whether it is the parent itself, which predicts nothing.
    """

    point: MeasuredPoint
    predicted: float
    measured: float
    parent: bool = False

    @property
    def error(self) -> float:
        """Predicted less measured."""
        return self.predicted - self.measured


def predictions(
    points: Iterable[MeasuredPoint], library: BlockLibrary, key: str
) -> list[Prediction]:
    """Set what was measured of a dotted key against what the library predicts.

    Models whose blocks are not known, or that a block of the library is not in, are left out. A
    score that is not 0 for the parent, such as an LM loss, is predicted as the parent's own value
    and what the blocks add to it.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> found = predictions(state.measured, state.library, "metrics.kl_div")
    >>> len(found), found[1].point.name
    (37, 'MIP, 40% of runtime')
    """
    known = (_prediction(point, library, key) for point in points)
    return [one for one in known if one is not None]


def ranked(found: Iterable[Prediction]) -> tuple[int, float, float]:
    """Count the models that predict something, with Spearman's rho and Kendall's tau-b of them."""
    some = [one for one in found if not one.parent]
    left, right = [one.predicted for one in some], [one.measured for one in some]
    if len(some) < 2:
        return len(some), math.nan, math.nan
    return len(some), spearman(left, right), kendall(left, right)


def worst(found: Iterable[Prediction], most: int = 3) -> list[Prediction]:
    """Give the models that are furthest off, the furthest first; none of those that are exact."""
    off = sorted((one for one in found if not one.parent), key=lambda one: -abs(one.error))
    return [one for one in off[:most] if not math.isclose(one.predicted, one.measured)]


def spearman(left: Sequence[float] | FloatArray, right: Sequence[float] | FloatArray) -> float:
    """Spearman's rho: the correlation of mid-ranks; NaN where a side is constant.

    Examples
    --------
    >>> round(spearman([1, 2, 3, 4], [1, 3, 2, 4]), 3)
    0.8
    """
    first, second = (_ranks(_told(values)) for values in (left, right))
    return _cosine(first - first.mean(), second - second.mean())


def kendall(left: Sequence[float] | FloatArray, right: Sequence[float] | FloatArray) -> float:
    """Kendall's tau-b, which allows for ties; NaN where a side is constant.

    Examples
    --------
    >>> round(kendall([1, 2, 3, 4], [1, 3, 2, 4]), 3)
    0.667
    """
    told = (_told(values) for values in (left, right))
    first, second = (np.sign(np.subtract.outer(values, values)) for values in told)
    return _cosine(first, second)


def _prediction(point: MeasuredPoint, library: BlockLibrary, key: str) -> Prediction | None:
    chosen, measured = point.architecture, point.values.get(key)
    fits = chosen is not None and all(
        chosen.get(layer.name) in layer.positions for layer in library.layers
    )
    if chosen is None or not fits or key not in library.keys:
        return None
    own = 0.0 if key in library.costs else parent_score(library, key)
    if measured is None or not math.isfinite(measured) or own is None:
        return None
    architecture = {layer.name: chosen[layer.name] for layer in library.layers}
    predicted = library.totals(architecture)[key]
    if key not in library.costs:
        predicted += own - library.parent_totals[key]
    return Prediction(point, predicted, measured, architecture == library.parent_architecture)


def _told(values: Sequence[float] | FloatArray) -> list[float]:
    """To nine digits: sums of the same parts tie, in whatever order they were added."""
    return [float(f"{value:.9g}") for value in values]


def _ranks(values: Sequence[float]) -> FloatArray:
    """Ranks from 1; those that tie share the middle of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle: FloatArray = np.cumsum(counts) - (counts - 1) / 2
    return middle[place]


def _cosine(left: FloatArray, right: FloatArray) -> float:
    length = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / length if length else float("nan")
