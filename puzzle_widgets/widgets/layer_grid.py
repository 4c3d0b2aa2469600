"""The view of choices: one row a kind of block, the chosen ones filled in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary, SubBlock
from puzzle_widgets.library.block import Part
from puzzle_widgets.problem.mckp import IntArray
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.sizes import FloatArray
from puzzle_widgets.widgets.html import legend
from puzzle_widgets.widgets.layer_chart import ChartPlan, LayerChart, OnLayer
from puzzle_widgets.widgets.layer_words import changed_words
from puzzle_widgets.widgets.palette import ATTENTION, FFN, WHOLE

MOST_ROWS = 24
_CELL = 0.84
_ROW_PX = 20
_LONGEST = 16
_RANK = ("sized", "linear", "other", "no_op")


class ChoiceView:
    """One row a kind of attention above, one a kind of FFN below; or one a variant's name.

    Where that is too many rows, ``chart`` is ``None`` and ``legend`` says so.

    Parameters
    ----------
    library
        Whose architectures are shown.
    on_hover, on_click
        Called with the place of a layer.
    """

    def __init__(self, library: BlockLibrary, on_hover: OnLayer, on_click: OnLayer) -> None:
        stack, rows, self._colors, self.legend = _arrange(library)
        self.chart: LayerChart | None = None
        if len(rows) <= MOST_ROWS:
            self._heights = _heights(stack)
            plan = _plan(rows)
            self.chart = LayerChart(library.layers, plan, on_hover, on_click)
        else:
            self.legend = Markup(
                "<p>{} rows would be needed, one for each kind of block: too many to read. "
                "Open a layer to see all of its variants.</p>"
            ).format(len(rows))

    def show(self, choice: IntArray) -> None:
        """Draw an architecture: the flat variant index of every layer."""
        if self.chart is not None:
            heights = self._heights[:, choice]
            colors = [color for color in self._colors for _ in range(2)]
            self.chart.draw(heights, colors, [0.0, 1.0] * len(self._colors))

    def words(self, solution: Solution) -> str:
        """Count the layers that differ from the parent's."""
        return changed_words(solution)


def _arrange(
    library: BlockLibrary,
) -> tuple[list[IntArray], list[str], list[str], Markup]:
    """Find the row of every variant's halves, lowest row first, and what the rows are called."""
    variants = [variant for layer in library.layers for variant in layer.variants]
    halves = [(v.attention, v.ffn) for v in variants]
    if all(half.kind == "other" for pair in halves for half in pair):
        names = list(dict.fromkeys(variant.name for variant in variants))
        rows = [_short(name) for name in reversed(names)]
        place = {name: row for row, name in enumerate(reversed(names))}
        where = np.array([place[variant.name] for variant in variants])
        return [where], rows, [WHOLE], legend([(WHOLE, "the layer's variant, by name")])
    ffn, ffn_rows = _rows([pair[1] for pair in halves], "ffn")
    attention, attention_rows = _rows([pair[0] for pair in halves], "attention")
    words = legend(
        [
            (ATTENTION, "attention (upper rows): KV heads"),
            (FFN, "FFN (lower rows): intermediate size"),
        ]
    )
    rows = [*ffn_rows, *attention_rows]
    return [ffn, attention + len(ffn_rows)], rows, [FFN, ATTENTION], words


def _rows(halves: Sequence[SubBlock], part: Part) -> tuple[IntArray, list[str]]:
    """Rows from the least to the largest half, and the row of each."""
    kinds = sorted(set(halves), key=lambda half: (-_RANK.index(half.kind), half.size or 0))
    place = {half: row for row, half in enumerate(kinds)}
    return np.array([place[half] for half in halves]), [_label(half, part) for half in kinds]


def _label(half: SubBlock, part: Part) -> str:
    size = f"{half.size:,}" if half.kind == "sized" else half.describe(part)
    if part == "ffn":
        return f"FFN {size}"
    return f"attn {size} KV" if half.kind == "sized" else f"attn {size}"


def _heights(stack: Sequence[IntArray]) -> FloatArray:
    """Turn rows into bars: an unseen one up to each row, then the cell."""
    parts: list[FloatArray] = []
    reached: FloatArray = np.zeros(len(stack[0]))
    for rows in stack:
        low = rows.astype(np.float64) + (1 - _CELL) / 2
        parts += [low - reached, np.full(len(rows), _CELL)]
        reached = low + _CELL
    return np.stack(parts)


def _plan(rows: Sequence[str]) -> ChartPlan:
    ticks = {row + 0.5: words for row, words in enumerate(rows)}
    margin = 24 + 6.2 * max(len(words) for words in rows)
    high = float(len(rows))
    return ChartPlan(0.0, high, ticks, height=max(80, _ROW_PX * len(rows)), margin=round(margin))


def _short(name: str) -> str:
    words = " ".join(name.split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
