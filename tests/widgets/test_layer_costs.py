"""The views of costs."""

from __future__ import annotations

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.layer_costs import CostView, nice_ticks, saving_words
from puzzle_widgets.widgets.palette import ATTENTION, FFN, PRESENT, SAVED
from tests.support.libraries import MEMORY, RUNTIME, make_library

HALVES = ("metrics.loss", RUNTIME, "stats.attention_runtime_ms", "stats.ffn_runtime_ms")


def ignore(_: int) -> None:
    """Nothing listens here."""


def test_kept_and_saved_make_up_the_parent() -> None:
    """Kept and saved are stacked; a block dearer than the parent's saves nothing."""
    library = make_library([[(0, 8, 1), (1, 2, 1)], [(0, 4, 1), (1, 5, 1)]])
    view = CostView(library, MEMORY, ignore, ignore)
    view.show(np.array([1, 3]))
    assert view.chart.bars.y[:, 1:-1].tolist() == [[2.0, 5.0], [6.0, 0.0]]
    assert view.chart.bars.colors == [PRESENT, SAVED]


def test_kept_is_split_where_the_halves_add_up() -> None:
    """Attention and FFN are told apart where the library knows both."""
    library = make_library([[(0, 10, 4, 6), (1, 5, 1, 4)]], keys=HALVES)
    view = CostView(library, RUNTIME, ignore, ignore)
    view.show(np.array([1]))
    assert view.chart.bars.y[:, 1:-1].tolist() == [[1.0], [4.0], [5.0]]
    assert view.chart.bars.colors == [ATTENTION, FFN, SAVED]


def test_halves_that_do_not_add_up_are_not_shown() -> None:
    """A split that contradicts the block's own runtime is left out."""
    library = make_library([[(0, 10, 4, 6), (1, 5, 1, 1)]], keys=HALVES)
    view = CostView(library, RUNTIME, ignore, ignore)
    view.show(np.array([1]))
    assert view.chart.bars.colors == [PRESENT, SAVED]


def test_sums_are_said_in_words() -> None:
    """Kept, the parent's, saved and its share, with units."""
    words = saving_words(46_980.2, 65_358.1, "ms")
    assert words == "46,980 of 65,358 ms kept, 18,378 ms saved (28 %)"
    assert saving_words(12, 10, "MiB") == "12 MiB, 2 MiB more than the parent's 10 MiB (20 %)"
    assert saving_words(0, 0, "ms") == "0 of 0 ms kept, 0 ms saved"


def test_the_sums_are_those_of_the_solution() -> None:
    """The line adds up the architecture's own costs."""
    library = make_library([[(0, 8, 1), (1, 2, 1)], [(0, 4, 1), (1, 5, 1)]])
    solution = pw.search(pw.SearchProblem(library, minimize="metrics.loss", budgets={MEMORY: 6}))
    view = CostView(library, MEMORY, ignore, ignore)
    assert view.words(solution) == "6 of 12 MiB kept, 6 MiB saved (50 %)"


@pytest.mark.parametrize("high", [0.003, 0.7, 1.0, 9.9, 64.0, 817.0, 1437.1, 8.5e8])
def test_ticks_are_round_and_few(high: float) -> None:
    """Ticks begin at 0, end below the top and near it, and are evenly spaced."""
    ticks = nice_ticks(high)
    assert ticks[0] == 0
    assert 0.6 * high <= ticks[-1] <= high * (1 + 1e-9)
    assert 2 <= len(ticks) <= 10
    assert np.allclose(np.diff(ticks), ticks[1])


def test_a_chart_of_zeros_has_one_tick() -> None:
    """Costs of 0 give an axis all the same."""
    assert nice_ticks(0.0) == [0.0]
