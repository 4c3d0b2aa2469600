"""The view of sizes: attention upwards, FFN downwards, each as a share of the parent's."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.block import KINDS
from puzzle_widgets.problem.mckp import IntArray
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.sizes import (
    BlockSizes,
    FloatArray,
    HalfSizes,
    bar_heights,
    relative_sizes,
)
from puzzle_widgets.widgets.html import legend
from puzzle_widgets.widgets.layer_chart import ChartPlan, LayerChart, OnLayer
from puzzle_widgets.widgets.layer_words import changed_words
from puzzle_widgets.widgets.palette import (
    ATTENTION,
    ATTENTION_LINEAR,
    FFN,
    FFN_LINEAR,
    NEUTRAL,
    WHOLE,
)

_THIN = "linear-gradient(currentColor, currentColor) center / 100% 1px no-repeat"


class SizeView:
    """Mirrored bars of the two halves; whole blocks where no half is known by its kind.

    Parameters
    ----------
    library
        Whose architectures are shown.
    on_hover, on_click
        Called with the place of a layer.
    """

    def __init__(self, library: BlockLibrary, on_hover: OnLayer, on_click: OnLayer) -> None:
        self._sizes = sizes = relative_sizes(library)
        if sizes.whole:
            halves, tones = [(sizes.whole, 1)], [(WHOLE, WHOLE)]
        else:
            halves = [(sizes.attention, 1), (sizes.ffn, -1)]
            tones = [(ATTENTION, ATTENTION_LINEAR), (FFN, FFN_LINEAR)]
        self._heights = np.stack([sign * bar_heights(half) for half, sign in halves])
        pairs = zip(halves, tones, strict=True)
        self._colors = np.stack([_colors(half, *tone) for (half, _), tone in pairs])
        self.legend = _legend(library, sizes)
        plan = _plan(self._heights, whole=sizes.whole is not None)
        self.chart = LayerChart(library.layers, plan, on_hover, on_click)

    def show(self, choice: IntArray) -> None:
        """Draw an architecture: the flat variant index of every layer."""
        colors: list[str] = self._colors[:, choice].T.ravel().tolist()
        self.chart.draw(self._heights[:, choice], colors, [1.0])

    def words(self, solution: Solution) -> str:
        """Count the layers that differ from the parent's."""
        return changed_words(solution)


def _colors(half: HalfSizes, sized: str, linear: str) -> np.ndarray:
    other = sized if sized == WHOLE else NEUTRAL
    by_kind = {"sized": sized, "linear": linear, "no_op": sized, "other": other}
    return np.array([by_kind[kind] for kind in KINDS], dtype=object)[half.kinds]


def _plan(heights: FloatArray, *, whole: bool) -> ChartPlan:
    high, low = max(1.0, heights.max()), 0.0 if whole else min(-1.0, heights.min())
    ticks = {tick: f"{abs(100 * tick):.0f} %" for tick in (-1, -0.5, 0, 0.5, 1) if tick >= low}
    words = "block, % of the parent's" if whole else "← FFN · % of the parent's · attention →"
    return ChartPlan(low, high, ticks, words, height=230)


def _legend(library: BlockLibrary, sizes: BlockSizes) -> Markup:
    if sizes.whole:
        return legend([(WHOLE, f"whole block, {_whole_words(library, sizes.whole)}")])
    entries = [
        (ATTENTION, "attention, up: KV heads, % of the parent's"),
        (FFN, "FFN, down: intermediate size, % of the parent's"),
    ]
    if sizes.attention.has("linear"):
        entries.append((ATTENTION_LINEAR, "linear attention (no size of its own)"))
    if sizes.ffn.has("linear"):
        entries.append((FFN_LINEAR, "linear FFN (no size of its own)"))
    for half, name in ((sizes.attention, "attention"), (sizes.ffn, "FFN")):
        if half.has("other"):
            entries.append((NEUTRAL, f"other {name}, {_half_words(library, half)}"))
    bare = sizes.attention.has("no_op") or sizes.ffn.has("no_op")
    return legend([*entries, (_THIN, "no bar: no-op")] if bare else entries)


def _whole_words(library: BlockLibrary, whole: HalfSizes) -> str:
    if not whole.basis:
        return "kinds and sizes not known: neutral bars"
    name = library.quantity(whole.basis).label.lower()
    return f"up: its {name}, % of the parent's block (kinds not known)"


def _half_words(library: BlockLibrary, half: HalfSizes) -> str:
    if not half.basis:
        return "size not known: neutral bar"
    return f"% of the parent's {library.quantity(half.basis).label.lower()}"
