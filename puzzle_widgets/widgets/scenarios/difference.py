"""Two architectures against each other: which layers differ, and what that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts.comparison import Series
from puzzle_widgets.charts.figure import Key, layer_ticks
from puzzle_widgets.charts.palette import ATTENTION, FFN
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.quantity import MEMORY, RUNTIME, Quantity, format_number, format_share
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.reasons import chance_better
from puzzle_widgets.reasons.noise import NOISE, read_noise
from puzzle_widgets.solution.across import FigureChange, change_of, differing_places, pairing
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.reason_answers import noise_of
from puzzle_widgets.widgets.charts import legend_line
from puzzle_widgets.widgets.html import Cell, Line, card_table, render
from puzzle_widgets.widgets.noise import NoiseChoice
from puzzle_widgets.widgets.panel import Following, button, named, row

_DRAWN = 10_000
_CHANCE = Markup(
    "<p class='pw-says'><b>B scores better than A in {} of the samples</b> {} ({} drawn). "
    "That is sensitivity to the scores, no guarantee.</p>"
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
    """Two architectures of one library, or of two whose layers match, compared.

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
        """The library that the first is made of."""
        return self.first.solution.library

    @property
    def places(self) -> list[int]:
        """Places of the layers that differ."""
        return differing_places(self.first.solution, self.second.solution)

    @property
    def quantities(self) -> list[Quantity]:
        """What is subtracted: score, runtime and memory, as far as both mean the same by it."""
        known = (one.key for one in self.changes if one.difference is not None)
        return [self.library.quantity(key) for key in known]

    @property
    def changes(self) -> list[FigureChange]:
        """Score, runtime and memory of both, as far as either library knows them."""
        one, other = self.first.solution, self.second.solution
        keys = dict.fromkeys((self.objective, RUNTIME, MEMORY))
        known = (key for key in keys if key in one.library.keys or key in other.library.keys)
        return [change_of(one, other, key) for key in known]

    @property
    def across(self) -> bool:
        """Whether they are of two libraries."""
        return not pairing(self.first.solution.library, self.second.solution.library).same

    def pair(self, place: int) -> tuple[BlockVariant, BlockVariant]:
        """Both blocks of a layer."""
        return self.first.solution.blocks[place], self.second.solution.blocks[place]


def difference_words(difference: Difference) -> Markup:
    """Say in how many layers the two differ, and by how much in all."""
    count, places = len(difference.library.layers), difference.places
    same = "No layer differs: both are the same architecture."
    if not places and not difference.across:
        return Markup("<p class='pw-says'>{}</p>").format(same)
    said = f"{len(places)} of {count} layers differ." if places else same
    changes = ", ".join(map(_change_words, difference.changes))
    return Markup("<p class='pw-says'><b>{}</b> B against A: {}.</p>").format(said, changes)


def _change_words(change: FigureChange) -> str:
    if change.difference is None:
        return f"{change.label} not compared ({change.ground.obstacle})"
    quantity = Quantity(change.key, change.label, change.unit)
    words = f"{change.label} {signed(change.difference, quantity)}"
    return f"{words} ({change.ground.remark})" if change.ground.remark else words


@lru_cache(maxsize=32)
def _chance(
    problem: SearchProblem, a: tuple[str, ...], b: tuple[str, ...], noise: float | str
) -> tuple[float, str]:
    """How likely the second scores better, by names of their blocks, and by which noise.

    Kept, as it is asked at every refresh.
    """
    layers = problem.library.layer_positions
    first, second = (dict(zip(layers, names, strict=True)) for names in (a, b))
    model = read_noise(problem, noise)
    return chance_better(problem, second, first, model, _DRAWN), model.brief


def chance_words(difference: Difference, goal: Goal, noise: float | str = NOISE) -> Markup:
    """Say how likely B scores better than A if the scores are off."""
    if not difference.places or difference.across:
        return Markup("")
    problem = SearchProblem.of(difference.library, goal, difference.objective)
    pair = (difference.first, difference.second)
    a, b = (tuple(block.name for block in one.solution.blocks) for one in pair)
    chance, brief = _chance(problem, a, b, noise)
    return _CHANCE.format(format_share(chance), brief, f"{_DRAWN:,}")


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
        self.noise = NoiseChoice(state)
        self.show_all = button("Show all", "Show every layer that differs")
        self.children = (
            row(named("A", self.first, css=""), named("B", self.second, css="")),
            self.words,
            self.noise,
            self.strip,
            self.table,
            row(self.show_all),
        )
        for choice in (self.first, self.second):
            self.changed(choice, lambda _: self._choose())
        self.clicked(self.show_all, self._toggle)
        self.when("looks", do=self._show_noise)

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
        places, sure = difference.places, self._chance_of(difference)
        self.words.value = difference_words(difference) + sure
        self.noise.layout.display = "" if sure else "none"
        self.strip.value = difference_strip(difference)
        self.table.value = difference_table(difference, places if self._long else places[:_SHORT])
        self.show_all.layout.display = "" if len(places) > _SHORT else "none"
        self.show_all.description = (
            f"Show the first {_SHORT}" if self._long else f"Show all {len(places)} layers"
        )

    def _chance_of(self, difference: Difference) -> Markup:
        """How sure it is, once the sense of the scores is known."""
        if self.state.question:
            return Markup("")
        noise = noise_of(self.state.looks, difference.library)
        return chance_words(difference, self.state.record.direction, noise)

    def _show_noise(self) -> None:
        """Say it anew where another noise is chosen, here or elsewhere."""
        if self._series:
            self._refresh()


def _chooser() -> widgets.Dropdown:
    chooser = widgets.Dropdown(layout=widgets.Layout(width="220px", min_width="0"))
    chooser.add_class("pw-choose")
    return chooser
