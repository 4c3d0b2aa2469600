"""Scenarios over each other: a score or cost of every layer, as steps, beside the parent's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import Quantity
from puzzle_widgets.solution import Scenario, Solution, parent_solution
from puzzle_widgets.solution.across import libraries_of
from puzzle_widgets.solution.side_by_side import library_mark

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
    """Give the parent and each scenario their look; at least one scenario.

    Of several libraries each has its own parent, and each name says its library.
    """
    libraries = libraries_of(scenarios)
    if len(libraries) < 2:
        parent = parent_solution(scenarios[0].solution.problem)
        return [parent_series(parent), *scenario_series(scenarios)]
    parents = [
        Series(marked(PARENT_NAME, one), _parent_of(one, scenarios), PARENT, scenario_dash(place))
        for place, one in enumerate(libraries)
    ]
    named = [
        replace(one, name=marked(one.name, one.solution.library))
        for one in scenario_series(scenarios)
    ]
    return [*parents, *named]


def marked(name: str, library: BlockLibrary) -> str:
    """A name with its library's mark behind it, such as ``"best · H200 1c2d3e4f"``."""
    return f"{name} \N{MIDDLE DOT} {library_mark(library)}"


def _parent_of(library: BlockLibrary, scenarios: Sequence[Scenario]) -> Solution:
    problems = (one.solution.problem for one in scenarios)
    return parent_solution(next(one for one in problems if one.library == library))


def comparison_figure(series: Sequence[Series], key: str, *, log: bool = False) -> Figure:
    """Work out a key's value in every layer, in the order of the network.

    Parameters
    ----------
    series
        At least one, of libraries whose layers match. One whose library does not know the key,
        or gives it in another unit than the first that does, is not drawn, and the legend says so.
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
    x = layer_axis(series[0].solution.library.layers)
    return _figure("by layer", series, key, x, log=log)


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
    count = len(series[0].solution.library.layers)
    ticks = tuple((place - 0.5, f"{place}") for place in layer_ticks(count + 1))
    x = Axis(-0.6, count - 0.4, ticks, "Layers, highest value first")
    return _figure("by rank", series, key, x, log=log)


def _figure(words: str, series: Sequence[Series], key: str, x: Axis, *, log: bool) -> Figure:
    quantity = _quantity(series, key)
    drawn = [one for one in series if not _left_out(one, key, quantity)]
    rows = [one.values(key) for one in drawn]
    if words == "by rank":
        rows = [sorted(row, reverse=True) for row in rows]
    y = value_axis([value for row in rows for value in row], quantity, log=log)
    curves = [
        Curve(one.name, _steps(row, y), one.color, one.dash)
        for one, row in zip(drawn, rows, strict=True)
    ]
    legend = tuple(_key(one, key, quantity) for one in series)
    return Figure(f"{quantity.title} {words}", x, y, legend, curves=tuple(curves))


def _quantity(series: Sequence[Series], key: str) -> Quantity:
    """Label and unit of a key, as the first library that knows it gives it."""
    libraries = (one.solution.library for one in series)
    library = next((one for one in libraries if key in one.keys), series[0].solution.library)
    return library.quantity(key)


def _left_out(one: Series, key: str, quantity: Quantity) -> str:
    """Why a series is not drawn; empty where it is."""
    library = one.solution.library
    if key not in library.keys:
        return "not known"
    unit = library.quantity(key).unit
    return "" if unit == quantity.unit else f"in {unit or 'no unit'}, not drawn"


def _key(one: Series, key: str, quantity: Quantity) -> Key:
    if reason := _left_out(one, key, quantity):
        return Key(f"{one.name}: {reason}")
    words = f"{one.name}: {quantity.text(one.solution.totals[key])} in all"
    return Key(words, one.color, "line", one.dash)


def _steps(values: Sequence[float], y: Axis) -> tuple[tuple[float, float], ...]:
    """A step of one layer for each value, from half a layer before its place to half after."""
    return tuple(
        (place + side, y.clip(value)) for place, value in enumerate(values) for side in (-0.5, 0.5)
    )
