"""What would make an infeasible problem feasible: the least change of each limit and of the rules.

Each is found by one search, with the limit or the number of lifted layers as what is made least.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from puzzle_widgets.library import FrozenMapping, LayerName
from puzzle_widgets.problem import Budget, SearchProblem
from puzzle_widgets.problem.mckp import IntArray, Mckp, to_architecture
from puzzle_widgets.problem.problem import replace_field
from puzzle_widgets.search.engine import solve
from puzzle_widgets.search.options import SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Cancelled, Outcome, never

# That nothing less would do is often harder to prove than an optimum: what is near comes first.
_NEAR, _SECONDS_NEAR, _SECONDS_EXACT = 1e-3, 2.0, 0.25
_FARTHEST = 0.01


@dataclass(frozen=True)
class Change:
    """One change that alone makes an infeasible problem feasible.

    Parameters
    ----------
    limit
        The limit to set in place of a tighter one: a budget with one side; ``None`` for rules.
    lifted
        ``{layer: variant}`` to allow, though it is banned or another one is fixed.
    gap
        How far the change may be from the least one, as a share of it; 0 where it is proven to be
        the least.
    """

    limit: Budget | None = None
    lifted: FrozenMapping[LayerName, str] = FrozenMapping()
    gap: float = 0.0

    def apply(self, problem: SearchProblem) -> SearchProblem:
        """Give the problem with the change made.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> budgets = {"stats.memory_mib": 0}
        >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
        >>> (change,) = pw.search(problem).changes
        >>> pw.search(change.apply(problem)).status
        'optimal'
        """
        if self.limit is not None:
            held, key = problem.budgets[self.limit.resource], self.limit.resource
            upper = math.isfinite(self.limit.upper)
            end = self.limit.upper if upper else self.limit.lower
            changed = replace(held, upper=end) if upper else replace(held, lower=end)
            budgets = FrozenMapping({**problem.budgets, key: changed})
            return replace_field(problem, "budgets", budgets)
        fixed = {layer: name for layer, name in problem.fixed.items() if layer not in self.lifted}
        banned = {
            layer: names - {self.lifted.get(layer, "")} for layer, names in problem.banned.items()
        }
        freed = replace_field(problem, "fixed", FrozenMapping(fixed))
        return replace_field(freed, "banned", FrozenMapping({k: v for k, v in banned.items() if v}))


def least_changes(problem: SearchProblem, cancelled: Cancelled = never) -> tuple[Change, ...]:
    """Find the changes that make an infeasible problem feasible, each when made alone.

    For each limit the least loosening, and for what is fixed and banned the fewest layers to lift
    it in. What does not help alone is left out; what is not proven in time has a gap, 1 % at most.

    Parameters
    ----------
    problem
        A problem that is infeasible.
    cancelled
        Asked now and then; true takes what is found.
    """
    return tuple(
        change
        for change, choice in _candidates(problem, cancelled)
        if change.gap <= _FARTHEST and _keeps(change.apply(problem), choice)
    )


def _candidates(problem: SearchProblem, cancelled: Cancelled) -> Iterator[tuple[Change, IntArray]]:
    for key, budget in problem.budgets.items():
        if math.isfinite(budget.upper):
            yield from _limit(problem, Budget(key, lower=budget.lower), 1, cancelled)
        if math.isfinite(budget.lower):
            yield from _limit(problem, Budget(key, upper=budget.upper), -1, cancelled)
    if problem.fixed or problem.banned:
        yield from _rules(problem, cancelled)


def _limit(
    problem: SearchProblem, rest: Budget, side: int, cancelled: Cancelled
) -> Iterator[tuple[Change, IntArray]]:
    """How little of a resource the others allow (``side`` 1), or how much (-1)."""
    key = rest.resource
    others = problem.with_budget(key, rest.lower, rest.upper)
    goal = "minimize" if side > 0 else "maximize"
    asked = replace_field(replace_field(others, "objective", key), "goal", goal)
    outcome = _least(asked.mckp, cancelled)
    if outcome.choice is not None:
        total = problem.library.totals(to_architecture(problem.library, outcome.choice))[key]
        limit = Budget(key, upper=total) if side > 0 else Budget(key, lower=total)
        bound = side * outcome.bound + problem.library.non_block_cost(key)
        yield Change(limit, gap=_gap(outcome, total, bound)), outcome.choice


def _rules(problem: SearchProblem, cancelled: Cancelled) -> Iterator[tuple[Change, IntArray]]:
    """The fewest layers that need a variant which is not allowed."""
    mckp, library = problem.mckp, problem.library
    against = (~mckp.allowed).astype(np.float64)
    free = replace(mckp, score=against, allowed=np.ones_like(mckp.allowed), ties=None)
    outcome = _least(free, cancelled)
    if outcome.choice is not None:
        chosen = to_architecture(library, outcome.choice)
        pairs = zip(library.layers, outcome.choice.tolist(), strict=True)
        lifted = FrozenMapping({la.name: chosen[la.name] for la, index in pairs if against[index]})
        gap = _gap(outcome, len(lifted), math.ceil(outcome.bound - 1e-6))
        yield Change(lifted=lifted, gap=gap), outcome.choice


def _least(mckp: Mckp, cancelled: Cancelled) -> Outcome:
    """Find a choice near the least sum, then the least in the time that there is."""
    near = solve(mckp, SearchOptions(_NEAR, _SECONDS_NEAR, cancelled))
    if near.choice is None or near.status == "optimal" or cancelled():
        return near
    warm = None if near.prices is None else WarmStart(near.prices, near.choice)
    exact = solve(mckp, SearchOptions(0.0, _SECONDS_EXACT, cancelled, warm_start=warm))
    if exact.choice is None or mckp.score[exact.choice].sum() > mckp.score[near.choice].sum():
        return replace(near, bound=max(near.bound, exact.bound))
    return exact


def _gap(outcome: Outcome, found: float, bound: float) -> float:
    if outcome.status == "optimal":
        return 0.0
    return abs(found - bound) / max(abs(found), 1e-9)


def _keeps(problem: SearchProblem, choice: IntArray) -> bool:
    mckp = problem.mckp
    return not mckp.broken(choice) and bool(mckp.allowed[choice].all())
