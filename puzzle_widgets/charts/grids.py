"""Heat maps: the budget surface, and the decision map as in figure 8 of the Puzzle paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from puzzle_widgets.charts.figure import (
    Axis,
    Cells,
    Figure,
    Key,
    Outline,
    Spot,
    Spots,
    Strip,
    layer_axis,
    quantity_axis,
    resource_title,
)
from puzzle_widgets.charts.palette import (
    BLANK_VALUE,
    HEAT_BLANK,
    HEAT_LINEAR,
    LIMIT,
    LINEAR_VALUE,
    SELECTED,
)
from puzzle_widgets.library.model import KINDS, FloatArray
from puzzle_widgets.library.quantity import THROUGHPUT, Quantity, format_number
from puzzle_widgets.problem.budget_rows import BudgetSetting
from puzzle_widgets.solution.sizes import SubblockSizes
from puzzle_widgets.solution.solution import STATUS_WORDS
from puzzle_widgets.sweeps.budget_axis import BudgetAxis, limit_words
from puzzle_widgets.sweeps.decision_map import NONE_CHOSEN, DecisionGrid
from puzzle_widgets.sweeps.surface import SurfaceGrid

_USUAL, _TAIL, _MOST_LABELS = 0.75, 2.5, 20


@dataclass(frozen=True)
class ScoreScale:
    """The scores at the two ends of the colors.

    Parameters
    ----------
    low, high
        Scores at the dark and at the light end.
    least, most
        Least and greatest score there is; those outside the ends have the color of the end.
    """

    low: float
    high: float
    least: float
    most: float

    def values(self, scores: FloatArray) -> FloatArray:
        """Places on the colors, 0 to 1; ``BLANK_VALUE`` where there is no score."""
        places = np.clip((scores - self.low) / ((self.high - self.low) or 1.0), 0.0, 1.0)
        return np.where(np.isfinite(scores), places, BLANK_VALUE)

    def strip(self, quantity: Quantity) -> Strip:
        """The strip of colors with the scores of its ends and its middle."""
        ends = [_end(self.low, self.least, "less"), _end(self.high, self.most, "more")]
        middle = format_number(_three_digits(0.5 * (self.low + self.high)))
        return Strip(f"Summed {quantity.title}", (ends[0], middle, ends[1]))


def score_scale(scores: FloatArray, *, minimize: bool) -> ScoreScale:
    """Span the scores; bad ones far beyond the usual are cut off, as KL divergences have them."""
    known = scores[np.isfinite(scores)]
    if not known.size:
        return ScoreScale(0.0, 1.0, 0.0, 1.0)
    least, most = float(known.min()), float(known.max())
    best, worst = (least, most) if minimize else (most, least)
    usual = float(np.quantile(known, _USUAL if minimize else 1 - _USUAL))
    end = best + _TAIL * (usual - best)
    if usual != best and abs(worst - best) > abs(end - best):
        worst = end
    return ScoreScale(min(best, worst), max(best, worst), least, most)


def surface_figure(
    grid: SurfaceGrid,
    *,
    limits: Iterable[BudgetSetting] | None = None,
    selected: tuple[int, int] | None = None,
) -> Figure:
    """Work out the chart of a budget surface.

    Parameters
    ----------
    grid
        As far as it is known.
    limits
        The current limits, marked by a cross; ``None`` where there are none to mark.
    selected
        Row and column of the cell that is shown.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> surface_figure(pw.budget_surface(problem, points=(2, 2))).cells.values.shape
    (2, 2)
    """
    problem = grid.problem
    scale = score_scale(grid.scores, minimize=problem.goal == "minimize")
    x, y = _limit_axis(grid.x), _limit_axis(grid.y)
    edges = cell_edges(grid.x.limits), cell_edges(grid.y.limits)
    rows = None if limits is None else list(limits)
    return Figure(
        title=f"Budget surface: summed {problem.library.quantity(problem.objective).title}",
        x=x,
        y=y,
        legend=tuple(_surface_legend(grid, rows, (x, y))),
        spots=() if rows is None else (_cross(grid, rows, (x, y)),),
        outlines=() if selected is None else (_around(edges, *selected),),
        cells=Cells(*edges, scale.values(grid.scores), lambda *cell: cell_words(grid, *cell), 29),
        strip=scale.strip(problem.library.quantity(problem.objective)),
    )


def decision_figures(
    grid: DecisionGrid,
    *,
    limits: Iterable[BudgetSetting] = (),
    selected: int | None = None,
) -> tuple[Figure, ...]:
    """Work out the charts of a decision map: attention and FFN, or whole blocks.

    Parameters
    ----------
    grid
        As far as it is known.
    limits
        The current limits; the row nearest to theirs is outlined.
    selected
        The row that is shown.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> grid = pw.decision_map(problem, "stats.memory_mib", points=3)
    >>> [figure.title for figure in decision_figures(grid)]
    ['Attention', 'FFN']
    """
    limit = current_limit(limits, grid.targets.resource)
    return tuple(
        Figure(
            title=name,
            x=_layer_cells(layer_axis(grid.problem.library.layers)),
            y=_target_axis(grid.targets),
            legend=tuple(_decision_legend(grid, limit, selected)),
            outlines=tuple(_row_outlines(grid, limit, selected)),
            cells=_decision_cells(grid, subblock),
            strip=_size_strip(grid),
        )
        for name, subblock in _subblocks(grid)
    )


def cell_edges(places: Sequence[float]) -> tuple[float, ...]:
    """Edges half-way between places, and as far beyond the ends."""
    if len(places) == 1:
        return places[0] - 0.5, places[0] + 0.5
    inner = [0.5 * (one + other) for one, other in pairwise(places)]
    return 2 * places[0] - inner[0], *inner, 2 * places[-1] - inner[-1]


def current_limit(limits: Iterable[BudgetSetting], resource: str) -> BudgetSetting | None:
    """The limit on a resource, in the way that an axis limits it."""
    sense = "at least" if resource == THROUGHPUT else "at most"
    return next((row for row in limits if (row.resource, row.sense) == (resource, sense)), None)


def nearest_row(grid: DecisionGrid, limit: BudgetSetting | None) -> int | None:
    """Row whose target is nearest to a limit; ``None`` where that is far off or there is none."""
    targets = grid.targets.limits
    if limit is None:
        return None
    step = (targets[-1] - targets[0]) / max(1, len(targets) - 1)
    if not targets[0] - step <= limit.value <= targets[-1] + step:
        return None
    return min(range(len(targets)), key=lambda n: abs(targets[n] - limit.value))


def cell_words(grid: SurfaceGrid, row: int, column: int) -> str:
    """Say a cell's two limits, its score and proof."""
    cell = grid.cells[row][column]
    if cell is None:
        answer = "not searched yet"
    elif cell.found:
        answer = f"score {format_number(cell.score)}, {STATUS_WORDS[cell.status]}"
    else:
        answer = STATUS_WORDS[cell.status]
    return ", ".join([grid.x.words(column), grid.y.words(row), answer])


def _limit_axis(axis: BudgetAxis) -> Axis:
    edges = cell_edges(axis.limits)
    sense = "at least" if axis.resource == THROUGHPUT else "at most"
    title = resource_title(axis.library, axis.resource, sense)
    return quantity_axis(edges[0], edges[-1], axis.library.quantity(axis.resource), title)


def _cross(grid: SurfaceGrid, limits: Sequence[BudgetSetting], axes: tuple[Axis, Axis]) -> Spots:
    """A cross at the current limits, at the loosest where there is none, never outside."""
    x, y = (
        axis.clip(_place(targets, limits))
        for axis, targets in zip(axes, (grid.x, grid.y), strict=True)
    )
    return Spots("current", "cross", 150, (Spot(x, y, "Current budgets", "#ffffff"),))


def _place(axis: BudgetAxis, limits: Sequence[BudgetSetting]) -> float:
    limit = current_limit(limits, axis.resource)
    return axis.limits[axis.places[0]] if limit is None else limit.value


def _around(edges: tuple[Sequence[float], Sequence[float]], row: int, column: int) -> Outline:
    x, y = edges
    return Outline(x[column], x[column + 1], y[row], y[row + 1], SELECTED)


def _surface_legend(
    grid: SurfaceGrid, limits: Sequence[BudgetSetting] | None, axes: tuple[Axis, Axis]
) -> Iterable[Key]:
    if limits is not None:
        pairs = list(zip(axes, (grid.x, grid.y), strict=True))
        words = " and ".join(_limit_words(targets, limits) for _, targets in pairs)
        inside = all(axis.holds(_place(targets, limits)) for axis, targets in pairs)
        where = "" if inside else " (outside, at the edge)"
        yield Key(f"Current budgets: {words}{where}", "#ffffff", "cross")
    if any(status in ("infeasible", "no_solution_in_time") for status in sum(grid.statuses, ())):
        yield Key("no architecture within these budgets", HEAT_BLANK)


def _limit_words(axis: BudgetAxis, limits: Sequence[BudgetSetting]) -> str:
    limit = current_limit(limits, axis.resource)
    if limit is None:
        return f"no limit on {axis.library.quantity(axis.resource).label.lower()}"
    return limit_words(axis.library, axis.resource, limit.value)


def _subblocks(grid: DecisionGrid) -> list[tuple[str, SubblockSizes]]:
    if grid.sizes.whole is not None:
        return [("Whole blocks", grid.sizes.whole)]
    return [("Attention", grid.sizes.attention), ("FFN", grid.sizes.ffn)]


def _layer_cells(axis: Axis) -> Axis:
    """The axis of layers for cells, which begin and end half-way between two layers."""
    return Axis(-0.5, axis.high - 0.1, axis.ticks, axis.title)


def _target_axis(targets: BudgetAxis) -> Axis:
    rows = len(targets)
    step = -(-rows // _MOST_LABELS)
    ticks = tuple((float(n), format_number(targets.limits[n])) for n in range(0, rows, step))
    return Axis(-0.5, rows - 0.5, ticks, targets.library.quantity(targets.resource).title)


def _decision_cells(grid: DecisionGrid, subblock: SubblockSizes) -> Cells:
    """Places on the colors: 0 for a no-op, 1 for the parent's size and above."""
    shares = np.where(np.isnan(subblock.shares), LINEAR_VALUE, np.clip(subblock.shares, 0.0, 1.0))
    shares[subblock.kinds == KINDS.index("linear")] = LINEAR_VALUE
    values = np.where(grid.choices == NONE_CHOSEN, BLANK_VALUE, shares[grid.choices])
    edges = (cell_edges(range(values.shape[1])), cell_edges(range(values.shape[0])))
    return Cells(*edges, values, lambda row, layer: _block_words(grid, row, layer))


def _block_words(grid: DecisionGrid, row: int, place: int) -> str:
    solution = grid.solutions[row]
    block = solution.blocks[place].label if solution and solution.found else "no architecture"
    return f"{grid.targets.words(row)}, layer {grid.problem.library.layers[place].name}: {block}"


def _row_outlines(
    grid: DecisionGrid, limit: BudgetSetting | None, selected: int | None
) -> Iterable[Outline]:
    right = len(grid.problem.library.layers) - 0.5
    nearest = nearest_row(grid, limit)
    if nearest is not None:
        yield Outline(-0.5, right, nearest - 0.5, nearest + 0.5, LIMIT, "dashed")
    if selected is not None:
        yield Outline(-0.5, right, selected - 0.5, selected + 0.5, SELECTED)


def _decision_legend(
    grid: DecisionGrid, limit: BudgetSetting | None, selected: int | None
) -> Iterable[Key]:
    subblocks = [subblock for _, subblock in _subblocks(grid)]
    if any(subblock.has("linear") for subblock in subblocks):
        yield Key("linear", HEAT_LINEAR)
    if any(solution is not None and not solution.found for solution in grid.solutions):
        yield Key("no architecture", HEAT_BLANK)
    if limit is not None:
        words = _limit_words(grid.targets, [limit])
        place = nearest_row(grid, limit)
        near = "no row" if place is None else "nearest row"
        exact = place is not None and math.isclose(grid.targets.limits[place], limit.value)
        aside = "" if exact else f" ({near})"
        yield Key(f"Current budgets: {words}{aside}", LIMIT, "dashes")
    if selected is not None:
        yield Key("Shown row", SELECTED, "ring")


def _size_strip(grid: DecisionGrid) -> Strip:
    whole = grid.sizes.whole
    title = "Size of the block relative to the parent's"
    if whole is not None and whole.basis:
        name = grid.problem.library.quantity(whole.basis).label
        title = f"{name} of the block, % of the parent's"
    return Strip(title, ("0 %" if whole is not None else "0 % (no-op)", "50 %", "100 % or more"))


def _end(shown: float, reached: float, more: str) -> str:
    words = format_number(_three_digits(shown))
    if math.isclose(shown, reached, rel_tol=1e-9, abs_tol=1e-12):
        return words
    return f"{words} or {more} (to {format_number(_three_digits(reached))})"


def _three_digits(value: float) -> float:
    """Enough for a color."""
    return float(f"{value:.3g}")
