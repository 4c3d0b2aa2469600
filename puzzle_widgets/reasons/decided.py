"""How decided each layer is: the best other block there, and what it would cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockVariant
from puzzle_widgets.library.model import FloatArray, IntArray
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.mckp import BoolArray, to_choice
from puzzle_widgets.reasons.inclusion import by_prices, cleaned, inside
from puzzle_widgets.reasons.words import Told, label_of, score_words
from puzzle_widgets.search.engine import solve_many
from puzzle_widgets.search.options import Changes, SearchOptions
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.solution import Solution, search

# A layer hardly matters where another block costs less than this share of the score per layer.
HARDLY = 0.01


@dataclass(frozen=True, eq=False, repr=False)
class Decidedness(Told):
    """What the best other block of each layer would cost.

    Parameters
    ----------
    solution
        The optimum.
    margins
        The least inclusion cost of any other block, in the objective's unit, shape (layers,);
        infinite where no architecture within the budgets and rules has another.
    others
        Location of that block in its layer, -1 where there is none, shape (layers,).
    proven
        Whether each is proven, shape (layers,).

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> found = pw.decidedness(problem)
    >>> bool(np.array_equal(found.margins, pw.inclusion_costs(problem).decidedness))
    True
    >>> found.other(0).label != found.solution.blocks[0].label
    True
    """

    solution: Solution
    margins: FloatArray
    others: IntArray
    proven: BoolArray

    @property
    def problem(self) -> SearchProblem:
        """What was asked."""
        return self.solution.problem

    @property
    def threshold(self) -> float:
        """A layer hardly matters where another block costs less: 1 % of the score per layer."""
        return HARDLY * abs(self.solution.score) / len(self.problem.library.layers)

    @property
    def hardly(self) -> BoolArray:
        """Which layers hardly matter, shape (layers,)."""
        found: BoolArray = self.proven & (self.margins <= self.threshold)
        return found

    def other(self, place: int) -> BlockVariant | None:
        """The best other block of a layer, by the layer's place."""
        at = int(self.others[place])
        return None if at < 0 else self.problem.library.layers[place].variants[at]

    def words(self, place: int) -> str:
        """Say what another block would cost in a layer, by its place."""
        other = self.other(place)
        if other is None:
            return "no other block fits" if self.proven[place] else "not found in time"
        amount = score_words(self.problem, float(self.margins[place]))
        matters = " (hardly matters)" if self.hardly[place] else ""
        return f"next best: {other.label}, costs {amount}{matters}"

    @property
    def sentences(self) -> tuple[str, ...]:
        """How many layers hardly matter."""
        count, hardly = len(self.margins), int(self.hardly.sum())
        label = label_of(self.problem.library, self.problem.objective)
        limit = score_words(self.problem, self.threshold)
        said = (
            f"In {hardly} of {count} layers another block costs at most {limit} of the summed "
            f"{label}: there the choice hardly matters."
        )
        return (said,)


def decidedness(
    problem: SearchProblem,
    *,
    cancelled: Cancelled = never,
    progress: Callable[[int], None] | None = None,
) -> Decidedness:
    """Find the best other block of each layer, and what it would cost.

    The same as :attr:`InclusionCosts.decidedness`, by far fewer searches: blocks are tried in the
    order of the bound that shadow prices give, until the next one cannot be better.

    Parameters
    ----------
    problem
        What is asked; at least one architecture must be feasible.
    cancelled
        Asked now and then; true stops, and leaves what is not proven.
    progress
        Called with the number of layers that are done.

    Raises
    ------
    ProblemError
        If no architecture is feasible.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> print(pw.decidedness(problem).words(1))  # of the layer at this place
    next best: 2 KV heads, FFN width 240, costs 1.181e-05 nats/byte (hardly matters)
    """
    check_problem(problem)
    solution = search(problem, cancelled=cancelled)
    if not solution.found:
        raise ProblemError(f"Decidedness needs a feasible problem. {solution.reason}")
    tried = _Tried(solution)
    while not cancelled() and (forced := tried.next()):
        tried.take(forced, cancelled)
        if progress is not None:
            progress(int(tried.done.sum()))
    proven = tried.done & (solution.status == "optimal")
    return Decidedness(solution, cleaned(tried.best, solution.score), tried.places, proven)


class _Tried:
    """Blocks in the order in which they are tried, and the best so far of each layer."""

    def __init__(self, solution: Solution) -> None:
        problem = solution.problem
        self._mckp, self._starts = problem.mckp, problem.library.starts
        self._score = inside(problem, solution.score)
        self._least = by_prices(problem, solution)
        chosen = to_choice(problem.library, solution.architecture or {})
        free = self._mckp.allowed.copy()
        free[chosen] = False
        self._queues = [self._order(free, n) for n in range(len(chosen))]
        self.best = np.full(len(chosen), math.inf)
        self.places = np.full(len(chosen), -1, dtype=np.intp)
        self.done = np.zeros(len(chosen), dtype=np.bool_)

    def _order(self, free: BoolArray, layer: int) -> list[int]:
        start, end = int(self._starts[layer]), int(self._starts[layer + 1])
        inside_ = start + np.flatnonzero(free[start:end])
        return [int(one) for one in inside_[np.argsort(-self._least[inside_], kind="stable")]]

    def next(self) -> list[int]:
        """One block of each layer whose best may not be found yet."""
        forced = []
        for layer, queue in enumerate(self._queues):
            if queue and self._least[queue[-1]] < self.best[layer]:
                forced.append(queue.pop())
            else:
                self.done[layer] = True
        return forced

    def take(self, forced: list[int], cancelled: Cancelled) -> None:
        """Search with each of these blocks; what is left out makes its layer unproven."""
        options = SearchOptions(cancelled=cancelled)
        found = solve_many(self._mckp, Changes(forced=np.array(forced)), options)
        layers = np.searchsorted(self._starts, forced, side="right") - 1
        for variable, layer, score in zip(forced, layers, found.scores, strict=False):
            cost = float(score) - self._score
            if cost < self.best[layer]:
                self.best[layer], self.places[layer] = cost, variable - self._starts[layer]
