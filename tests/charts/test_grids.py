"""Heat maps: evenly lighter colors, heavy tails cut off and said, cells and outlines."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import puzzle_widgets as pw
from puzzle_widgets.charts.grids import (
    cell_edges,
    decision_figures,
    nearest_row,
    score_scale,
    surface_figure,
)
from puzzle_widgets.charts.palette import (
    BLANK_VALUE,
    HEAT,
    HEAT_BLANK,
    HEAT_LINEAR,
    LIMIT,
    LINEAR_VALUE,
    SELECTED,
    heat_color,
)
from puzzle_widgets.library import SubBlock
from puzzle_widgets.library.quantity import MEMORY, describe_key
from puzzle_widgets.problem.budget_rows import BudgetSetting
from tests.support.export import NO_OP, export_library

KL = describe_key("metrics.kl_div")
SMALL = (SubBlock("sized", 4), SubBlock("sized", 1024))


def problem() -> pw.SearchProblem:
    """Three kinds of blocks, whose memory falls as the score grows."""
    return pw.SearchProblem(export_library(SMALL, (NO_OP, NO_OP)), minimize="metrics.kl_div")


def lightness(color: str) -> float:
    """Relative luminance of a color, 0 to 1."""
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_each_color_is_lighter_than_the_one_before() -> None:
    """The colors can be told apart by lightness alone, whatever colors an eye misses."""
    lights = [lightness(stop) for stop in HEAT]
    assert all(later > 1.3 * earlier for earlier, later in pairwise(lights))


def test_colors_run_from_end_to_end() -> None:
    """The ends are the ends, what is between is mixed, and the two others are apart."""
    assert heat_color(0.0) == HEAT[0]
    assert heat_color(1.0) == heat_color(2.0) == HEAT[-1]
    assert heat_color(0.2) == HEAT[1]
    assert heat_color(0.1) not in HEAT
    assert (heat_color(LINEAR_VALUE), heat_color(BLANK_VALUE)) == (HEAT_LINEAR, HEAT_BLANK)


def test_scores_spread_over_the_colors() -> None:
    """The least score is at the dark end, the greatest at the light one, none is blank."""
    scores = np.array([[0.0, 5.0], [10.0, np.nan]])
    values = score_scale(scores, minimize=True).values(scores)
    np.testing.assert_allclose(values, [[0.0, 0.5], [1.0, BLANK_VALUE]])


def test_a_heavy_tail_is_cut_off_and_said() -> None:
    """One huge loss leaves the others their colors; the strip gives both numbers."""
    scores = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 900.0])
    scale = score_scale(scores, minimize=True)
    assert scale.high < 20
    assert scale.values(scores)[-1] == 1.0
    assert scale.values(scores)[3] > 0.2
    assert scale.strip(KL).ticks[-1].endswith("or more (to 900)")


def test_the_bad_side_of_a_gain_is_the_low_one() -> None:
    """Maximized, it is the far too small that is cut off."""
    scale = score_scale(np.array([-900.0, 6.0, 7.0, 8.0, 9.0, 10.0]), minimize=False)
    assert scale.high == 10
    assert scale.low > -20
    assert scale.strip(KL).ticks[0].endswith("or less (to -900)")


def test_equal_and_absent_scores_have_a_scale() -> None:
    """One value everywhere, or none at all, is drawn without trouble."""
    for scores in (np.full((2, 2), 7.0), np.full((2, 2), np.nan)):
        assert np.isfinite(score_scale(scores, minimize=True).values(scores)).all()


def test_edges_stand_half_way() -> None:
    """Between two places, and as far beyond the ends."""
    assert cell_edges([1.0, 3.0, 4.0]) == (0.0, 2.0, 3.5, 4.5)
    assert cell_edges([7.0]) == (6.5, 7.5)


def test_a_surface_has_a_cell_for_each_pair() -> None:
    """Cells without an architecture are blank; each says its limits and its answer."""
    between = ((390, 400), (30, 40))
    grid = pw.budget_surface(problem(), MEMORY, "stats.runtime_ms", (4, 3), between=between)
    limits = [BudgetSetting(MEMORY, "at most", 9999.0)]
    figure = surface_figure(grid, limits=limits, selected=(1, 2))
    assert figure.cells is not None
    np.testing.assert_array_equal(figure.cells.values == BLANK_VALUE, np.isnan(grid.scores))
    assert figure.cells.words(2, 3).startswith("Memory ≤ 400 MiB, Runtime ≤ 40 ms, score ")
    (cross,) = figure.spots[0].spots
    assert cross.x == figure.x.high
    said = [key.words for key in figure.legend]
    assert said[0] == (
        "Current budgets: Memory ≤ 9,999 MiB and no limit on runtime (outside, at the edge)"
    )
    assert said[1] == "no architecture within these budgets"
    (outline,) = figure.outlines
    x, y = figure.cells.x_edges, figure.cells.y_edges
    assert (outline.left, outline.right, outline.low, outline.high) == (x[2], x[3], y[1], y[2])


def test_a_decision_map_has_a_cell_for_each_layer() -> None:
    """Two subblocks, a row per target, a cell per layer; rows are outlined."""
    grid = pw.decision_map(problem(), MEMORY, targets=[100, 394, 398, 400])
    limits = [BudgetSetting(MEMORY, "at most", 397.0)]
    attention, ffn = decision_figures(grid, limits=limits, selected=3)
    for figure in (attention, ffn):
        assert figure.cells is not None
        assert figure.cells.values.shape == (4, 4)
        assert (figure.cells.values[0] == BLANK_VALUE).all()
        assert [(mark.color, mark.low) for mark in figure.outlines] == [
            (LIMIT, 1.5),
            (SELECTED, 2.5),
        ]
    assert ffn.cells is not None
    assert ffn.cells.words(0, 1).endswith("layer 1: no architecture")
    assert ffn.cells.words(3, 3) == "Memory ≤ 400 MiB, layer 3: 8 KV heads, FFN width 4,096"
    said = [key.words for key in attention.legend]
    assert "Current budgets: Memory ≤ 397 MiB (nearest row)" in said


def test_a_limit_far_from_every_row_has_none() -> None:
    """Nor has no limit at all."""
    grid = pw.decision_map(problem(), MEMORY, targets=[394, 398, 400])
    assert nearest_row(grid, BudgetSetting(MEMORY, "at most", 399.5)) == 2
    assert nearest_row(grid, BudgetSetting(MEMORY, "at most", 10.0)) is None
    assert nearest_row(grid, None) is None
