"""Scenarios over each other: a score or cost of every layer, as steps, beside the parent's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from puzzle_widgets.charts.figure import (
    Axis,
    Curve,
    Figure,
    Key,
    layer_axis,
    layer_ticks,
    value_axis,
)
from puzzle_widgets.charts.palette import PARENT, scenario_color, scenario_dash
from puzzle_widgets.solution import Scenario, Solution, parent_solution

PARENT_NAME = "Parent"


@dataclass(frozen=True)
class Series:
    """One architecture of a comparison; color and dash tell it apart, never color alone."""

    name: str
    solution: Solution
    color: str
    dash: str = "solid"

    def values(self, key: str) -> list[float]:
        """Value of a dotted key in every layer."""
        return [block.values[key] for block in self.solution.blocks]


def parent_series(parent: Solution) -> Series:
    """Give the parent its look."""
    return Series(PARENT_NAME, parent, PARENT)


def scenario_series(scenarios: Sequence[Scenario]) -> list[Series]:
    """Give each scenario its look, by its place."""
    return [
        Series(one.name, one.solution, scenario_color(place), scenario_dash(place))
        for place, one in enumerate(scenarios)
    ]


def with_parent(scenarios: Sequence[Scenario]) -> list[Series]:
    """Give the parent and each scenario their look; at least one scenario, of one library."""
    parent = parent_solution(scenarios[0].solution.problem)
    return [parent_series(parent), *scenario_series(scenarios)]


def comparison_figure(series: Sequence[Series], key: str, *, log: bool = False) -> Figure:
    """Work out a key's value in every layer, in the order of the network.

    Parameters
    ----------
    series
        Of one library; at least one.
    key
        Dotted key.
    log
        Whether the vertical axis is logarithmic; what is not positive is then drawn at the bottom.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> series = with_parent([pw.Scenario("best", pw.search(problem))])
    >>> figure = comparison_figure(series, "stats.memory_mib")
    >>> figure.title, [curve.name for curve in figure.curves]
    ('Memory (MiB) by layer', ['Parent', 'best'])
    """
    library = series[0].solution.library
    rows = [one.values(key) for one in series]
    x = layer_axis(library.layers)
    return _figure(f"{library.quantity(key).title} by layer", series, rows, key, x, log=log)


def distribution_figure(series: Sequence[Series], key: str, *, log: bool = False) -> Figure:
    """Work out a key's values from the greatest to the least, in any layer.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> series = with_parent([pw.Scenario("best", pw.search(problem))])
    >>> distribution_figure(series, "stats.memory_mib").x.title
    'Layers, highest value first'
    """
    library = series[0].solution.library
    rows = [sorted(one.values(key), reverse=True) for one in series]
    count = len(library.layers)
    ticks = tuple((place - 0.5, f"{place}") for place in layer_ticks(count + 1))
    x = Axis(-0.6, count - 0.4, ticks, "Layers, highest value first")
    return _figure(f"{library.quantity(key).title} by rank", series, rows, key, x, log=log)


def _figure(
    title: str,
    series: Sequence[Series],
    rows: Sequence[Sequence[float]],
    key: str,
    x: Axis,
    *,
    log: bool,
) -> Figure:
    quantity = series[0].solution.library.quantity(key)
    y = value_axis([value for row in rows for value in row], quantity, log=log)
    curves = [
        Curve(one.name, _steps(row, y), one.color, one.dash)
        for one, row in zip(series, rows, strict=True)
    ]
    legend = [
        Key(
            f"{one.name}: {quantity.text(one.solution.totals[key])} in all",
            one.color,
            "line",
            one.dash,
        )
        for one in series
    ]
    return Figure(title, x, y, tuple(legend), curves=tuple(curves))


def _steps(values: Sequence[float], y: Axis) -> tuple[tuple[float, float], ...]:
    """A step of one layer for each value, from half a layer before its place to half after."""
    return tuple(
        (place + side, y.clip(value)) for place, value in enumerate(values) for side in (-0.5, 0.5)
    )
