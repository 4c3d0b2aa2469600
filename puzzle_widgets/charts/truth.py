"""Predicted against measured: whether the sums over blocks rank whole models as they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

from puzzle_widgets.charts.figure import Curve, Figure, Key, Spot, Spots, around, quantity_axis
from puzzle_widgets.charts.palette import FRONT, PARENT, SELECTED
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import format_brief, format_share
from puzzle_widgets.solution.agreement import Prediction, predictions, ranked, worst
from puzzle_widgets.solution.measured import MeasuredPoint

_LEAST = 3
"""Models of which a rank correlation says something."""


def truth_figure(points: Sequence[MeasuredPoint], library: BlockLibrary, key: str) -> Figure:
    """Work out the chart: a spot a model, the line on which predictions are right, the worst.

    Parameters
    ----------
    points
        What was measured; models whose blocks are not known are left out.
    library
        What predicts.
    key
        Dotted key of a score or cost.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> figure = truth_figure(state.measured, state.library, "metrics.kl_div")
    >>> len(figure.named("points").spots), figure.x.title
    (36, 'KL divergence, predicted (nats/byte)')
    """
    found, quantity = predictions(points, library, key), library.quantity(key)
    low, high = around([value for one in found for value in (one.predicted, one.measured)])
    off = worst(found)
    unit = f" ({quantity.unit})" if quantity.unit else ""
    spots = [_spot(one, place, library, key) for place, one in enumerate(found)]
    count = sum(not one.parent for one in found)
    legend = [Key(f"Models ({count})", FRONT, "dot"), Key("As predicted", PARENT, "line", "dashed")]
    legend += [Key("Parent", PARENT, "square")] if any(one.parent for one in found) else []
    legend += [Key("Furthest off", SELECTED, "ring")] if off else []
    return Figure(
        title=f"{quantity.label}: measured against predicted",
        x=quantity_axis(low, high, quantity, f"{quantity.label}, predicted{unit}"),
        y=quantity_axis(low, high, quantity, f"{quantity.label}, measured{unit}"),
        legend=tuple(legend),
        curves=(Curve("right", ((low, low), (high, high)), PARENT, "dashed"),),
        spots=(
            Spots("parent", "square", 110, _of(spots, [one.parent for one in found])),
            Spots("worst", "ring", 300, _of(spots, [one in off for one in found], SELECTED)),
            Spots("points", "dot", 60, _of(spots, [not one.parent for one in found])),
        ),
    )


def truth_words(points: Sequence[MeasuredPoint], library: BlockLibrary, key: str) -> str:
    """Say how well predictions rank the models, such as ``"Spearman 0.995, Kendall 0.959, ..."``.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> print(truth_words(state.measured, state.library, "metrics.kl_div"))
    Rank correlation over 36 models: Spearman 0.995, Kendall 0.959 (1: the same order).
    """
    count, rho, tau = ranked(predictions(points, library, key))
    models = "1 model" if count == 1 else f"{count} models"
    if count < _LEAST:
        return f"{models} measured: too few to say how well predictions rank them."
    if math.isnan(rho):
        return f"{models} measured, all of one value: there is no order to predict."
    return (
        f"Rank correlation over {models}: Spearman {rho:.3f}, Kendall {tau:.3f} "
        "(1: the same order)."
    )


def worst_words(points: Sequence[MeasuredPoint], library: BlockLibrary, key: str) -> list[str]:
    """Name the models that are furthest off, each with both figures."""
    text = library.quantity(key).text
    return [
        f"{' '.join(one.point.name.split())}: predicted {text(one.predicted)}, "
        f"measured {text(one.measured)} ({_off(one)})"
        for one in worst(predictions(points, library, key))
    ]


def truth_keys(points: Sequence[MeasuredPoint], library: BlockLibrary) -> list[str]:
    """Scores and costs that were both measured and predicted, in the library's order."""
    return [key for key in library.keys if predictions(points, library, key)]


def _off(one: Prediction) -> str:
    sign = "+" if one.error > 0 else "\N{MINUS SIGN}"
    if not one.measured:
        return f"{sign}{format_brief(abs(one.error))}"
    return f"{sign}{format_share(abs(one.error / one.measured))}"


def _spot(one: Prediction, place: int, library: BlockLibrary, key: str) -> Spot:
    text = library.quantity(key).text
    lines = [
        " ".join(one.point.name.split()),
        f"Predicted: {text(one.predicted)}",
        f"Measured: {text(one.measured)}",
    ]
    color = PARENT if one.parent else FRONT
    return Spot(one.predicted, one.measured, "\n".join(lines), color, place)


def _of(spots: Sequence[Spot], these: Sequence[bool], color: str = "") -> tuple[Spot, ...]:
    """Some of the spots; those drawn twice say their words once."""
    chosen = [spot for spot, one in zip(spots, these, strict=True) if one]
    if not color:
        return tuple(chosen)
    return tuple(Spot(spot.x, spot.y, "", color, spot.place) for spot in chosen)
