"""Saved solutions side by side: scores, spread, speed, and which layers differ."""

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
from puzzle_widgets.charts.about import about
from puzzle_widgets.charts.comparison import Series
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import (
    MEMORY,
    NO_RUNTIME,
    RUNTIME,
    THROUGHPUT,
    describe_key,
    format_number,
    format_share,
)
from puzzle_widgets.solution.across import pairing, total_of
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.charts import CurveChart, legend_line
from puzzle_widgets.widgets.closing import discard
from puzzle_widgets.widgets.html import Cell, Line, card_table, render
from puzzle_widgets.widgets.panel import Following
from puzzle_widgets.widgets.scenarios.difference import DifferenceView
from puzzle_widgets.widgets.scenarios.sides import all_series, left_out_words, matching, parents
from puzzle_widgets.widgets.scenarios.table import NOTHING, same_words, series_title

SCORES, SPREAD, SPEED, DIFFERENCE = "scores", "spread", "speed", "difference"
_SPREAD_WORDS = Markup(
    "<p class='pw-says'>{} of each layer, from the highest to the lowest: a curve that starts high "
    "and falls fast has most of its sum in few layers.</p>"
)

_VIEW_WORDS = {
    SPREAD: "Scores of all layers, from the highest on",
    SPEED: "In all, as bars",
    DIFFERENCE: "Two scenarios, layer by layer",
}
_TAIL = 10
_BARS = """
<p class='pw-says'>{{ words }}</p><div class='pw-cards'><div class='pw-bars'>{% for bar in bars -%}
{{ bar.title }}<span class='pw-track'>
{#- -#}<i style='width:{{ "%.2f" | format(bar.share) }}%;background:{{ bar.color }}'></i></span>
{#- -#}<span class='pw-value'>{{ bar.figure }}</span>
{%- endfor %}</div></div>
"""


class Comparison(Following, widgets.VBox):
    """Comparison of a state's scenarios, by layer and in all.

    Parameters
    ----------
    state
        Gives the scenarios, the parent and the objective, and hears of errors.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.view = widgets.ToggleButtons(style={"button_width": "auto"})
        self.view.add_class("pw-views")
        self.log_scale = widgets.Checkbox(description="Logarithmic scale", indent=False)
        self.words, self.says = widgets.HTML(), widgets.HTML()
        self.charts: dict[bool, CurveChart] = {}
        self.difference = DifferenceView(state)
        self.children = (self.view,)
        self.changed(self.view, lambda view: state.set_looks(compared=view))
        self.changed(self.log_scale, lambda log: state.set_looks(log_scale=log))

    def close(self) -> None:
        """Close the views that are not hung, too."""
        super().close()
        charts = [chart.figure for chart in self.charts.values()]
        discard(self.words, self.log_scale, self.says, self.difference, *charts)

    def offer_views(self) -> None:
        """Offer the views that the library has figures for, and show which is chosen."""
        looks, options = self.state.looks, _views(self.state.library)
        with self.silence():
            if list(self.view.options) != options:
                self.view.options = options
                self.view.tooltips = [
                    _VIEW_WORDS.get(name, f"{words} by layer") for words, name in options
                ]
            names = [name for _, name in options]
            self.view.value = looks.compared if looks.compared in names else names[0]
            self.log_scale.value = looks.log_scale

    def refresh(self) -> None:
        """Draw the view that is chosen."""
        if not self.state.record.kept:
            return
        view, both = self.view.value, self._series(parent=True)
        if not self._series(parent=False):
            self.says.value = left_out_words(self.state.record)
            self._lay_out(self.says)
        elif view == DIFFERENCE:
            self.difference.show(both)
            self._lay_out(self.difference)
        elif view == SPEED:
            self.says.value = speed_bars(both) + same_words(both) + self._left_out
            self._lay_out(self.says)
        else:
            self._draw(self._figure())

    def picture(self) -> Drawing | None:
        """What is on the screen, for a file; the scores by layer where that is no chart."""
        if not self._series(parent=False):
            return None
        return about(draw(self._figure()), *self.state.record.kept)

    def _series(self, *, parent: bool) -> list[Series]:
        """What can be compared with the open library, with or without the parents."""
        record = self.state.record
        shown = all_series(record)
        return matching(record, [*parents(record), *shown] if parent else shown)

    @property
    def _left_out(self) -> Markup:
        return left_out_words(self.state.record)

    def _figure(self) -> Figure:
        """The chart of the view; scores have no line of the parent's, which is 0 in each layer."""
        view, objective, log = self.view.value, self.state.objective, self.log_scale.value
        if view in self.state.library.keys:
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
        same = same_words(self._series(parent=True))
        self.words.value = legend_line(figure.legend) + same + self._left_out
        if view in self.state.library.keys:
            self._lay_out(self.words, chart.figure)
            return
        series, key = self._series(parent=False), self.state.objective
        series = [one for one in series if key in one.solution.library.keys]
        foot = _at_foot(series, key) if figure.y.log else Markup("")
        self.says.value = foot
        if view == SPREAD:
            label = self.state.library.quantity(key).label
            self.says.value = foot + _SPREAD_WORDS.format(label) + spread_table(series, key)
        self._lay_out(self.words, self.log_scale, chart.figure, self.says)

    def _lay_out(self, *children: widgets.Widget) -> None:
        wanted = (self.view, *children)
        if self.children != wanted:
            self.children = wanted


def _views(library: BlockLibrary) -> list[tuple[str, str]]:
    keys = [key for key in (RUNTIME, MEMORY) if key in library.keys] or list(library.costs[:2])
    views = [(library.quantity(key).label, key) for key in keys]
    views += [("Score", SCORES), ("Score distribution", SPREAD)]
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
    """Build a bar a series: throughput in tokens/s, or runtime where that is all that is known.

    One whose library does not know it, or of another workload, has no bar.
    """
    first = series[0].solution.library
    key = THROUGHPUT if first.has_throughput else RUNTIME
    quantity = describe_key(THROUGHPUT) if key == THROUGHPUT else first.quantity(RUNTIME)
    values = [_value(first, one, key) for one in series]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    longest = max(finite, default=0.0) or 1.0
    bars = [
        {
            "title": series_title(one),
            "color": one.color,
            "share": _share(value, longest),
            "figure": _figure_words(first, one, key, value, quantity.unit),
        }
        for one, value in zip(series, values, strict=True)
    ]
    words = f"{quantity.title}; in brackets the speedup over its own parent."
    if all(one.solution.library is first for one in series):
        words = f"{quantity.title}; in brackets the speedup over the parent."
    return render(_BARS, words=words, bars=bars)


def _value(first: BlockLibrary, one: Series, key: str) -> float | None:
    """The figure of a bar; none where it is not known, or means something else."""
    if pairing(first, one.solution.library).ground(key).obstacle:
        return None
    return total_of(one.solution, key)


def _share(value: float | None, longest: float) -> float:
    if value is None:
        return 0.0
    return 100.0 if math.isinf(value) else 100.0 * value / longest


def _figure_words(
    first: BlockLibrary, one: Series, key: str, value: float | None, unit: str
) -> str:
    if value is None:
        return f"not compared: {pairing(first, one.solution.library).ground(key).obstacle}"
    return _speed_words(value, unit) + _speedup(one)


def _speed_words(value: float, unit: str) -> str:
    return NO_RUNTIME if math.isinf(value) else f"{format_number(value)} {unit}".strip()


def _speedup(one: Series) -> str:
    speedup = one.solution.speedup
    if speedup is None or not math.isfinite(speedup):
        return ""
    return f" ({speedup:.2f} x)"


def spread_table(series: Sequence[Series], key: str) -> Markup:
    """Build a table of sum, median, highest layer, share of the highest ten, and layers at 0."""
    few = min(_TAIL, len(series[0].solution.blocks))
    head = ["Scenario", "Sum", "Median layer", "Highest layer", f"Highest {few} carry", "At 0"]
    lines = [Line(_spread_row(one, key, few)) for one in series]
    return card_table(head, lines, caption="Spread of the scores over the layers", words=(0,))


def _spread_row(one: Series, key: str, few: int) -> list[Cell]:
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
