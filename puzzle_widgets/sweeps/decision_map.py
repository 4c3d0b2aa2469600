"""Decision map: which block every layer gets as one budget goes from loose to tight."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library.model import FloatArray
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.mckp import IntArray, to_choice
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.shown import Shown
from puzzle_widgets.solution.optimum import search
from puzzle_widgets.solution.sizes import BlockSizes, SubblockSizes, relative_sizes
from puzzle_widgets.solution.solution import Solution
from puzzle_widgets.sweeps.budget_axis import (
    BudgetAxis,
    Range,
    check_resource,
    check_spacing,
    even_axis,
    given_axis,
)
from puzzle_widgets.sweeps.sweep import Cell, LooseFirst

if TYPE_CHECKING:
    from puzzle_widgets.charts import Drawing

DEFAULT_ROWS = 12
NONE_CHOSEN = -1


@dataclass(frozen=True)
class DecisionGrid(Shown):
    """A decision map as far as it is known.

    Parameters
    ----------
    problem
        What was asked, without the targets.
    targets
        The limits of the rows, from low to high.
    solutions
        The answer of each row; ``None`` where it is not searched yet.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> grid = pw.decision_map(problem, "stats.memory_mib", points=3)
    >>> grid.choices.shape, grid.ffn.shape
    ((3, 8), (3, 8))
    """

    problem: SearchProblem
    targets: BudgetAxis
    solutions: tuple[Solution | None, ...]

    @property
    def asked(self) -> int:
        """Number of rows."""
        return len(self.targets)

    @property
    def done(self) -> int:
        """Number of rows that are answered."""
        return sum(solution is not None for solution in self.solutions)

    @property
    def complete(self) -> bool:
        """Whether every row is answered."""
        return self.done == self.asked

    @cached_property
    def choices(self) -> IntArray:
        """Index of the chosen variants in the library's columns, shape (rows, layers).

        ``NONE_CHOSEN`` in rows without an architecture.
        """
        library = self.problem.library
        table = np.full((len(self.solutions), len(library.layers)), NONE_CHOSEN, dtype=np.intp)
        for row, solution in enumerate(self.solutions):
            if solution is not None and solution.architecture is not None:
                table[row] = to_choice(library, solution.architecture)
        return table

    @cached_property
    def sizes(self) -> BlockSizes:
        """Sizes of all variants of the library, relative to the parent's."""
        return relative_sizes(self.problem.library)

    @property
    def attention(self) -> FloatArray:
        """Size of each row's attention relative to the parent's, shape (rows, layers).

        1 for the parent's own, 0 for a no-op; NaN for a linear one, whose size is not known, and
        in rows without an architecture.
        """
        return self._shares(self.sizes.attention)

    @property
    def ffn(self) -> FloatArray:
        """Size of each row's FFN relative to the parent's; as for ``attention``."""
        return self._shares(self.sizes.ffn)

    def _shares(self, subblock: SubblockSizes) -> FloatArray:
        shares: FloatArray = np.where(
            self.choices == NONE_CHOSEN, np.nan, subblock.shares[self.choices]
        )
        return shares

    def __repr__(self) -> str:
        return f"DecisionGrid({self.done} of {self.asked} rows)"

    def plot(self) -> Drawing:
        """Draw the map.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
        >>> pw.decision_map(problem, "stats.memory_mib", points=2).plot().width
        960
        """
        from puzzle_widgets.charts import plot_decisions  # noqa: PLC0415 - loaded by who asks for it

        return plot_decisions(self)


def decision_map(
    problem: SearchProblem,
    over: str = THROUGHPUT,
    targets: Sequence[float] | None = None,
    points: int = DEFAULT_ROWS,
    *,
    progress: Callable[[DecisionGrid], None] | None = None,
    **how: Any,  # noqa: ANN401
) -> DecisionGrid:
    """Find every layer's block for each target, as in figure 8 of the Puzzle paper.

    Parameters
    ----------
    problem
        What is asked; its own budgets and rules hold in every row.
    over
        The resource that the rows limit: a stat to keep small, or ``"throughput"`` to make large.
    targets
        The limits, in the resource's unit; by default ``points`` of them, evenly spaced.
    points
        Number of limits where none are given.
    progress
        Called with the map so far after each search.
    **how
        As for :func:`iter_decision_map`.

    Returns
    -------
    DecisionGrid
        With ``done < asked`` where it was cancelled.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> grid = pw.decision_map(problem, "stats.memory_mib", targets=[30, 60])
    >>> [solution.totals["stats.memory_mib"] <= 60 for solution in grid.solutions]
    [True, True]
    """
    grid: DecisionGrid | None = None
    for grid in iter_decision_map(problem, over, targets, points, **how):
        if progress is not None:
            progress(grid)
    if grid is None:
        raise ProblemError("The search of the decision map was canceled before it began.")
    return grid


def iter_decision_map(
    problem: SearchProblem,
    over: str = THROUGHPUT,
    targets: Sequence[float] | None = None,
    points: int = DEFAULT_ROWS,
    *,
    between: Range = None,
    executor: Executor | None = None,
    cancelled: Cancelled = never,
    **options: Any,  # noqa: ANN401
) -> Iterator[DecisionGrid]:
    """Find the map lazily: the map so far after each row, from loose targets to tight.

    Parameters
    ----------
    problem, over, targets, points
        As for :func:`decision_map`.
    between, executor, cancelled, **options
        As for :func:`iter_pareto_front`; ``between`` where no targets are given.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> [grid.done for grid in pw.iter_decision_map(problem, "stats.memory_mib", points=2)]
    [0, 1, 2]
    """
    check_resource(problem, over)
    check_spacing(points, between)
    axis = None if targets is None else given_axis(problem, over, targets)
    free = search(problem, cancelled=cancelled, **options)
    axis = axis or even_axis(problem, over, points, between, free)
    rows: list[Solution | None] = [None] * len(axis)
    yield DecisionGrid(problem, axis, tuple(rows))
    places = axis.places
    problems: dict[Cell, SearchProblem] = {
        (step,): axis.limited(problem, place) for step, place in enumerate(places)
    }
    for cell, solution in LooseFirst(problems, free, cancelled, options, executor):
        rows[places[cell[0]]] = solution
        yield DecisionGrid(problem, axis, tuple(rows))
