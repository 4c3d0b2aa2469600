"""How the scores of a scenario spread over its layers, in figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from puzzle_widgets.charts.comparison import Series
from puzzle_widgets.library.quantity import format_number, format_share
from puzzle_widgets.widgets.card_table import Line, card_table
from puzzle_widgets.widgets.html import Cell
from puzzle_widgets.widgets.scenario_series import NOTHING, series_title

_TAIL = 10


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
