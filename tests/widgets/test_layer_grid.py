"""The view of choices."""

from __future__ import annotations

import numpy as np

import puzzle_widgets as pw
from puzzle_widgets.widgets.layer_grid import MOST_ROWS, ChoiceView
from tests.support.libraries import make_library, published_files


def ignore(_: int) -> None:
    """Nothing listens here."""


def rows_filled(view: ChoiceView, layer: int) -> list[int]:
    """Rows whose cells are filled in a layer, lowest first."""
    assert view.chart is not None
    ends = np.cumsum(view.chart.bars.y[:, layer + 1])
    return [int(end) for end in ends[1::2]]


def row_names(view: ChoiceView) -> list[str]:
    """Names of the rows, lowest first."""
    assert view.chart is not None
    return list(view.chart.figure.axes[1].tick_labels.values())


def test_every_kind_has_a_row() -> None:
    """FFN rows are below, attention rows above, larger ones higher."""
    view = ChoiceView(pw.load_files(published_files()), ignore, ignore)
    assert row_names(view) == ["FFN linear", "FFN 64", "attn no-op", "attn 4 KV", "attn 8 KV"]


def test_the_chosen_kinds_are_filled() -> None:
    """Each layer fills the row of its FFN and that of its attention."""
    view = ChoiceView(pw.load_files(published_files()), ignore, ignore)
    view.show(np.array([0, 4, 8]))
    assert [rows_filled(view, layer) for layer in range(3)] == [[1, 4], [1, 3], [0, 2]]


def test_unknown_kinds_have_a_row_a_name() -> None:
    """Variants known by name only have a row each, the first one on top."""
    view = ChoiceView(make_library([[(0, 1, 1), (1, 1, 1)]] * 2), ignore, ignore)
    view.show(np.array([0, 3]))
    assert row_names(view) == ["v1", "v0"]
    assert [rows_filled(view, layer) for layer in range(2)] == [[1], [0]]


def test_too_many_rows_are_not_drawn() -> None:
    """Beyond what can be read there is a sentence and no chart."""
    view = ChoiceView(pw.random_library(2, MOST_ROWS + 1), ignore, ignore)
    view.show(np.array([0, MOST_ROWS + 1]))
    assert view.chart is None
    assert f"{MOST_ROWS + 1} rows" in view.legend
