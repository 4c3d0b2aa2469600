"""The view of sizes."""

from __future__ import annotations

import numpy as np

import puzzle_widgets as pw
from puzzle_widgets.solution.sizes import LINEAR_HEIGHT, UNKNOWN_HEIGHT
from puzzle_widgets.widgets.layer_bars import SizeView
from puzzle_widgets.widgets.palette import ATTENTION, ATTENTION_LINEAR, FFN, FFN_LINEAR, WHOLE
from tests.support.libraries import make_library, published_files


def ignore(_: int) -> None:
    """Nothing listens here."""


def view_of(library: pw.BlockLibrary) -> SizeView:
    """Make the view."""
    return SizeView(library, ignore, ignore)


def test_attention_goes_up_and_ffn_down() -> None:
    """Bars have the share of the parent as height; linear ones a small one, no-op none."""
    view = view_of(pw.load_files(published_files()))
    view.show(np.array([0, 4, 8]))
    heights = view.chart.bars.y[:, 1:-1]
    assert heights.tolist() == [[1.0, 0.5, 0.0], [-1.0, -1.0, -LINEAR_HEIGHT]]


def test_colors_tell_the_halves_and_linear_ones() -> None:
    """Each layer has its attention's colour, then its FFN's."""
    view = view_of(pw.load_files(published_files()))
    view.show(np.array([0, 4, 8]))
    expected = [ATTENTION, FFN, ATTENTION, FFN, ATTENTION, FFN_LINEAR]
    assert view.chart.bars.colors[2:-2] == expected


def test_the_legend_says_what_the_library_has() -> None:
    """Linear FFNs and no-ops are there, linear attention is not."""
    legend = str(view_of(pw.load_files(published_files())).legend)
    assert "linear FFN" in legend
    assert "no-op" in legend
    assert "linear attention" not in legend
    assert ATTENTION_LINEAR not in legend


def test_blocks_of_unknown_kind_are_one_bar() -> None:
    """Random libraries show whole blocks by their memory, and say so."""
    view = view_of(make_library([[(0, 8, 1), (1, 2, 1)]]))
    view.show(np.array([1]))
    assert view.chart.bars.y[:, 1:-1].tolist() == [[0.25]]
    assert WHOLE in view.legend
    assert "memory" in view.legend


def test_blocks_of_unknown_size_are_neutral() -> None:
    """Where nothing tells a size, every block has the same bar."""
    view = view_of(make_library([[(0.0,), (1.0,)]], keys=("metrics.loss",)))
    view.show(np.array([1]))
    assert view.chart.bars.y[:, 1:-1].tolist() == [[UNKNOWN_HEIGHT]]
    assert "neutral" in view.legend
