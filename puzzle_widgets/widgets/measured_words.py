"""Words of measured points: tooltips and the list beneath the Pareto plot."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import format_number
from puzzle_widgets.solution.measured import MeasuredPoint, parent_score
from puzzle_widgets.state.limits import limit_quantity


def measured_words(
    point: MeasuredPoint, library: BlockLibrary, objective: str, resource: str
) -> list[str]:
    """Tell of one measured point, a line each: name, score, resource, source."""
    use = point.use(library, resource)
    quantity = limit_quantity(library, resource)
    lines = [" ".join(f"Measured: {point.name}".split()), _score_words(point, library, objective)]
    used = "not measured" if use is None else quantity.text(use)
    lines.append(f"{quantity.label}: {used}")
    if point.source:
        lines.append(" ".join(f"Source: {point.source}".split()))
    return lines


def measured_list(
    points: Sequence[MeasuredPoint], library: BlockLibrary, objective: str, resource: str
) -> Markup:
    """List all measured points, also those that have no place on the chart; opens by key or click.

    Empty where there are none.
    """
    if not points:
        return Markup("")
    items = Markup("").join(
        Markup("<li>{}</li>").format(
            " · ".join([*measured_words(point, library, objective, resource), *_other(point)])
        )
        for point in points
    )
    return Markup(
        "<details class='pw-measured'><summary>Measured points ({})</summary><ul>{}</ul></details>"
    ).format(len(points), items)


def _score_words(point: MeasuredPoint, library: BlockLibrary, objective: str) -> str:
    label = library.quantity(objective).label
    value = point.values.get(objective)
    if value is None:
        return f"{label}: not measured"
    words = f"{label}, measured: {format_number(value)}"
    if objective in library.costs:
        return words
    own = parent_score(library, objective)
    if own is None:
        return f"{words} (no place on an axis of sums: the parent's own value is not known)"
    if own:
        return f"{words} (drawn by its difference from the parent's {format_number(own)})"
    return words


def _other(point: MeasuredPoint) -> list[str]:
    """All that was measured, by key, so that nothing is hidden by the choice of axes."""
    return [", ".join(f"{key} {format_number(value)}" for key, value in point.values.items())]
