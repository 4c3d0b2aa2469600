"""Several good architectures that differ from one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.shown import Shown
from puzzle_widgets.solution.optimum import search
from puzzle_widgets.solution.solution import Solution


@dataclass(frozen=True)
class DiverseSolutions(Shown, Sequence[Solution]):
    """Solutions in the order found, best first.

    Parameters
    ----------
    solutions
        Those found.
    asked
        How many were asked for.
    reason
        Why there are fewer; empty where all were found.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.memory_mib": "70 %"}
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> found = pw.search_diverse(problem, 2, minimal_diversity=8)
    >>> len(found), found.asked, found[0].score <= found[1].score
    (2, 2, True)
    """

    solutions: tuple[Solution, ...]
    asked: int
    reason: str = ""

    @overload
    def __getitem__(self, place: int) -> Solution: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Solution, ...]: ...
    def __getitem__(self, place: int | slice) -> Solution | tuple[Solution, ...]:
        return self.solutions[place]

    def __len__(self) -> int:
        return len(self.solutions)

    def __repr__(self) -> str:
        return f"DiverseSolutions({len(self)} of {self.asked}{self.reason and ': '}{self.reason})"


def search_diverse(
    problem: SearchProblem,
    n: int,
    minimal_diversity: int,
    *,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,  # noqa: ANN401
) -> DiverseSolutions:
    """Find up to ``n`` solutions, each the best that differs enough from all before it.

    Parameters
    ----------
    problem
        What is asked.
    n
        Number of solutions wanted, at least 1.
    minimal_diversity
        Least number of layers in which each differs from every earlier one (Puzzle, App. B).
    progress
        Called with (found, asked) after each.
    **options
        As for :func:`search`.

    Returns
    -------
    DiverseSolutions
        With the reason where fewer than ``n`` exist or were found.

    Raises
    ------
    ProblemError
        If ``n`` is below 1, or the library has fewer layers than they should differ in.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.memory_mib": "80 %"}
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> found = pw.search_diverse(problem, 3, minimal_diversity=4)
    >>> len(found), len(found[0].differing_layers(found[2])) >= 4
    (3, True)
    """
    check_problem(problem)
    _check_numbers(problem, n, minimal_diversity)
    found: list[Solution] = []
    start = options.pop("warm_start", None)
    for _ in range(n):
        solution = start = search(problem, warm_start=start, **options)
        if solution.architecture is None:
            why = f"{len(found)} of {n} solutions found. {solution.reason}"
            return DiverseSolutions(tuple(found), n, why)
        found.append(solution)
        problem = problem.with_difference(solution.architecture, minimal_diversity)
        if progress is not None:
            progress(len(found), n)
    return DiverseSolutions(tuple(found), n)


def _check_numbers(problem: SearchProblem, n: int, minimal_diversity: int) -> None:
    layers = len(problem.library.layers)
    if not isinstance(n, int) or n < 1:
        raise ProblemError(f"n={n!r}: ask for at least 1 solution, as a whole number.")
    if minimal_diversity > layers:
        raise ProblemError(
            f"minimal_diversity={minimal_diversity!r}: {problem.library.name} has {layers} "
            f"layers. Give at most {layers}."
        )
