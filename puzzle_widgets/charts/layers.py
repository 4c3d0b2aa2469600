"""Blocks by layer: sizes as mirrored bars, choices row by row, costs kept and saved."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.charts.figure import (
    Axis,
    Bars,
    ColorArray,
    Figure,
    Key,
    Spot,
    Spots,
    layer_axis,
    value_axis,
)
from puzzle_widgets.charts.palette import (
    ATTENTION,
    ATTENTION_LINEAR,
    CURRENT,
    FFN,
    FFN_LINEAR,
    NEUTRAL,
    OUTLINE,
    PINNED,
    SAVED,
    WHOLE,
)
from puzzle_widgets.library import BlockLibrary, BlockVariant, SubBlock
from puzzle_widgets.library.matching import counterpart
from puzzle_widgets.library.model import KINDS, PARTS, FloatArray, Part
from puzzle_widgets.library.quantity import COST_GROUP, MEMORY, RUNTIME, format_share
from puzzle_widgets.problem.mckp import BoolArray, IntArray, to_choice
from puzzle_widgets.reasons import Decidedness
from puzzle_widgets.reasons.words import score_words
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.across import pairing
from puzzle_widgets.solution.side_by_side import library_mark
from puzzle_widgets.solution.sizes import SubblockSizes, bar_heights, relative_sizes

MOST_ROWS = 24
COST_VIEWS = {"Runtime": RUNTIME, "Memory": MEMORY}
_CELL, _LONGEST, _CLOSE, _ROW_PX = 0.84, 16, 1e-3, 20
_RANK = ("sized", "linear", "other", "no_op")


@dataclass(frozen=True, eq=False)
class LayerChart:
    """One way to draw the architectures of a library, worked out for all variants at once.

    Parameters
    ----------
    library
        Whose architectures are drawn.
    y
        The vertical axis.
    heights, colors
        Parts of every variant's bar, flat as the library's columns are, shape (parts, variants).
    legend
        What the colors mean.
    saved
        Cost of the parent's block by layer, where the last part is what a block saves of it.
    view
        Name of the view.
    cost
        Key of the cost that is kept and saved; empty in other views.
    problem
        Why there is nothing to draw; empty where there is.
    height
        Of the plot itself, in px.
    """

    library: BlockLibrary
    y: Axis
    heights: FloatArray
    colors: ColorArray
    legend: tuple[Key, ...] = ()
    saved: FloatArray | None = None
    view: str = "Size"
    cost: str = ""
    problem: str = ""
    height: int = 230

    def bars(
        self,
        solution: Solution,
        choice: IntArray | None = None,
        decided: Decidedness | None = None,
    ) -> Bars:
        """The bars of an architecture; ``choice`` is its flat variant index by layer.

        Layers in which another block hardly costs more are pale where ``decided`` tells.
        """
        if choice is None:
            choice = solution.choice
        heights, colors = self.heights[:, choice], self.colors[:, choice]
        if self.saved is not None:
            rest = np.clip(self.saved - heights.sum(axis=0), 0.0, None)
            heights = np.vstack([heights, rest])
            colors = np.vstack([colors, np.full((1, len(choice)), SAVED, dtype=object)])
        layers = self.library.layers

        def words(place: int) -> str:
            more, block = (
                "" if decided is None else f"; {decided.words(place)}",
                solution.blocks[place],
            )
            kept = self._kept_words(place, block)
            return f"Layer {layers[place].name}: {block.label}{kept}{more}"

        return Bars(heights, colors, words, None if decided is None else decided.hardly)

    def _kept_words(self, place: int, block: BlockVariant) -> str:
        """What a block takes of the cost that is drawn, and its share of the parent's block."""
        if not self.cost:
            return ""
        value, parent = block.values[self.cost], self.library.layers[place].parent_variant
        share = value / parent.values[self.cost] if parent.values[self.cost] else math.nan
        amount = self.library.quantity(self.cost).text(value)
        return f"; {amount}" + (f", {format_share(share)} of the parent's" if share >= 0 else "")

    def frames(self, reference: Scenario) -> Bars:
        """The outlines of a scenario to compare with: what it has, not what it saves.

        One of another library has its own figures there; a block that has no row here, and a cost
        that means something else, have no outline. What is higher than the chart is cut off.
        """
        heights, shown = self._outlined(reference.solution)
        layers, blocks = self.library.layers, reference.solution.blocks

        def words(place: int) -> str:
            return f"{reference.name}, layer {layers[place].name}: {blocks[place].label}"

        return Bars(heights, np.where(shown, OUTLINE, ""), words)

    def _outlined(self, solution: Solution) -> tuple[FloatArray, BoolArray]:
        """Parts of every layer's outline, and which of them are drawn."""
        other = solution.library
        if other is self.library or other == self.library:
            choice = to_choice(self.library, solution.architecture or {})
            return self.heights[:, choice], self.colors[:, choice] != ""
        if self.view == "Choice" or self.obstacle(other):
            return self._rows_of(solution)
        plan = layer_chart(other, self.view)
        choice = to_choice(other, solution.architecture or {})
        heights = plan.heights[:, choice]
        if self.cost:
            heights = np.diff(np.minimum(heights.cumsum(axis=0), self.y.high), axis=0, prepend=0.0)
        return heights, plan.colors[:, choice] != ""

    def _rows_of(self, solution: Solution) -> tuple[FloatArray, BoolArray]:
        """The rows of another library's blocks among those here; none for a cost."""
        starts, layers = self.library.starts.tolist(), self.library.layers
        heights = np.zeros((len(self.heights), len(layers)))
        shown = np.zeros(heights.shape, dtype=bool)
        for place, block in enumerate(() if self.cost else solution.blocks):
            same = counterpart(block, layers[place])
            if same is not None:
                column = starts[place] + layers[place].positions[same.name]
                heights[:, place] = self.heights[:, column]
                shown[:, place] = self.colors[:, column] != ""
        return heights, shown

    def obstacle(self, other: BlockLibrary) -> str:
        """Why figures of another library are not drawn here; empty where they are."""
        return pairing(self.library, other).ground(self.cost).obstacle if self.cost else ""

    def pins(self, places: Sequence[int]) -> Spots:
        """Dots above the layers that a rule leaves one block."""
        layers = self.library.layers
        spots = (
            Spot(place, self.y.high, f"Layer {layers[place].name}: kept by a rule", PINNED, place)
            for place in places
        )
        return Spots("pinned", "dot", 40, tuple(spots))

    def legend_with(
        self,
        reference: Scenario | None,
        decided: Decidedness | None = None,
        pinned: Sequence[int] = (),
    ) -> tuple[Key, ...]:
        """The legend, with the scenario whose outlines are drawn, and what else is marked."""
        keys = list(self.legend)
        if decided is not None:
            limit = score_words(decided.problem, decided.threshold)
            keys.append(Key(f"pale: hardly matters, another block costs at most {limit}"))
        if pinned:
            keys.append(Key("kept by a rule", PINNED, "dot"))
        if reference is not None:
            keys.append(self._reference_key(reference))
        return tuple(keys)

    def _reference_key(self, reference: Scenario) -> Key:
        """Name the reference, and its library where that is another one."""
        other, words = reference.solution.library, f"Reference: {reference.name}"
        if other is self.library or other == self.library:
            return Key(words, OUTLINE, "frame")
        words = f"{words}, {library_mark(other)}"
        if obstacle := self.obstacle(other):
            return Key(f"{words}: not drawn, {obstacle}")
        return Key(words, OUTLINE, "frame")

    def _in_all(self, solution: Solution) -> Iterable[Key]:
        """What is kept and saved of the cost in all layers together."""
        share = solution.shares.get(self.cost)
        if self.cost and share is not None and 0 <= share <= 1:
            kept, saved = format_share(share), format_share(1 - share)
            yield Key(f"in all: {kept} kept, {saved} saved")

    def figure(
        self,
        solution: Solution,
        title: str = "Blocks by layer",
        reference: Scenario | None = None,
        decided: Decidedness | None = None,
        pinned: Sequence[int] = (),
    ) -> Figure:
        """The chart of an architecture, with the outlines of another one to compare with."""
        x, legend = layer_axis(self.library.layers), self.legend_with(reference, decided, pinned)
        own = len(self.legend)
        legend = (*legend[:own], *self._in_all(solution), *legend[own:])
        frames = None if reference is None else self.frames(reference)
        bars, pins = self.bars(solution, decided=decided), self.pins(pinned)
        return Figure(title, x, self.y, legend, bars=bars, frames=frames, spots=(pins,))


def layers_figure(
    solution: Solution,
    view: str = "Size",
    title: str = "Blocks by layer",
    reference: Scenario | None = None,
) -> Figure:
    """Work out the chart of an architecture.

    Parameters
    ----------
    solution
        With an architecture.
    view
        One of :func:`views_of` its library: ``"Size"``, ``"Choice"``, ``"Runtime"``, ``"Memory"``.
    title
        Read out for the chart.
    reference
        A scenario to compare with, drawn as outlines, of the same library or of one whose
        layers match.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> figure = layers_figure(pw.search(problem))
    >>> figure.title, len(figure.legend) > 1
    ('Blocks by layer', True)
    """
    return layer_chart(solution.library, view).figure(solution, title, reference)


def views_of(library: BlockLibrary) -> list[str]:
    """The ways in which a library's architectures can be drawn."""
    return ["Size", "Choice", *(name for name, key in COST_VIEWS.items() if key in library.keys)]


def layer_chart(library: BlockLibrary, view: str) -> LayerChart:
    """Work out a view for all architectures of a library."""
    if view in COST_VIEWS:
        return _cost_chart(library, COST_VIEWS[view])
    return _choice_chart(library) if view == "Choice" else _size_chart(library)


def _size_chart(library: BlockLibrary) -> LayerChart:
    """Attention upwards, FFN downwards, as shares of the parent's; whole blocks where unknown."""
    sizes = relative_sizes(library)
    subblocks = [(sizes.whole, 1)] if sizes.whole else [(sizes.attention, 1), (sizes.ffn, -1)]
    tones = [(WHOLE, WHOLE)] if sizes.whole else [(ATTENTION, ATTENTION_LINEAR), (FFN, FFN_LINEAR)]
    heights = np.stack([sign * bar_heights(subblock) for subblock, sign in subblocks])
    colors = np.stack(
        [
            _size_colors(subblock, *tone)
            for (subblock, _), tone in zip(subblocks, tones, strict=True)
        ]
    )
    high = max(1.0, heights.max())
    low = 0.0 if sizes.whole else min(-1.0, heights.min())
    ticks = tuple((t, f"{abs(100 * t):.0f} %") for t in (-1, -0.5, 0, 0.5, 1) if t >= low)
    words = "block, % of the parent's" if sizes.whole else "← FFN · % of the parent's · attention →"
    legend = (
        [Key(f"whole block, {_whole_words(library, sizes.whole)}", WHOLE)]
        if sizes.whole
        else _size_legend(library, sizes.attention, sizes.ffn)
    )
    y = Axis(float(low), float(high), ticks, words, grid=True)
    return LayerChart(library, y, heights, colors, tuple(legend))


def _size_colors(subblock: SubblockSizes, sized: str, linear: str) -> ColorArray:
    other = sized if sized == WHOLE else NEUTRAL
    by_kind = {"sized": sized, "linear": linear, "no_op": sized, "other": other}
    colors: ColorArray = np.array([by_kind[kind] for kind in KINDS], dtype=object)[subblock.kinds]
    return colors


def _size_legend(library: BlockLibrary, attention: SubblockSizes, ffn: SubblockSizes) -> list[Key]:
    keys = [
        Key("attention, up: KV heads, % of the parent's", ATTENTION),
        Key("FFN, down: intermediate size, % of the parent's", FFN),
    ]
    if attention.has("linear"):
        keys.append(Key("linear attention (a sliver)", ATTENTION_LINEAR))
    if ffn.has("linear"):
        keys.append(Key("linear FFN (a sliver)", FFN_LINEAR))
    for subblock, name in ((attention, "attention"), (ffn, "FFN")):
        if subblock.has("other"):
            keys.append(Key(f"other {name}, {_subblock_words(library, subblock)}", NEUTRAL))
    if attention.has("no_op") or ffn.has("no_op"):
        keys.append(Key("no bar: no-op"))
    return keys


def _whole_words(library: BlockLibrary, whole: SubblockSizes) -> str:
    if not whole.basis:
        return "kinds and sizes not known: neutral bars"
    name = library.quantity(whole.basis).label.lower()
    return f"up: its {name}, % of the parent's block (kinds not known)"


def _subblock_words(library: BlockLibrary, subblock: SubblockSizes) -> str:
    if not subblock.basis:
        return "size not known: neutral bar"
    return f"% of the parent's {library.quantity(subblock.basis).label.lower()}"


def _choice_chart(library: BlockLibrary) -> LayerChart:
    """One row per kind of attention above, one per kind of FFN below; or one per variant."""
    stack, rows, tones, legend = _arrange(library)
    count = int(library.starts[-1])
    y = Axis(0.0, float(len(rows)), tuple((n + 0.5, words) for n, words in enumerate(rows)), "")
    if len(rows) > MOST_ROWS:
        words = (
            f"{len(rows)} rows would be needed, one for each kind of block: too many to read. "
            "Open a layer to see all of its variants."
        )
        none = np.zeros((1, count))
        empty = np.full((1, count), "", object)
        return LayerChart(library, y, none, empty, view="Choice", problem=words)
    parts = _row_heights(stack)
    colors = [np.full(count, tone, object) for color in tones for tone in ("", color)]
    height = max(80, _ROW_PX * len(rows))
    return LayerChart(
        library, y, parts, np.stack(colors), tuple(legend), view="Choice", height=height
    )


def _arrange(library: BlockLibrary) -> tuple[list[IntArray], list[str], list[str], list[Key]]:
    """Find the row of every variant's parts, lowest row first, and what the rows are called."""
    variants = [variant for layer in library.layers for variant in layer.variants]
    subblocks = [(v.attention, v.ffn) for v in variants]
    if all(subblock.kind == "other" for pair in subblocks for subblock in pair):
        names = list(reversed(dict.fromkeys(variant.name for variant in variants)))
        place = {name: row for row, name in enumerate(names)}
        where = np.array([place[variant.name] for variant in variants])
        key = Key("the layer's variant, by name", WHOLE)
        return [where], [_short(name) for name in names], [WHOLE], [key]
    ffn, ffn_rows = _rows([pair[1] for pair in subblocks], "ffn")
    attention, attention_rows = _rows([pair[0] for pair in subblocks], "attention")
    legend = [
        Key("attention (upper rows): KV heads", ATTENTION),
        Key("FFN (lower rows): intermediate size", FFN),
    ]
    rows = [*ffn_rows, *attention_rows]
    return [ffn, attention + len(ffn_rows)], rows, [FFN, ATTENTION], legend


def _rows(subblocks: Sequence[SubBlock], part: Part) -> tuple[IntArray, list[str]]:
    """Rows from the least to the largest, and the row of each."""
    kinds = sorted(
        set(subblocks), key=lambda subblock: (-_RANK.index(subblock.kind), subblock.size or 0)
    )
    place = {subblock: row for row, subblock in enumerate(kinds)}
    return np.array([place[subblock] for subblock in subblocks]), [
        _row_name(subblock, part) for subblock in kinds
    ]


def _row_name(subblock: SubBlock, part: Part) -> str:
    size = f"{subblock.size:,}" if subblock.kind == "sized" else subblock.describe(part)
    if part == "ffn":
        return f"FFN {size}"
    return f"attn {size} KV" if subblock.kind == "sized" else f"attn {size}"


def _row_heights(stack: Sequence[IntArray]) -> FloatArray:
    """Turn rows into bars: an unseen one up to each row, then the cell."""
    parts: list[FloatArray] = []
    reached: FloatArray = np.zeros(len(stack[0]))
    for rows in stack:
        low = rows.astype(np.float64) + (1 - _CELL) / 2
        parts += [low - reached, np.full(len(rows), _CELL)]
        reached = low + _CELL
    return np.stack(parts)


def _short(name: str) -> str:
    words = " ".join(name.split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _cost_chart(library: BlockLibrary, key: str) -> LayerChart:
    """Kept and saved of a cost, stacked; kept by subblock where these are known."""
    quantity, total = library.quantity(key), library.column(key)
    subblocks = _subblock_costs(library, key)
    kept = (
        [("kept, attention", ATTENTION), ("kept, FFN", FFN)] if subblocks else [("kept", CURRENT)]
    )
    heights = np.stack(subblocks or [total])
    colors = np.stack([np.full(len(total), color, object) for _, color in kept])
    parent = np.array([layer.parent_variant.values[key] for layer in library.layers])
    y = value_axis(total.tolist(), quantity)
    y = Axis(y.low, max(float(total.max()), 0.0) or 1.0, y.ticks, f"{quantity.title} per layer")
    legend = [*(Key(words, color) for words, color in kept), Key("saved of the parent's", SAVED)]
    view = next(name for name, cost in COST_VIEWS.items() if cost == key)
    return LayerChart(library, y, heights, colors, tuple(legend), saved=parent, view=view, cost=key)


def _subblock_costs(library: BlockLibrary, key: str) -> list[FloatArray]:
    """Costs of attention and FFN, where the library has them and they add up to the block's."""
    keys = [f"{COST_GROUP}{part}_{key.removeprefix(COST_GROUP)}" for part in PARTS]
    if not all(name in library.keys for name in keys):
        return []
    subblocks, total = [library.column(name) for name in keys], library.column(key)
    fits = np.allclose(sum(subblocks), total, rtol=_CLOSE, atol=_CLOSE * np.abs(total).max())
    return subblocks if fits and min(subblock.min() for subblock in subblocks) >= 0 else []
