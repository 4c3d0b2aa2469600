"""Budgets: limits on a summed cost, absolute or as a share of the parent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import RUNTIME

_PERCENT = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*%\s*")


@dataclass(frozen=True)
class Share:
    """A share of the parent's total: ``Share(0.85)`` is 85 % of it.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.runtime_ms": pw.Share(0.5)}  # or "50 %"
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> pw.search(problem).shares["stats.runtime_ms"] <= 0.5
    True
    """

    of_parent: float


Limit = float | int | str | Share | None
BudgetSpec = Limit | tuple[Limit, Limit]


@dataclass(frozen=True)
class Budget:
    """Limits on the sum of one cost over the architecture, in the cost's own unit.

    Parameters
    ----------
    resource
        Dotted key, such as ``stats.memory_mib``.
    lower, upper
        Least and greatest sum allowed; infinite where there is no limit.
    rates
        Whether lower and upper limit, of the runtime, were stated as a throughput, and are told as
        one.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.Budget("stats.memory_mib", upper=80_000)
    Budget(resource='stats.memory_mib', lower=-inf, upper=80000)
    """

    resource: str
    lower: float = -math.inf
    upper: float = math.inf
    rates: tuple[bool, bool] = field(default=(False, False), compare=False, repr=False)

    @property
    def limits(self) -> bool:
        """Whether there is any limit at all."""
        return math.isfinite(self.lower) or math.isfinite(self.upper)

    def tighten(self, other: Budget) -> Budget:
        """Both budgets at once."""
        lower, below = max((self.lower, self.rates[0]), (other.lower, other.rates[0]))
        upper, above = min((self.upper, self.rates[1]), (other.upper, other.rates[1]))
        return Budget(self.resource, lower, upper, (below, above))


def check_key(library: BlockLibrary, key: str, what: str) -> str:
    """Refuse a score or cost that the library does not have."""
    if key not in library.keys:
        raise ProblemError(
            f"{what} on {key!r}: {library.name} has no such score or cost. "
            f"It has {', '.join(library.keys)}."
        )
    return key


def read_budget(resource: str, spec: BudgetSpec, parent_total: float) -> Budget:
    """Read what a caller gave as a budget.

    Parameters
    ----------
    resource
        Dotted key.
    spec
        An upper limit, or ``(lower, upper)``; each a number in the resource's unit, ``"85 %"``
        or ``Share(0.85)`` of the parent's total, or ``None`` or infinite for no limit.
    parent_total
        The parent's sum of the resource.
    """
    pair = spec if isinstance(spec, tuple) else (None, spec)
    if len(pair) != 2:
        raise ProblemError(
            f"Budget on {resource}: {short_repr(spec)}. Give an upper limit or (lower, upper)."
        )
    lower = read_limit(resource, pair[0], parent_total, -math.inf)
    upper = read_limit(resource, pair[1], parent_total, math.inf)
    if lower > upper:
        raise ProblemError(
            f"Budget on {resource}: lower limit {lower:g} is above upper limit {upper:g}. "
            "Give (lower, upper) in this order."
        )
    return Budget(resource, lower, upper)


def read_limit(resource: str, limit: Limit, parent_total: float, none: float) -> float:
    """Read one limit, as in :func:`read_budget`; ``none`` is returned for no limit."""
    if limit is None:
        return none
    number = as_amount(limit, parent_total)
    if math.isnan(number):
        raise ProblemError(
            f"Budget on {resource}: {short_repr(limit)} is not a limit. "
            "Give a number, a share such as '85 %', or None."
        )
    return none if math.isinf(number) else number


def as_amount(limit: Limit, parent_total: float) -> float:
    """Read a number, or a share of the parent's total; NaN where it is neither."""
    if isinstance(limit, str) and (match := _PERCENT.fullmatch(limit)):
        limit = Share(float(match[1]) / 100)
    if isinstance(limit, Share):
        return as_number(limit.of_parent) * parent_total
    return as_number(limit)


def as_number(value: object) -> float:
    """Read a number that a caller gave; NaN where it is not one."""
    if isinstance(value, bool | np.bool_):
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]


def to_budgets(
    library: BlockLibrary, budgets: Mapping[str, BudgetSpec | Budget]
) -> dict[str, Budget]:
    """Read ``{resource: limit}`` as in :func:`read_budget`."""
    found = {}
    for key, spec in budgets.items():
        check_key(library, key, "A budget")
        given = (spec.lower, spec.upper) if isinstance(spec, Budget) else spec
        found[key] = read_budget(key, given, library.parent_totals[key])
        if isinstance(spec, Budget):
            found[key] = replace(found[key], rates=spec.rates)
    return found


def runtime_budgets(library: BlockLibrary, throughput: Limit, latency_ms: Limit) -> list[Budget]:
    """Turn a throughput or latency target into budgets on the runtime."""
    if throughput is None and latency_ms is None:
        return []
    check_key(library, RUNTIME, "A throughput or latency target")
    latency = read_budget(RUNTIME, (None, latency_ms), library.parent_totals[RUNTIME])
    return [_throughput_budget(library, throughput), latency]


def _throughput_budget(library: BlockLibrary, throughput: Limit) -> Budget:
    parent = library.throughput(library.parent_totals[RUNTIME]) or 1.0  # 1: refused below
    target = math.inf if throughput is None else as_amount(throughput, parent)
    if not target > 0:
        raise ProblemError(f"Throughput {short_repr(throughput)}: give tokens/s above 0, or None.")
    if math.isinf(target):
        return Budget(RUNTIME)
    if library.measurement.tokens is None:
        raise ProblemError(
            "A throughput target needs batch size and sequence length, which this library does "
            "not say. Give load_library(..., measurement=Measurement(batch_size, "
            "sequence_length)), or a runtime budget in ms."
        )
    return Budget(RUNTIME, upper=library.runtime_at(target), rates=(False, True))
