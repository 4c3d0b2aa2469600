"""Measured points on the Pareto plot: marks, legend, tooltip, and the list for everyone."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.pareto import ParetoPlot
from tests.support.libraries import MEMORY, RUNTIME, make_library

KL, LM = "metrics.kl_div", "metrics.lm_loss"
LIBRARY = make_library(
    [[(0, 1.1, 4, 5), (2, 1.3, 2, 3)], [(0, 1.1, 4, 5), (1, 1.2, 2, 3)]],
    keys=(KL, LM, MEMORY, RUNTIME),
)
POINTS = (
    pw.MeasuredPoint("<b>one</b>", FrozenMapping({LM: 1.4, KL: 0.9, MEMORY: 6.0}), "one.json"),
    pw.MeasuredPoint("two", FrozenMapping({LM: 1.2}), ""),
)


@pytest.fixture
def plot() -> ParetoPlot:
    """Plot against memory, with two measured points of which one has a place."""
    state = ExplorerState(LIBRARY)
    state.set_front(MEMORY)
    state.set_measured(POINTS)
    return ParetoPlot(state)


def test_points_with_both_values_are_drawn(plot: ParetoPlot) -> None:
    """A mark of its own at the measured values; the legend counts those with a place."""
    assert plot.chart.spots["measured"].marker == "cross"
    assert list(plot.chart.spots["measured"].x) == [6.0]
    assert list(plot.chart.spots["measured"].y) == [0.9]
    assert "Measured (1 of 2)" in plot.legend.value


def test_every_point_is_listed_and_escaped(plot: ParetoPlot) -> None:
    """The list opens by key, says what was not measured, and runs nothing of a file."""
    assert plot.measured.value.startswith("<details")
    assert "Measured points (2)" in plot.measured.value
    assert "&lt;b&gt;one" in plot.measured.value
    assert "KL divergence: not measured" in plot.measured.value
    assert "Source: one.json" in plot.measured.value


def test_a_score_of_another_scale_is_said(plot: ParetoPlot) -> None:
    """An LM loss beside a sum of LM losses: where it stands, and why, is in its words."""
    plot.state.set_objective(LM)
    assert plot.chart.spots["measured"].y[0] == pytest.approx(2.2 + 0.3)
    (name,) = plot.chart.spots["measured"].names
    assert "measured: 1.4 (drawn by its difference from the parent's 1.1)" in name


def test_they_go_with_their_library(plot: ParetoPlot) -> None:
    """Another library has no part in them."""
    plot.state.open_library(pw.random_library(3, 3))
    assert plot.state.measured == ()
    assert plot.measured.layout.display == "none"
    assert len(plot.chart.spots["measured"].x) == 0
