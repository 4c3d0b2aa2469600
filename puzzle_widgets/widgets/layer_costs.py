"""The views of costs: what each layer keeps of the parent's runtime or memory, and saves."""

from __future__ import annotations

import numpy as np

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import COST_GROUP, format_number
from puzzle_widgets.problem.mckp import IntArray
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.sizes import PARTS, FloatArray
from puzzle_widgets.widgets.html import legend
from puzzle_widgets.widgets.layer_chart import ChartPlan, LayerChart, OnLayer
from puzzle_widgets.widgets.palette import ATTENTION, FFN, PRESENT, SAVED

_MOST_TICKS = 5
_CLOSE = 1e-3


class CostView:
    """Kept and saved, stacked, in every layer; kept in its two halves where these are known.

    Parameters
    ----------
    library
        Whose architectures are shown.
    key
        Dotted key of the cost.
    on_hover, on_click
        Called with the place of a layer.
    """

    def __init__(
        self, library: BlockLibrary, key: str, on_hover: OnLayer, on_click: OnLayer
    ) -> None:
        quantity = library.quantity(key)
        self._key, self._quantity = key, quantity
        self._parent = np.array([layer.parent_variant.values[key] for layer in library.layers])
        self._total = library.column(key)
        halves = _halves(library, key)
        self._kept = np.stack(halves or [self._total])
        kept = [(ATTENTION, "kept, attention"), (FFN, "kept, FFN")] if halves else []
        keys = [*(kept or [(PRESENT, "kept")]), (SAVED, "saved against the parent's block")]
        self._colors = [color for color, _ in keys]
        self.legend = legend(keys)
        self.chart = LayerChart(
            library.layers, _plan(self._total, quantity.title), on_hover, on_click
        )

    def show(self, choice: IntArray) -> None:
        """Draw an architecture: the flat variant index of every layer."""
        saved = np.clip(self._parent - self._total[choice], 0.0, None)
        heights = np.vstack([self._kept[:, choice], saved])
        self.chart.draw(heights, self._colors, [1.0] * len(self._colors))

    def words(self, solution: Solution) -> str:
        """Say the sums: kept, parent's, saved."""
        library, unit = solution.library, self._quantity.unit
        parent = library.parent_totals[self._key]
        words = saving_words(solution.totals[self._key], parent, unit)
        if not (outside := library.offset(self._key)):
            return words
        return f"{words}; {self._quantity.text(outside)} of it outside the blocks"


def saving_words(kept: float, parent: float, unit: str) -> str:
    """Say what is kept and saved of a cost, such as ``"60 of 80 ms kept, 20 ms saved (25 %)"``."""
    saved = parent - kept
    change, less = f"{format_number(abs(saved))} {unit}".rstrip(), saved >= 0
    share = f" ({abs(saved) / parent:.0%})".replace("%", " %") if parent > 0 else ""
    whole = f"{format_number(parent)} {unit}".rstrip()
    if less:
        return f"{format_number(kept)} of {whole} kept, {change} saved{share}"
    return f"{format_number(kept)} {unit}, {change} more than the parent's {whole}{share}"


def nice_ticks(high: float) -> list[float]:
    """Round values from 0 up to at most ``high``, about five of them."""
    if not high > 0:
        return [0.0]
    unit = 10.0 ** np.floor(np.log10(high))
    steps = [unit * part for part in (0.1, 0.2, 0.25, 0.5, 1.0)]
    step = next(step for step in steps if high / step <= _MOST_TICKS or step == unit)
    return [round(step * n, 12) for n in range(int(high / step + 1e-9) + 1)]


def _plan(total: FloatArray, title: str) -> ChartPlan:
    high = max(float(total.max()), 0.0) or 1.0
    low = min(float(total.min()), 0.0)
    ticks = {tick: format_number(tick) for tick in nice_ticks(high)}
    margin = 36 + 7 * max(len(words) for words in ticks.values())
    return ChartPlan(low, high, ticks, f"{title} per layer", height=210, margin=margin)


def _halves(library: BlockLibrary, key: str) -> list[FloatArray]:
    """Costs of attention and FFN, where the library has them and they add up to the block's."""
    keys = [f"{COST_GROUP}{part}_{key.removeprefix(COST_GROUP)}" for part in PARTS]
    if not all(name in library.keys for name in keys):
        return []
    halves, total = [library.column(name) for name in keys], library.column(key)
    fits = np.allclose(sum(halves), total, rtol=_CLOSE, atol=_CLOSE * np.abs(total).max())
    return halves if fits and min(half.min() for half in halves) >= 0 else []
