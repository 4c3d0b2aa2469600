"""The view of differences: where two architectures differ, in words, a strip, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts.axes import layer_ticks
from puzzle_widgets.charts.comparison import Series
from puzzle_widgets.charts.palette import ATTENTION, FFN
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.quantity import MEMORY, RUNTIME, Quantity, format_number
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.html import Cell, Line, card_table, legend, render
from puzzle_widgets.widgets.panel import button, guard, named, row

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


def difference_strip(difference: Difference) -> Markup:
    """Draw which layers differ, in attention and in FFN; blocks known by name only in one line."""
    places, layers = difference.places, difference.library.layers
    if not places:
        return Markup("")
    lines, count = _lines(difference), len(layers)
    keys = [(color, f"{words} differs in {len(where)}") for words, color, where in lines]
    ticks = {n: str(layers[n].name)[:9] for n in layer_ticks(count)}
    return render(_STRIP, legend=legend(keys), lines=lines, ticks=ticks, count=count)


def difference_table(difference: Difference, places: Sequence[int]) -> Markup:
    """List layers with both blocks and what changes from the first to the second."""
    if not places:
        return Markup("")
    changes = [f"Δ {quantity.title}" for quantity in difference.quantities]
    head = ["Layer", f"A: {difference.first.name}", f"B: {difference.second.name}", *changes]
    lines = [Line(_row(difference, place)) for place in places]
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


def _row(difference: Difference, place: int) -> list[Cell]:
    a, b = difference.pair(place)
    changes = [_signed(b.values[q.key] - a.values[q.key]) for q in difference.quantities]
    return [str(difference.library.layers[place].name), a.label, b.label, *changes]


def _signed(value: float) -> str:
    if value == 0:
        return "0"
    return ("+" if value > 0 else _MINUS) + format_number(abs(value))


class DifferenceView(widgets.VBox):
    """Choose two of the architectures, the parent among them; see which layers differ.

    Parameters
    ----------
    state
        Gives the objective, and hears of errors.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._state = state
        self._series: Sequence[Series] = ()
        self._long = False
        self._quiet = self._touched = False
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
        choose = guard(state, lambda *_: self._choose())
        self.first.observe(choose, "value")
        self.second.observe(choose, "value")
        self.show_all.on_click(guard(state, lambda *_: self._toggle()))

    def show(self, series: Sequence[Series]) -> None:
        """Offer these; what the user chose stays chosen where it is still there."""
        chosen = self._chosen(series)
        self._series = series
        self._quiet = True  # offering other choices is no choice of the user's
        for chooser, place in zip((self.first, self.second), chosen, strict=True):
            chooser.options = [(one.name, n) for n, one in enumerate(series)]
            chooser.value = place
        self._quiet = False
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
        if not self._quiet:
            self._touched = True
            self._refresh()

    def _toggle(self) -> None:
        self._long = not self._long
        self._refresh()

    def _refresh(self) -> None:
        a, b = self._series[self.first.value], self._series[self.second.value]
        difference = Difference(a, b, self._state.objective)
        places = difference.places
        self.words.value = difference_words(difference)
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
