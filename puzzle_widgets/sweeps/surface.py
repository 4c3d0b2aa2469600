"""Budget surface: the best score over a grid of two budgets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library.model import FloatArray
from puzzle_widgets.library.quantity import MEMORY, THROUGHPUT
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.shown import Shown
from puzzle_widgets.solution.optimum import search
from puzzle_widgets.solution.solution import Solution
from puzzle_widgets.sweeps.budget_axis import (
    BudgetAxis,
    Range,
    check_resource,
    check_spacing,
    even_axis,
)
from puzzle_widgets.sweeps.sweep import Cell, Sweep

if TYPE_CHECKING:
    from puzzle_widgets.charts import Drawing

DEFAULT_GRID = (12, 12)


@dataclass(frozen=True)
class SurfaceGrid(Shown):
    """A surface as far as it is known.

    Parameters
    ----------
    problem
        What was asked, without the limits of the grid.
    x, y
        The limits of the columns and of the rows, from low to high.
    cells
        The answer of each cell by row, then by column; ``None`` where it is not searched yet.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> grid = pw.budget_surface(problem, points=(2, 3))
    >>> grid.scores.shape, grid.complete
    ((3, 2), True)
    """

    problem: SearchProblem
    x: BudgetAxis
    y: BudgetAxis
    cells: tuple[tuple[Solution | None, ...], ...]

    @property
    def asked(self) -> int:
        """Number of cells."""
        return len(self.x) * len(self.y)

    @property
    def done(self) -> int:
        """Number of cells that are answered."""
        return sum(solution is not None for row in self.cells for solution in row)

    @property
    def complete(self) -> bool:
        """Whether every cell is answered."""
        return self.done == self.asked

    @cached_property
    def scores(self) -> FloatArray:
        """Summed score of each cell, shape (rows, columns); NaN where there is none."""
        return np.array(
            [[math.nan if cell is None else cell.score for cell in row] for row in self.cells]
        )

    @property
    def statuses(self) -> tuple[tuple[str, ...], ...]:
        """Status of each cell, as in :class:`Solution`; ``""`` where it is not searched yet."""
        return tuple(
            tuple("" if cell is None else cell.status for cell in row) for row in self.cells
        )

    def __repr__(self) -> str:
        return f"SurfaceGrid({self.done} of {self.asked} cells)"

    def plot(self) -> Drawing:
        """Draw the surface.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
        >>> pw.budget_surface(problem, points=(2, 2)).plot().width
        960
        """
        from puzzle_widgets.charts import plot_surface  # noqa: PLC0415 - loaded by who asks for it

        return plot_surface(self)


def budget_surface(
    problem: SearchProblem,
    x: str = MEMORY,
    y: str = THROUGHPUT,
    points: tuple[int, int] = DEFAULT_GRID,
    *,
    progress: Callable[[SurfaceGrid], None] | None = None,
    **how: Any,  # noqa: ANN401
) -> SurfaceGrid:
    """Find the best score for every pair of limits on two resources.

    Parameters
    ----------
    problem
        What is asked; its own budgets and rules hold in every cell.
    x, y
        Two resources, each a stat to keep small or ``"throughput"`` to make large.
    points
        Number of limits on x and on y, evenly spaced.
    progress
        Called with the surface so far after each search.
    **how
        As for :func:`iter_budget_surface`.

    Returns
    -------
    SurfaceGrid
        With ``done < asked`` where it was cancelled.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> grid = pw.budget_surface(problem, "stats.memory_mib", "throughput", points=(2, 2))
    >>> grid.statuses[0]
    ('optimal', 'optimal')
    """
    grid: SurfaceGrid | None = None
    for grid in iter_budget_surface(problem, x, y, points, **how):
        if progress is not None:
            progress(grid)
    if grid is None:
        raise ProblemError("The search of the surface was canceled before it began.")
    return grid


def iter_budget_surface(
    problem: SearchProblem,
    x: str = MEMORY,
    y: str = THROUGHPUT,
    points: tuple[int, int] = DEFAULT_GRID,
    *,
    between: tuple[Range, Range] = (None, None),
    executor: Executor | None = None,
    cancelled: Cancelled = never,
    **options: Any,  # noqa: ANN401
) -> Iterator[SurfaceGrid]:
    """Find the surface lazily: the surface so far after each cell, from loose limits to tight.

    Every search begins with what one of looser limits found. Where the proven optimum of looser
    limits keeps the tighter ones, or there is none for the looser, no search is needed.

    Parameters
    ----------
    problem, x, y, points
        As for :func:`budget_surface`.
    between, executor, cancelled, **options
        As for :func:`iter_pareto_front`, ``between`` for x and for y.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> [grid.done for grid in pw.iter_budget_surface(problem, points=(2, 2))]
    [0, 1, 2, 3, 4]
    """
    for resource, count, ends in zip((x, y), points, between, strict=True):
        check_resource(problem, resource)
        check_spacing(count, ends)
    free = search(problem, cancelled=cancelled, **options)
    across, up = (
        even_axis(problem, resource, count, ends, free)
        for resource, count, ends in zip((x, y), points, between, strict=True)
    )
    if across.key == up.key:
        raise ProblemError(f"x={x!r}, y={y!r}: both limit {across.key!r}. Choose two resources.")
    grid = _Filling(problem, across, up)
    yield grid.snapshot()
    for cell, solution in Sweep(grid.problems(), free, cancelled, options, executor):
        grid.put(cell, solution)
        yield grid.snapshot()


class _Filling:
    """A surface while it is searched."""

    def __init__(self, problem: SearchProblem, x: BudgetAxis, y: BudgetAxis) -> None:
        self._problem, self._x, self._y = problem, x, y
        self._cells: list[list[Solution | None]] = [[None] * len(x) for _ in range(len(y))]

    def problems(self) -> dict[Cell, SearchProblem]:
        """The problem of each cell, by its steps from the loosest limits of y and x."""
        rows = [self._y.limited(self._problem, place) for place in self._y.places]
        return {
            (down, along): self._x.limited(row, place)
            for down, row in enumerate(rows)
            for along, place in enumerate(self._x.places)
        }

    def put(self, cell: Cell, solution: Solution) -> None:
        """Fill in one answer."""
        self._cells[self._y.places[cell[0]]][self._x.places[cell[1]]] = solution

    def snapshot(self) -> SurfaceGrid:
        """The surface as it is now."""
        return SurfaceGrid(self._problem, self._x, self._y, tuple(map(tuple, self._cells)))
