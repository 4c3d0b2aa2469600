"""The Lagrangian bound, price by price: what one sees before the best price is found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import FrozenMapping, LayerName
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp, to_architecture
from puzzle_widgets.reasons.bounds import best_prices, relax

if TYPE_CHECKING:
    from puzzle_widgets.charts import Drawing

REACH = 2.0
"""How far prices are looked at, in multiples of the best one."""
_POINTS, _HALVINGS, _ROUNDING = 201, 60, 1e-9


@dataclass(frozen=True)
class RelaxedAnswer:
    """What the layers choose by themselves when a resource has a price, and what that proves.

    Parameters
    ----------
    price
        Of one unit of the resource, in the objective's unit; at least 0.
    bound
        No architecture within the budgets scores better.
    score
        Of what the layers choose.
    use
        What that takes of the resource, in its unit.
    within
        Whether it keeps all budgets and rules, and so is an architecture to use.
    architecture
        Each layer's choice.
    """

    price: float
    bound: float
    score: float
    use: float
    within: bool
    architecture: FrozenMapping[LayerName, str]


@dataclass(frozen=True, eq=False)
class LagrangianBound:
    """The bound as a function of one budget's price; :func:`lagrangian_bound` makes it.

    Parameters
    ----------
    problem
        What is asked.
    resource
        Dotted key of the budget that is priced.
    prices
        Best price of each row of the knapsack, shape (rows,); the other rows keep theirs.
    row
        Which of them is moved.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> bound = pw.lagrangian_bound(problem)
    >>> bound.at(0.0).within, bound.curve[-1].within
    (False, True)
    """

    problem: SearchProblem
    resource: str
    prices: FloatArray
    row: int

    @property
    def limit(self) -> float:
        """The budget itself, in the resource's unit: the upper limit where it has both."""
        budget = self.problem.budgets[self.resource]
        return budget.upper if self._side > 0 else budget.lower

    @cached_property
    def best(self) -> float:
        """The price of the greatest bound, which is the LP bound where there is one budget."""
        low, high = 0.0, self._roof
        for _ in range(_HALVINGS):  # the bound is concave in the price
            third = (high - low) / 3
            if self._minimized(low + third) < self._minimized(high - third):
                low += third
            else:
                high -= third
        return 0.5 * (low + high)

    @cached_property
    def greatest(self) -> RelaxedAnswer:
        """The answer at the best price."""
        return self.at(self.best)

    @cached_property
    def curve(self) -> tuple[RelaxedAnswer, ...]:
        """Answers at evenly spaced prices from 0 to twice the best."""
        return tuple(self.at(price) for price in np.linspace(0.0, self.last, _POINTS).tolist())

    @property
    def last(self) -> float:
        """The greatest price of :attr:`curve`."""
        return REACH * self.best or 1.0

    @cached_property
    def found(self) -> RelaxedAnswer | None:
        """The best of those answers along the curve that are within the budgets."""
        sign = self.problem.sign
        good = [one for one in self.curve if one.within]
        return min(good, key=lambda one: sign * one.score, default=None)

    def at(self, price: float) -> RelaxedAnswer:
        """Let each layer choose by itself at a price.

        Parameters
        ----------
        price
            Of one unit of the resource, in the objective's unit; at least 0.
        """
        if not price >= 0 or math.isinf(price):
            raise ProblemError(f"price {price:g}: give a finite number of at least 0")
        problem, library = self.problem, self.problem.library
        relaxed = relax(problem.mckp, self._prices_at(price))
        choice = _first_of_least(problem.mckp, relaxed.penalties)
        architecture = FrozenMapping(to_architecture(library, choice))
        totals = library.totals(architecture)
        outside = library.non_block_cost(problem.objective)
        return RelaxedAnswer(
            price,
            problem.sign * relaxed.bound + outside,
            totals[problem.objective],
            totals[self.resource],
            not problem.mckp.broken(choice),
            architecture,
        )

    def survivors(self, score: float, price: float | None = None) -> dict[LayerName, list[str]]:
        """Blocks that an architecture of a better score can still have: reduced-cost fixing.

        Forced, a block raises the bound by its reduced score. Where that ends beyond a known
        score, the block is in nothing better, and can be left out of the search.

        Parameters
        ----------
        score
            Of an architecture within the budgets.
        price
            Of the resource; by default the best.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(
        ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
        ... )
        >>> left = pw.lagrangian_bound(problem).survivors(pw.search(problem).score)
        >>> sum(map(len, left.values())) < 40  # of 432
        True
        """
        library, sign = self.problem.library, self.problem.sign
        relaxed = relax(self.problem.mckp, self._prices_at(self.best if price is None else price))
        room = sign * (score - library.non_block_cost(self.problem.objective)) - relaxed.bound
        kept = relaxed.penalties <= room + _ROUNDING * max(1.0, abs(score))
        starts, names = library.starts, library.variant_names
        return {
            layer.name: [names[n] for n in range(starts[i], starts[i + 1]) if kept[n]]
            for i, layer in enumerate(library.layers)
        }

    def plot(self, price: float | None = None) -> Drawing:
        """Draw bound and scores by price; the best price is marked where none is given.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(
        ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
        ... )
        >>> pw.lagrangian_bound(problem).plot().title
        'Bound by the price of Memory'
        """
        from puzzle_widgets.charts import draw, lagrangian_figure  # noqa: PLC0415 - they stand above
        from puzzle_widgets.charts.about import about  # noqa: PLC0415

        at = self.greatest if price is None else self.at(price)
        return about(draw(lagrangian_figure(self, at)), self.problem)

    @property
    def _side(self) -> int:
        return 1 if math.isfinite(self.problem.mckp.upper[self.row]) else -1

    @cached_property
    def _roof(self) -> float:
        """A price above the best: from there on the bound falls."""
        price = abs(float(self.prices[self.row])) or 1e-6
        while self._minimized(2 * price) > self._minimized(price) and price < math.inf:
            price *= 2
        return 2 * price

    def _prices_at(self, price: float) -> FloatArray:
        prices = self.prices.copy()
        prices[self.row] = self._side * price
        return prices

    def _minimized(self, price: float) -> float:
        return relax(self.problem.mckp, self._prices_at(price)).bound


def lagrangian_bound(problem: SearchProblem, resource: str | None = None) -> LagrangianBound:
    """Bound a problem by a price in place of one budget.

    In place of a limit each unit of the resource has a price, so that each layer chooses by itself.
    Whatever the price, no architecture within the budgets scores better than what comes out, less
    what the whole limit would cost at that price.

    Parameters
    ----------
    problem
        With at least one budget; something has to be within its budgets.
    resource
        Dotted key of the budget that is priced; by default the first. Other budgets and rules keep
        their best prices.

    Raises
    ------
    ProblemError
        If there is no such budget, or nothing is within the budgets.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> bound = pw.lagrangian_bound(problem)
    >>> bound.at(0.0).bound < bound.greatest.bound < pw.search(problem).score
    True
    """
    check_problem(problem)
    rows = [row for row in problem.mckp.rows if row in problem.budgets]
    resource = resource or next(iter(rows), "")
    if resource not in rows:
        known = ", ".join(rows) or "none"
        raise ProblemError(f"{resource or 'a price'}: needs a budget. There are: {known}.")
    prices = _best_prices(problem.mckp)
    if prices is None:
        raise ProblemError(
            "Nothing is within the budgets: the bound grows with the price for ever."
        )
    return LagrangianBound(problem, resource, prices, problem.mckp.rows.index(resource))


def _best_prices(mckp: Mckp) -> FloatArray | None:
    """Prices of the LP bound, positive for upper limits; None where even that is infeasible."""
    best = best_prices(mckp)
    if best is None:
        return None
    form, found = best
    prices = np.zeros(len(mckp.rows))
    each = form.signs * form.unit * found.multipliers / form.scale
    np.add.at(prices, form.rows, each)
    return prices


def _first_of_least(mckp: Mckp, penalties: FloatArray) -> IntArray:
    """Each layer's first variable without a penalty, shape (layers,)."""
    free = np.flatnonzero(penalties <= 0.0)
    places = np.searchsorted(free, mckp.starts[:-1])
    return np.asarray(free[places], dtype=np.intp)
