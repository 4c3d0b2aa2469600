"""Saved solutions side by side: scores, spread, speed, and which layers differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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
from puzzle_widgets.charts.comparison import Series, parent_series, scenario_series
from puzzle_widgets.charts.figure import Key, layer_ticks
from puzzle_widgets.charts.palette import ATTENTION, FFN
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.quantity import (
    MEMORY,
    NO_RUNTIME,
    RUNTIME,
    THROUGHPUT,
    Quantity,
    describe_key,
    format_number,
    format_share,
)
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.reasons import chance_better
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.reason_answers import NOISE
from puzzle_widgets.widgets.charts import CurveChart, legend_line
from puzzle_widgets.widgets.html import Cell, Line, card_table, render
from puzzle_widgets.widgets.panel import Following, button, named, row
from puzzle_widgets.widgets.scenarios.table import NOTHING, same_words, series_title

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

    def offer_views(self) -> None:
        """Offer the views that the library has figures for, and show which is chosen."""
        looks, options = self.state.looks, _views(self.state.library)
        with self.silence():
            if list(self.view.options) != options:
                self.view.options = options
            names = [name for _, name in options]
            self.view.value = looks.compared if looks.compared in names else names[0]
            self.log_scale.value = looks.log_scale

    def refresh(self) -> None:
        """Draw the view that is chosen."""
        if not self.state.scenarios:
            return
        view, both = self.view.value, self._series(parent=True)
        if view == DIFFERENCE:
            self.difference.show(both)
            self._lay_out(self.difference)
        elif view == SPEED:
            self.says.value = speed_bars(both) + same_words(both)
            self._lay_out(self.says)
        else:
            self._draw(self._figure())

    def picture(self) -> Drawing | None:
        """What is on the screen, for a file; the scores by layer where that is no chart."""
        scenarios = self.state.scenarios
        return about(draw(self._figure()), *scenarios) if scenarios else None

    def _series(self, *, parent: bool) -> list[Series]:
        scenarios = scenario_series(self.state.scenarios)
        return [parent_series(self.state.parent), *scenarios] if parent else scenarios

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
        self.words.value = legend_line(figure.legend) + same_words(self._series(parent=True))
        if view in self.state.library.keys:
            self._lay_out(self.words, chart.figure)
            return
        series, key = self._series(parent=False), self.state.objective
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


_DRAWN = 10_000
_CHANCE = Markup(
    "<p class='pw-says'><b>B scores better than A in {} of the samples</b> when each score is off "
    "by about {} ({} samples). That is sensitivity to the scores, no guarantee.</p>"
)
_MINUS = "\N{MINUS SIGN}"
_SHORT = 8
_STRIP = """
{{ legend }}<div class='pw-strip'>{% for words, color, where in lines -%}
<span>{{ words }}</span><svg viewBox='0 0 {{ count }} 1' preserveAspectRatio='none' role='img'
 aria-label='{{ words }} differs in {{ where | length }} layers'>
{%- for n in where %}<rect x='{{ n + 0.1 }}' width='0.8' height='1' fill='{{ color }}'/>{% endfor %}
{#- -#}</svg>
{%- endfor %}<span>Layer</span><span class='pw-ticks' aria-hidden='true'>
{%- for n, name in ticks.items() -%}
<i style='left:{{ "%.2f" | format(100 * (n + 0.5) / count) }}%'>{{ name }}</i>
{%- endfor %}</span></div>
"""


@dataclass(frozen=True)
class Difference:
    """Two architectures of one library, compared.

    Parameters
    ----------
    first, second
        Differences are second minus first.
    objective
        Dotted key of the score to compare.
    """

    first: Series
    second: Series
    objective: str

    @property
    def library(self) -> BlockLibrary:
        """The library that both are made of."""
        return self.first.solution.library

    @property
    def places(self) -> list[int]:
        """Places of the layers that differ."""
        names = self.first.solution.differing_layers(self.second.solution)
        return [self.library.layer_positions[name] for name in names]

    @property
    def quantities(self) -> list[Quantity]:
        """What is compared: the score, runtime and memory, as far as the library has them."""
        keys = dict.fromkeys((self.objective, RUNTIME, MEMORY))
        return [self.library.quantity(key) for key in keys if key in self.library.keys]

    def pair(self, place: int) -> tuple[BlockVariant, BlockVariant]:
        """Both blocks of a layer."""
        return self.first.solution.blocks[place], self.second.solution.blocks[place]


def difference_words(difference: Difference) -> Markup:
    """Say in how many layers the two differ, and by how much in all."""
    count, places = len(difference.library.layers), difference.places
    if not places:
        return Markup("<p class='pw-says'>No layer differs: both are the same architecture.</p>")
    one, other = difference.first.solution.totals, difference.second.solution.totals
    changes = [f"{q.label} {signed(other[q.key] - one[q.key], q)}" for q in difference.quantities]
    return Markup("<p class='pw-says'><b>{} of {} layers differ.</b> B against A: {}.</p>").format(
        len(places), count, ", ".join(changes)
    )


@lru_cache(maxsize=32)
def _chance(problem: SearchProblem, a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """How likely the second scores better, by names of their blocks: asked at every refresh."""
    layers = problem.library.layer_positions
    first, second = (dict(zip(layers, names, strict=True)) for names in (a, b))
    return chance_better(problem, second, first, NOISE, _DRAWN)


def chance_words(difference: Difference, goal: Goal) -> Markup:
    """Say how likely B scores better than A if the scores are off."""
    if not difference.places:
        return Markup("")
    problem = SearchProblem.of(difference.library, goal, difference.objective)
    pair = (difference.first, difference.second)
    names = (tuple(block.name for block in one.solution.blocks) for one in pair)
    chance = format_share(_chance(problem, *names))
    return _CHANCE.format(chance, format_share(NOISE), f"{_DRAWN:,}")


def difference_strip(difference: Difference) -> Markup:
    """Draw which layers differ, in attention and in FFN; blocks known by name only in one line."""
    places, layers = difference.places, difference.library.layers
    if not places:
        return Markup("")
    lines, count = _lines(difference), len(layers)
    keys = [Key(f"{words} differs in {len(where)}", color) for words, color, where in lines]
    ticks = {n: str(layers[n].name)[:9] for n in layer_ticks(count)}
    return render(_STRIP, legend=legend_line(keys), lines=lines, ticks=ticks, count=count)


def difference_table(difference: Difference, places: Sequence[int]) -> Markup:
    """List layers with both blocks and what changes from the first to the second."""
    if not places:
        return Markup("")
    changes = [f"Δ {quantity.title}" for quantity in difference.quantities]
    head = ["Layer", f"A: {difference.first.name}", f"B: {difference.second.name}", *changes]
    lines = [Line(_changed_row(difference, place)) for place in places]
    caption = "Layers that differ; differences are B minus A"
    return card_table(head, lines, caption=caption, words=(0, 1, 2))


def signed(value: float, quantity: Quantity) -> str:
    """Write a difference with its sign and unit."""
    return f"{_signed(value)} {quantity.unit}".rstrip()


def _lines(difference: Difference) -> list[tuple[str, str, list[int]]]:
    """What differs, its color and where; one line for blocks that are known by name only."""
    pairs = {place: difference.pair(place) for place in difference.places}
    blocks = [block for pair in pairs.values() for block in pair]
    if any("other" in (block.attention.kind, block.ffn.kind) for block in blocks):
        return [("Block", FFN, list(pairs))]
    attention = [place for place, (a, b) in pairs.items() if a.attention != b.attention]
    ffn = [place for place, (a, b) in pairs.items() if a.ffn != b.ffn]
    return [("Attention", ATTENTION, attention), ("FFN", FFN, ffn)]


def _changed_row(difference: Difference, place: int) -> list[Cell]:
    a, b = difference.pair(place)
    changes = [_signed(b.values[q.key] - a.values[q.key]) for q in difference.quantities]
    return [str(difference.library.layers[place].name), a.label, b.label, *changes]


def _signed(value: float) -> str:
    if value == 0:
        return "0"
    return ("+" if value > 0 else _MINUS) + format_number(abs(value))


class DifferenceView(Following, widgets.VBox):
    """Choose two of the architectures, the parent among them; see which layers differ.

    Parameters
    ----------
    state
        Gives the objective, and hears of errors.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self._series: Sequence[Series] = ()
        self._long = False
        self._touched = False
        self.first, self.second = _chooser(), _chooser()
        self.words, self.strip, self.table = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.words.add_class("pw-live")
        self.show_all = button("Show all", "Show every layer that differs")
        self.children = (
            row(named("A", self.first, css=""), named("B", self.second, css="")),
            self.words,
            self.strip,
            self.table,
            row(self.show_all),
        )
        for choice in (self.first, self.second):
            self.changed(choice, lambda _: self._choose())
        self.clicked(self.show_all, self._toggle)

    def show(self, series: Sequence[Series]) -> None:
        """Offer these; what the user chose stays chosen where it is still there."""
        chosen = self._chosen(series)
        self._series = series
        with self.silence():
            for chooser, place in zip((self.first, self.second), chosen, strict=True):
                chooser.options = [(one.name, n) for n, one in enumerate(series)]
                chooser.value = place
        self._refresh()

    def _chosen(self, series: Sequence[Series]) -> tuple[int, int]:
        """Places to choose: the user's own, else the first scenario and the newest."""
        usual = (min(1, len(series) - 2), len(series) - 1)
        if not self._touched:
            return usual
        first = self._place(self.first.value, series, usual[0])
        return first, self._place(self.second.value, series, usual[1])

    def _place(self, old: int, series: Sequence[Series], usual: int) -> int:
        names = [one.name for one in series]
        name = self._series[old].name
        if name in names:
            return names.index(name)
        return old if len(series) == len(self._series) else usual

    def _choose(self) -> None:
        self._touched = True
        self._refresh()

    def _toggle(self) -> None:
        self._long = not self._long
        self._refresh()

    def _refresh(self) -> None:
        a, b = self._series[self.first.value], self._series[self.second.value]
        difference = Difference(a, b, self.state.objective)
        places = difference.places
        sure = (
            Markup("")
            if self.state.question
            else chance_words(difference, self.state.record.direction)
        )
        self.words.value = difference_words(difference) + sure
        self.strip.value = difference_strip(difference)
        self.table.value = difference_table(difference, places if self._long else places[:_SHORT])
        self.show_all.layout.display = "" if len(places) > _SHORT else "none"
        self.show_all.description = (
            f"Show the first {_SHORT}" if self._long else f"Show all {len(places)} layers"
        )


def _chooser() -> widgets.Dropdown:
    chooser = widgets.Dropdown(layout=widgets.Layout(width="220px", min_width="0"))
    chooser.add_class("pw-choose")
    return chooser
