"""Conflicts: a smallest set of limits and rules of an infeasible problem that cannot all hold."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

import numpy as np

from puzzle_widgets.library import FrozenMapping, LayerName
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import limits_of
from puzzle_widgets.problem.problem import replace_field
from puzzle_widgets.reasons.steps import End
from puzzle_widgets.reasons.words import Told, listed
from puzzle_widgets.search.engine import solve
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import Cancelled, Status, never

Drop = Callable[[SearchProblem], SearchProblem]
_SECONDS_EACH, _SECONDS = 0.25, 2.0


@dataclass(frozen=True, eq=False)
class Demand:
    """One limit or rule of a problem: its words, and how to state the problem without it."""

    words: str
    drop: Drop


@dataclass(frozen=True, eq=False, repr=False)
class Conflict(Told):
    """Demands that cannot all be met, though all but any one of them can.

    Parameters
    ----------
    demands
        Words of each limit or rule.
    proven
        Whether it is proven that leaving any one of them out is enough for the rest of these;
        else time ended before all were tried, and some may not be needed.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.memory_mib": "20 %", "stats.num_params": ("90 %", None)}
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={**budgets, "stats.runtime_ms": "90 %"}
    ... )
    >>> print(pw.explain(pw.search(problem)).conflict.sentences[0])
    These cannot all hold: Memory ≤ 16.23 MiB; Parameters ≥ 2.159 million.
    """

    demands: tuple[str, ...]
    proven: bool

    @property
    def sentences(self) -> tuple[str, ...]:
        """Which demands these are, and that no fewer would do."""
        named = "; ".join(self.demands)
        if len(self.demands) == 1:
            return (f"This alone cannot be met: {named}.",)
        said = f"These cannot all hold: {named}."
        if self.proven:
            return (said, "Without any one of them, the others of these can.")
        return (said, "Time ended before each was tried: some of them may not be needed.")


def find_conflict(
    problem: SearchProblem, *, time_limit: float = _SECONDS, cancelled: Cancelled = never
) -> Conflict:
    """Find an irreducible set of demands that cannot all hold, by a deletion filter.

    Each demand is left out in turn; where the rest is still infeasible it stays out (Chinneck and
    Dravnieks, *Locating minimal infeasible constraint sets in linear programs*, ORSA J. Comput.,
    1991). Rules on layers are tried all together first, then layer by layer.

    Parameters
    ----------
    problem
        A problem that is infeasible.
    time_limit
        Seconds for all of it.
    cancelled
        Asked now and then; true stops.
    """
    until = time.monotonic() + time_limit
    filtered = _Filter(problem, until, cancelled)
    groups = [*_limits(problem), *_differences(problem), *_rows(problem)]
    rules = [many for many in (_fixed(problem), _banned(problem)) if many]
    for many in rules:
        together = Demand("", partial(_without, demands=many))
        if not filtered.needs(together):
            filtered.leave_out(together)
        else:
            groups += many
    kept = [demand for demand in groups if filtered.keeps(demand)]
    return Conflict(tuple(demand.words for demand in _joined(kept)), filtered.proven)


class _Filter:
    """The problem as it gets smaller: what is not needed to be infeasible is left out."""

    def __init__(self, problem: SearchProblem, until: float, cancelled: Cancelled) -> None:
        self._problem, self._until, self._cancelled = problem, until, cancelled
        self.proven = True

    def needs(self, demand: Demand) -> bool:
        """Whether something becomes feasible without a demand, or nobody knows in time."""
        status = self._status(demand.drop(self._problem))
        self.proven &= status != "no_solution_in_time"
        return status != "infeasible"

    def leave_out(self, demand: Demand) -> None:
        """Go on without a demand."""
        self._problem = demand.drop(self._problem)

    def keeps(self, demand: Demand) -> bool:
        """Try a demand, and leave it out where it is not needed."""
        if self.needs(demand):
            return True
        self.leave_out(demand)
        return False

    def _status(self, problem: SearchProblem) -> Status:
        left = self._until - time.monotonic()
        if left <= 0 or self._cancelled():
            return "no_solution_in_time"
        mckp = replace(problem.mckp, score=np.zeros_like(problem.mckp.score), ties=None)
        options = SearchOptions(time_limit=min(left, _SECONDS_EACH), cancelled=self._cancelled)
        return solve(mckp, options).status


def _limits(problem: SearchProblem) -> list[Demand]:
    library = problem.library
    return [
        Demand(
            library.quantity(row.resource).limit(row.sense, row.value),
            partial(End.of(library, row).moved, limit=math.inf),
        )
        for budget in problem.budgets.values()
        for row in limits_of(library, budget)
    ]


def _differences(problem: SearchProblem) -> list[Demand]:
    def drop(rule: object) -> Drop:
        def dropped(asked: SearchProblem) -> SearchProblem:
            rest = tuple(one for one in asked.differences if one is not rule)
            return replace_field(asked, "differences", rest)

        return dropped

    return [
        Demand(f"difference {place} (at least {rule.layers} layers)", drop(rule))
        for place, rule in enumerate(problem.differences, 1)
    ]


def _rows(problem: SearchProblem) -> list[Demand]:
    """Linear rules and rules that count, all of a name together."""

    def drop(name: str) -> Drop:
        def dropped(asked: SearchProblem) -> SearchProblem:
            rows = tuple(row for row in asked.rows if row.name != name)
            counts = tuple(rule for rule in asked.distinct if rule.name != name)
            return replace_field(replace_field(asked, "rows", rows), "distinct", counts)

        return dropped

    return [Demand(name, drop(name)) for name in problem.rule_names]


def _fixed(problem: SearchProblem) -> list[Demand]:
    return [
        Demand(f"fixed: layer {layer}", partial(_freed, field="fixed", layer=layer))
        for layer in problem.fixed
    ]


def _banned(problem: SearchProblem) -> list[Demand]:
    return [
        Demand(f"banned: layer {layer}", partial(_freed, field="banned", layer=layer))
        for layer in problem.banned
    ]


def _freed(problem: SearchProblem, field: str, layer: LayerName) -> SearchProblem:
    rest = {name: held for name, held in getattr(problem, field).items() if name != layer}
    return replace_field(problem, field, FrozenMapping(rest))


def _without(problem: SearchProblem, demands: Sequence[Demand]) -> SearchProblem:
    return reduce(lambda asked, demand: demand.drop(asked), demands, problem)


def _joined(demands: Sequence[Demand]) -> Iterator[Demand]:
    """Name layers that are fixed, or have bans, together."""
    kinds = ("fixed: layer ", "banned: layer ")
    yield from (one for one in demands if not one.words.startswith(kinds))
    for kind in kinds:
        layers = [one.words.removeprefix(kind) for one in demands if one.words.startswith(kind)]
        if layers:
            many = "layers" if len(layers) > 1 else "layer"
            words = "the blocks fixed in" if kind == kinds[0] else "the blocks banned in"
            yield Demand(f"{words} {many} {listed(layers)}", lambda problem: problem)
