"""Scenarios over each other."""

from __future__ import annotations

import puzzle_widgets as pw
from puzzle_widgets.charts.comparison import (
    comparison_figure,
    distribution_figure,
    scenario_series,
    with_parent,
)
from puzzle_widgets.charts.palette import scenario_color, scenario_dash
from puzzle_widgets.library import SubBlock
from tests.support.export import NO_OP, chosen, export_library

SMALL = (SubBlock("sized", 4), SubBlock("sized", 1024))


def scenarios() -> list[pw.Scenario]:
    """Two architectures of one library."""
    library = export_library(SMALL, (NO_OP, NO_OP))
    return [pw.Scenario(name, chosen(library, [n] * 4)) for n, name in enumerate(("a", "b"))]


def test_a_comparison_has_a_line_for_each() -> None:
    """The parent and each scenario as steps, two corners per layer, told apart by dashes too."""
    figure = comparison_figure(with_parent(scenarios()), "stats.memory_mib")
    assert [len(curve.points) for curve in figure.curves] == [8, 8, 8]
    assert len({(curve.color, curve.dash) for curve in figure.curves}) == 3
    assert [key.words for key in figure.legend] == [
        "Parent: 400 MiB in all",
        "a: 400 MiB in all",
        "b: 396 MiB in all",
    ]
    assert figure.curves[2].points[:2] == ((-0.5, 99.0), (0.5, 99.0))


def test_a_distribution_falls() -> None:
    """Values of one scenario from the greatest to the least."""
    library = export_library(SMALL, (NO_OP, NO_OP))
    mixed = pw.Scenario("mixed", chosen(library, [0, 2, 1, 2]))
    figure = distribution_figure(scenario_series([mixed]), "metrics.kl_div")
    heights = [y for _, y in figure.curves[0].points[::2]]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[-1] == 0


def test_a_logarithmic_axis_puts_zeros_at_its_foot() -> None:
    """Layers that keep the parent's block have a score of 0."""
    library = export_library(SMALL, (NO_OP, NO_OP))
    mixed = pw.Scenario("mixed", chosen(library, [0, 2, 1, 2]))
    figure = comparison_figure(scenario_series([mixed]), "metrics.kl_div", log=True)
    assert figure.y.log
    assert figure.curves[0].points[0][1] == figure.y.low > 0


def test_looks_repeat_after_32() -> None:
    """Colors repeat after eight, dashes after four, the two together later."""
    looks = [(scenario_color(n), scenario_dash(n)) for n in range(33)]
    assert len(set(looks[:32])) == 32
    assert looks[32] == looks[0]
