"""Saved solutions side by side: one view at a time, drawn only while it is the one to see."""

from __future__ import annotations

import math
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
from markupsafe import Markup

from puzzle_widgets.charts import (
    Drawing,
    Figure,
    comparison_figure,
    distribution_figure,
    draw,
)
from puzzle_widgets.charts.comparison import Series, parent_series, scenario_series
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import (
    MEMORY,
    RUNTIME,
    THROUGHPUT,
    describe_key,
    format_number,
    format_share,
)
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.charts import CurveChart, legend_line
from puzzle_widgets.widgets.html import Cell, Line, card_table, render
from puzzle_widgets.widgets.panel import guard
from puzzle_widgets.widgets.scenarios.differences import DifferenceView
from puzzle_widgets.widgets.scenarios.table import NOTHING, series_title

SCORES, SPREAD, SPEED, DIFFERENCE = "scores", "spread", "speed", "difference"
_SPREAD_WORDS = Markup(
    "<p class='pw-says'>{} of each layer, from the highest to the lowest: a curve that starts high "
    "and falls fast has most of its sum in few layers.</p>"
)

_TAIL = 10
_BARS = """
<p class='pw-says'>{{ words }}</p><div class='pw-cards'><div class='pw-bars'>{% for bar in bars -%}
{{ bar.title }}<span class='pw-track'>
{#- -#}<i style='width:{{ "%.2f" | format(bar.share) }}%;background:{{ bar.color }}'></i></span>
{#- -#}<span class='pw-value'>{{ bar.figure }}</span>
{%- endfor %}</div></div>
"""


class Comparison(widgets.VBox):
    """Comparison of a state's scenarios, by layer and in all.

    Parameters
    ----------
    state
        Gives the scenarios, the parent and the objective, and hears of errors.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._state = state
        self.view = widgets.ToggleButtons(style={"button_width": "auto"})
        self.view.add_class("pw-views")
        self.log_scale = widgets.Checkbox(description="Logarithmic scale", indent=False)
        self.words, self.says = widgets.HTML(), widgets.HTML()
        self.charts: dict[bool, CurveChart] = {}
        self.difference = DifferenceView(state)
        self.children = (self.view,)
        refresh = guard(state, lambda *_: self.refresh())
        self.view.observe(refresh, "value")
        self.log_scale.observe(refresh, "value")

    def offer_views(self) -> None:
        """Offer the views that the library has figures for."""
        options = _views(self._state.library)
        if list(self.view.options) != options:
            self.view.options = options
        if self.view.value is None:
            self.view.value = options[0][1]

    def refresh(self) -> None:
        """Draw the view that is chosen."""
        if not self._state.scenarios:
            return
        view, both = self.view.value, self._series(parent=True)
        if view == DIFFERENCE:
            self.difference.show(both)
            self._lay_out(self.difference)
        elif view == SPEED:
            self.says.value = speed_bars(both)
            self._lay_out(self.says)
        else:
            self._draw(self._figure())

    def picture(self) -> Drawing | None:
        """What is on the screen, for a file; the scores by layer where that is no chart."""
        return draw(self._figure()) if self._state.scenarios else None

    def _series(self, *, parent: bool) -> list[Series]:
        scenarios = scenario_series(self._state.scenarios)
        return [parent_series(self._state.parent), *scenarios] if parent else scenarios

    def _figure(self) -> Figure:
        """The chart of the view; scores have no line of the parent's, which is 0 in each layer."""
        view, objective, log = self.view.value, self._state.objective, self.log_scale.value
        if view in self._state.library.keys:
            return comparison_figure(self._series(parent=True), view)
        if view == SPREAD:
            return distribution_figure(self._series(parent=False), objective, log=log)
        return comparison_figure(self._series(parent=False), objective, log=log)

    def _draw(self, figure: Figure) -> None:
        chart = self.charts.get(figure.y.log)
        if chart is None:
            chart = self.charts[figure.y.log] = CurveChart(figure)
        chart.show(figure)
        view = self.view.value
        self.words.value = legend_line(figure.legend)
        if view in self._state.library.keys:
            self._lay_out(self.words, chart.figure)
            return
        series, key = self._series(parent=False), self._state.objective
        foot = _at_foot(series, key) if figure.y.log else Markup("")
        self.says.value = foot
        if view == SPREAD:
            label = self._state.library.quantity(key).label
            self.says.value = foot + _SPREAD_WORDS.format(label) + spread_table(series, key)
        self._lay_out(self.words, self.log_scale, chart.figure, self.says)

    def _lay_out(self, *children: widgets.Widget) -> None:
        wanted = (self.view, *children)
        if self.children != wanted:
            self.children = wanted


def _views(library: BlockLibrary) -> list[tuple[str, str]]:
    keys = [key for key in (RUNTIME, MEMORY) if key in library.keys] or list(library.costs[:2])
    views = [(f"{library.quantity(key).label} by layer", key) for key in keys]
    views += [("Score by layer", SCORES), ("Score distribution", SPREAD)]
    if RUNTIME in library.keys:
        known = library.has_throughput
        views.append(("Throughput" if known else "Runtime in all", SPEED))
    return [*views, ("Difference", DIFFERENCE)]


def _at_foot(series: Sequence[Series], key: str) -> Markup:
    """Say that a logarithmic scale has no place for 0."""
    if all(value > 0 for one in series for value in one.values(key)):
        return Markup("")
    return Markup("<p class='pw-says'>Layers with a score of 0 are at the bottom.</p>")


def speed_bars(series: Sequence[Series]) -> Markup:
    """Build a bar a series: throughput in tokens/s, or runtime where that is all that is known."""
    speeds = [one.solution.throughput for one in series]
    known = [speed for speed in speeds if speed is not None]
    if len(known) == len(series):
        quantity, values = describe_key(THROUGHPUT), known
    else:
        quantity = series[0].solution.library.quantity(RUNTIME)
        values = [one.solution.totals[RUNTIME] for one in series]
    finite = [value for value in values if math.isfinite(value)]
    longest = max(finite, default=0.0) or 1.0
    bars = [
        {
            "title": series_title(one),
            "color": one.color,
            "share": 100.0 if math.isinf(value) else 100.0 * value / longest,
            "figure": _speed_words(value, quantity.unit) + _speedup(one),
        }
        for one, value in zip(series, values, strict=True)
    ]
    words = f"{quantity.title}; in brackets the speedup over the parent."
    return render(_BARS, words=words, bars=bars)


def _speed_words(value: float, unit: str) -> str:
    return "no runtime at all" if math.isinf(value) else f"{format_number(value)} {unit}".strip()


def _speedup(one: Series) -> str:
    speedup = one.solution.speedup
    if speedup is None or not math.isfinite(speedup):
        return ""
    return f" ({speedup:.2f} x)"


def spread_table(series: Sequence[Series], key: str) -> Markup:
    """Build a table of sum, median, highest layer, share of the highest ten, and layers at 0."""
    few = min(_TAIL, len(series[0].solution.blocks))
    head = ["Scenario", "Sum", "Median layer", "Highest layer", f"Highest {few} carry", "At 0"]
    lines = [Line(_row(one, key, few)) for one in series]
    return card_table(head, lines, caption="Spread of the scores over the layers", words=(0,))


def _row(one: Series, key: str, few: int) -> list[Cell]:
    values = np.asarray(one.values(key), dtype=np.float64)
    place = int(values.argmax())
    highest = f"{format_number(values[place])} (layer {one.solution.library.layers[place].name})"
    return [
        series_title(one),
        format_number(float(values.sum())),
        format_number(float(np.median(values))),
        highest,
        _carried(values, few),
        f"{int((values == 0).sum())} of {len(values)}",
    ]


def _carried(values: np.ndarray, few: int) -> str:
    """Share of the sum that the highest layers carry; gains and losses mixed have none."""
    total = float(values.sum())
    if total <= 0 or (values < 0).any():
        return NOTHING
    return format_share(float(np.sort(values)[-few:].sum()) / total)
