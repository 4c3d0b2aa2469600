"""A row of limits on one resource: the axis of a budget surface or of a decision map."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, FrozenMapping
from puzzle_widgets.library.quantity import THROUGHPUT, limited_key
from puzzle_widgets.problem import Budget, SearchProblem, check_problem
from puzzle_widgets.problem.problem import replace_field
from puzzle_widgets.solution.solution import Solution

Range = tuple[float, float] | None
_LEAST_SHARE = 0.2
_TINY = 1e-9


@dataclass(frozen=True)
class BudgetAxis:
    """Limits on one resource, from low to high.

    Parameters
    ----------
    library
        The library that has the resource.
    resource
        Dotted key, limited from above; or ``"throughput"`` in tokens/s, limited from below.
    limits
        Rising, in the resource's unit.
    """

    library: BlockLibrary
    resource: str
    limits: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.limits)

    @property
    def key(self) -> str:
        """Key of the sum that is limited: the runtime for throughput."""
        return limited_key(self.resource)

    @property
    def places(self) -> tuple[int, ...]:
        """Places of the limits, from the loosest to the tightest."""
        count = range(len(self.limits))
        return tuple(count if self.resource == THROUGHPUT else reversed(count))

    def limited(self, problem: SearchProblem, place: int) -> SearchProblem:
        """Give the problem with this limit too; its own limits hold."""
        return within(problem, self.resource, self._upper(place))

    def words(self, place: int) -> str:
        """Say a limit with its unit, such as ``"Memory ≤ 80,000 MiB"``."""
        return limit_words(self.library, self.resource, self.limits[place])

    def _upper(self, place: int) -> float:
        limit = self.limits[place]
        return self.library.runtime_at(limit) if self.resource == THROUGHPUT else limit


def within(problem: SearchProblem, resource: str, upper: float) -> SearchProblem:
    """Give a problem with an upper limit on a resource's sum too; it is told as the resource's."""
    key = limited_key(resource)
    limit = Budget(key, upper=upper, rates=(False, resource == THROUGHPUT))
    tighter = problem.budgets.get(key, Budget(key)).tighten(limit)
    others = {name: kept for name, kept in problem.budgets.items() if name != key}
    found = {**others, key: tighter} if tighter.limits else others
    return replace_field(problem, "budgets", FrozenMapping(found))


def limit_words(library: BlockLibrary, resource: str, limit: float) -> str:
    """Say a limit with its unit: at least for throughput, at most for the rest."""
    sense = "at least" if resource == THROUGHPUT else "at most"
    return library.quantity(resource).limit(sense, limit)


def check_resource(problem: SearchProblem, resource: str) -> None:
    """Refuse a resource that the library does not have."""
    check_problem(problem)
    library = problem.library
    if limited_key(resource) not in library.keys:
        raise ProblemError(f"{resource!r}: {library.name} has {', '.join(library.keys)}.")
    if resource == THROUGHPUT and library.measurement.tokens is None:
        raise ProblemError("Throughput needs batch size and sequence length, unknown here.")


def check_spacing(points: int, between: Range) -> None:
    """Refuse fewer than two limits, and empty ranges."""
    if points < 2:
        raise ProblemError(f"points={points!r}: at least 2 limits are needed.")
    if between is not None and not -math.inf < between[0] < between[1] < math.inf:
        raise ProblemError(f"between={between!r}: give two finite limits, the smaller first.")


def even_axis(
    problem: SearchProblem,
    resource: str,
    points: int,
    between: Range,
    best: Solution,
    *,
    rounded: bool = True,
) -> BudgetAxis:
    """Space limits evenly, by default from the use of ``best`` to a fifth of the parent's.

    To the least possible, if that is more. ``best`` is the best architecture free of these limits.
    ``rounded`` limits are multiples of about a hundredth of their distance.
    """
    low, high = between or _usual_range(problem, resource, best)
    step = (high - low) / (points - 1)
    limits = [low + step * place for place in range(points - 1)] + [high]
    if rounded and between is None and step > 0:
        limits = _rounded(limits, step, math.floor if resource == THROUGHPUT else math.ceil)
    return BudgetAxis(problem.library, resource, _rising(resource, limits))


def given_axis(problem: SearchProblem, resource: str, targets: Sequence[float]) -> BudgetAxis:
    """Take limits as they are given."""
    limits = [float(target) for target in targets]
    if not all(math.isfinite(limit) for limit in limits):
        raise ProblemError(f"targets={list(targets)!r}: give finite numbers.")
    rising = _rising(resource, limits)
    if not rising:
        raise ProblemError(f"targets={list(targets)!r}: give at least one, above 0 for throughput.")
    return BudgetAxis(problem.library, resource, rising)


def _rounded(limits: Sequence[float], step: float, outwards: Callable[[float], int]) -> list[float]:
    """Round to two digits of the step; the ends never to what is tighter."""
    digits = 1 - math.floor(math.log10(step))
    unit = 10.0**-digits
    ends = [round(outwards(limit / unit) * unit, digits) for limit in (limits[0], limits[-1])]
    return [ends[0], *(round(limit, digits) for limit in limits[1:-1]), ends[1]]


def _rising(resource: str, limits: Sequence[float]) -> tuple[float, ...]:
    usable = [limit for limit in limits if resource != THROUGHPUT or limit > 0]
    return tuple(sorted(set(usable)))


def _usual_range(problem: SearchProblem, resource: str, best: Solution) -> tuple[float, float]:
    library, key = problem.library, limited_key(resource)
    parent = library.parent_totals[key]
    loosest = best.totals[key] if best.found else parent
    least, _ = library.total_range(key)
    share = max(least, _LEAST_SHARE * parent)
    tightest = share if share < loosest else least
    if resource != THROUGHPUT:
        return tightest, loosest
    slow, fast = (library.throughput(max(use, _TINY)) or 0.0 for use in (loosest, tightest))
    return slow, fast
