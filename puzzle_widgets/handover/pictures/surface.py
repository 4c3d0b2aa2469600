"""Picture of a budget surface: the best score over two budgets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from puzzle_widgets.handover.pictures.colors import heat_color
from puzzle_widgets.handover.pictures.frame import Axis, Frame
from puzzle_widgets.handover.pictures.heat import (
    BLANK,
    draw_cells,
    draw_strip,
    score_ends,
    share_of,
)
from puzzle_widgets.handover.pictures.svg import Drawing
from puzzle_widgets.library.quantity import THROUGHPUT, describe_key, format_number
from puzzle_widgets.solution import Solution, SurfaceGrid
from puzzle_widgets.solution.budget_axis import BudgetAxis
from puzzle_widgets.solution.solution import STATUS_WORDS

WIDTH, HEIGHT = 760, 440
_LEFT, _TOP, _RIGHT, _BOTTOM = 84, 52, 18, 52
_MOST_TICKS = 7


def surface_picture(grid: SurfaceGrid, title: str = "Budget surface") -> Drawing:
    """Draw a surface; cells without a score are grey.

    Parameters
    ----------
    grid
        A surface, as far as it is known.
    title
        Read out for the picture.
    """
    drawing = Drawing(WIDTH, HEIGHT, title)
    low, high = score_ends(grid.scores, minimize=grid.problem.goal == "minimize")
    tones = [[_tone(share_of(score, low, high)) for score in row] for row in grid.scores.tolist()]
    words = [
        [_words(grid, row, column) for column in range(len(grid.x))] for row in range(len(grid.y))
    ]
    room = (WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM)
    frame = Frame(limit_axis(grid.x), limit_axis(grid.y), _LEFT, _TOP, *room)
    draw_cells(drawing, frame, tones, words)
    frame.draw(drawing, rules=False)
    quantity = grid.problem.library.quantity(grid.problem.objective)
    ends = (format_number(float(f"{low:.3g}")), format_number(float(f"{high:.3g}")))
    draw_strip(drawing, _LEFT, 16, f"Summed {quantity.title}; grey: none", ends)
    return drawing


def limit_axis(axis: BudgetAxis) -> Axis:
    """Axis with one unit for each limit, and some of the limits as ticks."""
    step = math.ceil(len(axis) / _MOST_TICKS)
    ticks = {n + 0.5: _short(axis.limits[n]) for n in range(0, len(axis), step)}
    fast = axis.resource == THROUGHPUT
    quantity = describe_key(THROUGHPUT) if fast else axis.library.quantity(axis.resource)
    return Axis(0, len(axis), ticks, f"{quantity.label} {'≥' if fast else '≤'} ({quantity.unit})")


def _short(limit: float) -> str:
    return format_number(float(f"{limit:.4g}"))


def _tone(share: float) -> str:
    return BLANK if math.isnan(share) else heat_color(share)


def _words(grid: SurfaceGrid, row: int, column: int) -> str:
    return ", ".join([grid.x.words(column), grid.y.words(row), _answer(grid.cells, row, column)])


def _answer(cells: Sequence[Sequence[Solution | None]], row: int, column: int) -> str:
    cell = cells[row][column]
    if cell is None:
        return "not searched"
    return f"score {cell.score:.6g}, {cell.status}" if cell.found else STATUS_WORDS[cell.status]
