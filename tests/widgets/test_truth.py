"""The truth panel: what was measured of whole models beside what was predicted."""

from __future__ import annotations

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, LayerName
from puzzle_widgets.widgets.truth import NO_TRUTH
from tests.support.libraries import LOSS, MEMORY, make_library

MEASURED = "stdlib-2m-measured"


def test_a_measured_library_says_how_well_it_predicts() -> None:
    """With the number of models, both correlations, and the worst by name."""
    plot = pw.TruthPlot(MEASURED)
    assert "36 models" in plot.told.value
    assert "Spearman 0.995" in plot.told.value
    assert "Kendall 0.959" in plot.told.value
    assert plot.told.value.count("<li>") == 3
    assert len(plot.chart.spots["points"].x) == 36
    assert len(plot.chart.spots["parent"].x) == 1
    assert plot.figure_key.value == plot.state.objective
    assert plot.picture() is not None
    assert repr(plot)


def test_another_figure_is_chosen_and_kept() -> None:
    """In place, as part of the state; without a choice it follows the objective."""
    plot = pw.TruthPlot(MEASURED)
    figure = plot.box.children
    plot.figure_key.value = "stats.runtime_ms"
    assert plot.state.looks.truth == "stats.runtime_ms"
    assert "Runtime" in plot.chart.x_axis.label
    assert plot.box.children == figure
    plot.state.undo()
    assert plot.figure_key.value == plot.state.objective
    plot.state.set_objective("metrics.lm_loss")
    assert plot.figure_key.value == "metrics.lm_loss"


def test_a_library_without_truth_says_so() -> None:
    """In words, with no chart, control or picture; and the other way round."""
    plot = pw.TruthPlot(pw.random_library(3, 3))
    assert NO_TRUTH in plot.told.value
    assert plot.box.layout.display == plot.pictures.layout.display == "none"
    assert plot.picture() is None
    plot.state.open_library(pw.load_library(MEASURED))
    assert "Spearman" in plot.told.value
    assert plot.box.layout.display == ""
    plot.state.set_measured([])
    assert NO_TRUTH in plot.told.value


def test_names_are_escaped() -> None:
    """They come from a file."""
    library = make_library([[(0, 3, 1), (1, 1, 1)]])
    state = pw.ExplorerState(library)
    blocks: FrozenMapping[LayerName, str] = FrozenMapping([(0, "v1")])
    state.set_measured([pw.MeasuredPoint("<b>x", FrozenMapping({LOSS: 3.0}), "", blocks)])
    plot = pw.TruthPlot(state)
    assert "&lt;b&gt;x: predicted 1, measured 3" in plot.told.value
    assert MEMORY not in [key for _, key in plot.figure_key.options]


def test_the_tab_is_there_only_where_there_is_truth() -> None:
    """A library without it takes the tab away, also while it is open."""
    explorer = pw.PuzzleExplorer(MEASURED)
    assert explorer.tabs.buttons["truth"].layout.display == ""
    explorer.tabs.choose("truth")
    explorer.state.open_library(pw.random_library(3, 3))
    assert explorer.tabs.buttons["truth"].layout.display == "none"
    assert explorer.tabs.chosen != "truth"
    explorer.close()
