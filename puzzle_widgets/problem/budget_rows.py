"""The budgets as a person sets them: one resource, one sense, on or off."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Literal, get_args

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, FrozenMapping, LayerName
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import (
    KV_HEADS,
    MEMORY,
    PARAMETERS,
    RUNTIME,
    THROUGHPUT,
    format_number,
)
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem.budget import Budget, Share, read_limit
from puzzle_widgets.problem.choices import Difference
from puzzle_widgets.problem.distinct import Distinct
from puzzle_widgets.problem.problem import SearchProblem
from puzzle_widgets.problem.rows import Row

Sense = Literal["at most", "at least"]
Amount = float | str | Share
OFFERED = (MEMORY, RUNTIME, THROUGHPUT, PARAMETERS, KV_HEADS)
_EXCEPT = ", with exceptions"
_FASTEST = 5.0
_FIRST_MEMORY = 0.75
_FIRST_SPEEDUP = 1.4


@dataclass(frozen=True)
class BudgetSetting:
    """One row of the budget panel.

    Parameters
    ----------
    resource
        Dotted key of a stat, or ``"throughput"`` in tokens/s.
    sense
        ``"at most"`` or ``"at least"``.
    value
        The limit in the resource's unit.
    on
        Whether the limit holds.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> state.budgets = (pw.BudgetSetting("stats.memory_mib", "at most", 40, on=True),)
    >>> state.solution.totals["stats.memory_mib"] <= 40
    True
    """

    resource: str
    sense: Sense
    value: float
    on: bool = False


@dataclass(frozen=True)
class SearchRule:
    """A rule that the search keeps, beside the budgets.

    Parameters
    ----------
    words
        What it asks for, such as ``"no linear blocks"``.
    banned, fixed, differences, rows, distinct
        As for :class:`puzzle_widgets.SearchProblem`.
    """

    words: str
    banned: FrozenMapping[LayerName, frozenset[str]] = FrozenMapping()
    fixed: FrozenMapping[LayerName, str] = FrozenMapping()
    differences: tuple[Difference, ...] = ()
    rows: tuple[Row, ...] = ()
    distinct: tuple[Distinct, ...] = ()

    def __repr__(self) -> str:
        return f"SearchRule({self.words!r})"


@dataclass(frozen=True)
class BudgetRange:
    """What a slider spans, in the resource's unit, and the parent's own total."""

    low: float
    high: float
    parent: float


def budget_range(library: BlockLibrary, resource: str) -> BudgetRange:
    """Least and greatest sum that any architecture has; throughput up to five times the parent."""
    if resource != THROUGHPUT:
        return BudgetRange(*library.total_range(resource), library.parent_totals[resource])
    least, most = library.total_range(RUNTIME)
    parent = library.throughput(library.parent_totals[RUNTIME]) or math.nan
    fastest = library.throughput(least) or math.inf
    slowest = library.throughput(most) or 0.0
    return BudgetRange(slowest, min(fastest, _FASTEST * parent), parent)


def first_settings(library: BlockLibrary) -> tuple[BudgetSetting, ...]:
    """Rows to begin with: what the library has, memory and speed limited, the rest off."""
    resources = [key for key in OFFERED if key in library.keys or _has_speed(library, key)]
    if not resources:
        resources = list(library.costs[:4])
    return tuple(_first(library, resource, resources) for resource in resources)


def check_rows(library: BlockLibrary, rows: Iterable[BudgetSetting]) -> tuple[BudgetSetting, ...]:
    """Take rows as a caller gives them."""
    given = tuple(rows) if isinstance(rows, Iterable) else (rows,)
    for row in given:
        if not isinstance(row, BudgetSetting):
            raise ProblemError(
                f"budgets: {short_repr(row)} is not a BudgetSetting. Give a sequence of "
                "BudgetSetting(resource, sense, value, on=True), or call "
                "set_budget(resource, value)."
            )
        check_limited(library, row.resource)
        if row.sense not in get_args(Sense):
            raise ProblemError(f"sense={short_repr(row.sense)}: give 'at most' or 'at least'.")
        value: object = row.value
        if not isinstance(value, Real):
            raise ProblemError(f"A limit on {row.resource}: {short_repr(value)} is not a number.")
    return given


def check_limited(library: BlockLibrary, resource: str) -> None:
    """Refuse what cannot be limited."""
    if resource not in library.keys and not _has_speed(library, resource):
        speed = [THROUGHPUT] if _has_speed(library, THROUGHPUT) else []
        keys = ", ".join([*speed, *library.keys])
        raise ProblemError(f"A limit on {short_repr(resource)}: {library.name} has {keys}.")


def find_row(
    library: BlockLibrary,
    rows: tuple[BudgetSetting, ...],
    which: str | int,
    sense: Sense | None = None,
) -> tuple[tuple[BudgetSetting, ...], int]:
    """Find the row of a limit, to change it; one that is not there yet is added, off.

    A limit in the other sense gives its row up only where it is off.
    """
    if sense not in (None, *get_args(Sense)):
        raise ProblemError(f"sense={short_repr(sense)}: give 'at most' or 'at least'.")
    if not isinstance(which, str):
        return rows, _checked_place(rows, which)
    check_limited(library, which)
    named = [place for place, row in enumerate(rows) if row.resource == which]
    own = [place for place in named if sense in (None, rows[place].sense)]
    if len(own) > 1:
        raise ProblemError(f"There are {len(own)} limits on {which!r}: say sense= as well.")
    for place in own or [place for place in named if not rows[place].on]:
        return rows, place
    usual: Sense = "at least" if which == THROUGHPUT else "at most"
    added = BudgetSetting(which, sense or usual, budget_range(library, which).parent)
    return (*rows, added), len(rows)


def _checked_place(rows: Sequence[BudgetSetting], place: object) -> int:
    if isinstance(place, int) and -len(rows) <= place < len(rows):
        return place % len(rows)
    names = ", ".join(dict.fromkeys(repr(row.resource) for row in rows))
    raise ProblemError(f"No limit {short_repr(place)}. Name the resource, such as {names}.")


def read_amount(library: BlockLibrary, resource: str, amount: Amount) -> float:
    """Read a limit: a number in the resource's unit, or a share of the parent's (``60 %``)."""
    number = read_limit(resource, amount, budget_range(library, resource).parent, math.inf)
    if not math.isfinite(number):
        raise ProblemError(f"A limit on {resource}: {short_repr(amount)} is not a finite amount.")
    return number


def settings_of(
    problem: SearchProblem, settings: Sequence[BudgetSetting] = ()
) -> tuple[BudgetSetting, ...]:
    """Rows that state a problem's budgets; resources that it does not limit are turned off."""
    rows = {(row.resource, row.sense): replace(row, on=False) for row in settings}
    for budget in problem.budgets.values():
        for row in reversed(limits_of(problem.library, budget)):
            rows[row.resource, row.sense] = row
    return tuple(rows.values())


def to_problem(
    library: BlockLibrary,
    objective: str,
    goal: Goal,
    settings: Iterable[BudgetSetting],
    rules: Iterable[SearchRule] = (),
) -> SearchProblem:
    """State the problem that the panel shows; several limits on one resource hold together."""
    budgets: dict[str, Budget] = {}
    for row in settings:
        if row.on:
            budget = to_budget(library, row)
            budgets[budget.resource] = budgets.get(budget.resource, budget).tighten(budget)
    problem = SearchProblem(
        library,
        minimize=objective if goal == "minimize" else None,
        maximize=objective if goal == "maximize" else None,
        budgets=budgets,
    )
    for rule in rules:
        problem = problem.with_banned(rule.banned).with_fixed(rule.fixed)
        problem = problem.with_rows(rule.rows).with_distinct(rule.distinct)
        for other in rule.differences:
            problem = problem.with_difference(other.architecture, other.layers)
    return problem


def limits_of(library: BlockLibrary, budget: Budget) -> tuple[BudgetSetting, ...]:
    """A budget's limits as they were stated, the lower one first: a throughput as a throughput."""
    ends: tuple[tuple[Sense, float, bool], ...] = (
        ("at least", budget.lower, budget.rates[0]),
        ("at most", budget.upper, budget.rates[1]),
    )
    return tuple(
        _stated(library, budget.resource, sense, end, rate=rate)
        for sense, end, rate in ends
        if math.isfinite(end)
    )


def _stated(
    library: BlockLibrary, resource: str, sense: Sense, end: float, *, rate: bool
) -> BudgetSetting:
    speed = library.throughput(end) if rate else None
    if speed is None or not math.isfinite(speed):
        return BudgetSetting(resource, sense, end, on=True)
    faster: Sense = "at most" if sense == "at least" else "at least"
    near = (float(f"{speed:.12g}"), speed, *(math.nextafter(speed, to) for to in (0, math.inf)))
    stated = next((one for one in near if library.runtime_at(one) == end), speed)
    return BudgetSetting(THROUGHPUT, faster, stated, on=True)


def rules_of(problem: SearchProblem, words: str) -> tuple[SearchRule, ...]:
    """One rule for all that a problem fixes, bans, differs from and limits; none without."""
    layers = (problem.banned, problem.fixed, problem.differences)
    rule = SearchRule(words, *layers, problem.rows, problem.distinct)
    return () if rule == SearchRule(words) else (rule,)


def loosened(library: BlockLibrary, row: BudgetSetting, limit: Budget) -> BudgetSetting:
    """Give a row that is as tight as a one-sided limit on the same sum, where it is tighter."""
    held, upper = to_budget(library, row), math.isfinite(limit.upper)
    tighter = held.upper < limit.upper if upper else held.lower > limit.lower
    if not (row.on and held.resource == limit.resource and tighter):
        return row
    value = limit.upper if upper else limit.lower
    if row.resource == THROUGHPUT:
        value = library.throughput(value) or 0.0
    return replace(row, value=value) if math.isfinite(value) else replace(row, on=False)


def lifted(rule: SearchRule, choices: Mapping[LayerName, str]) -> SearchRule | None:
    """Let a rule allow these variants; ``None`` where nothing of it is left."""
    fixed = {layer: name for layer, name in rule.fixed.items() if layer not in choices}
    banned = {layer: names - {choices.get(layer, "")} for layer, names in rule.banned.items()}
    kept = FrozenMapping({layer: names for layer, names in banned.items() if names})
    if (fixed, kept) == (dict(rule.fixed), rule.banned):
        return rule
    words = rule.words.removesuffix(_EXCEPT) + _EXCEPT
    left = replace(rule, words=words, banned=kept, fixed=FrozenMapping(fixed))
    return None if left == SearchRule(words) else left


def cannot_be_met(library: BlockLibrary, row: BudgetSetting) -> str:
    """Say why a limit cannot be met by any architecture at all; empty where it can."""
    budget = to_budget(library, row)
    least, most = library.total_range(budget.resource)
    text = library.quantity(budget.resource).text
    if budget.upper < least:
        return (
            f"Cannot be met: the least possible is {_as_limit(library, row, least, text(least))}."
        )
    if budget.lower > most:
        return f"Cannot be met: the most possible is {text(most)}."
    return ""


def _as_limit(library: BlockLibrary, row: BudgetSetting, runtime: float, text: str) -> str:
    if row.resource != THROUGHPUT:
        return text
    fastest = library.throughput(runtime) or 0.0
    return f"a runtime of {text}, {format_number(fastest)} tokens/s"


def _has_speed(library: BlockLibrary, key: str) -> bool:
    return key == THROUGHPUT and library.has_throughput


def _first(library: BlockLibrary, resource: str, offered: list[str]) -> BudgetSetting:
    parent = budget_range(library, resource).parent
    if resource == THROUGHPUT:
        return BudgetSetting(resource, "at least", parent * _FIRST_SPEEDUP, on=True)
    lone_runtime = resource == RUNTIME and THROUGHPUT not in offered
    if resource == MEMORY or lone_runtime:
        return BudgetSetting(resource, "at most", parent * _FIRST_MEMORY, on=True)
    return BudgetSetting(resource, "at most", parent)


def to_budget(library: BlockLibrary, row: BudgetSetting) -> Budget:
    """Write one row as limits on the sum that it is about: of the runtime, for throughput."""
    if row.resource != THROUGHPUT:
        return _one_sided(row.resource, row.sense, row.value)
    slower: Sense = "at most" if row.sense == "at least" else "at least"
    return replace(_one_sided(RUNTIME, slower, library.runtime_at(row.value)), rates=(True, True))


def _one_sided(resource: str, sense: Sense, value: float) -> Budget:
    if sense == "at most":
        return Budget(resource, upper=value)
    return Budget(resource, lower=value)
