"""How a user reads and types an amount: its unit, its share of the parent, its slider."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import (
    BIG_COUNTS,
    BYTES,
    NO_RUNTIME,
    THROUGHPUT,
    TIMES,
    format_number,
    format_share,
)
from puzzle_widgets.problem.budget_rows import BudgetRange, budget_range

_MOST_STEPS = 400
_MORE_DECIMALS = 2
_COUNT_WORDS = {
    "": 1.0,
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "million": 1e6,
    "b": 1e9,
    "billion": 1e9,
}
_TIMES_PARENT = ("x", "\u00d7")
_BITS = re.compile("[kKMGT]b")
_AMOUNT = re.compile(
    r"([+-]?(?:\d{1,3}(?:[,\u202f\u00a0 ]\d{3})+|\d*)(?:\.\d*)?(?:e[+-]?\d+)?)\s*([^\d]*)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Units:
    """The units that a panel shows: shares of the parent, GiB for memory."""

    share: bool = False
    gib: bool = False


@dataclass(frozen=True)
class Span:
    """Ends and step of a slider, in shown units; both ends are whole numbers of steps."""

    low: float
    high: float
    step: float

    def place(self, shown: float) -> float:
        """Nearest place of the slider to a value, which may lie outside."""
        inside = min(max(shown, self.low), self.high)
        return _clean(self.low + round((inside - self.low) / self.step) * self.step)


@dataclass(frozen=True)
class Scale:
    """The shown units of one resource.

    Parameters
    ----------
    unit, factor
        Absolute unit shown, and how many of the resource's own units it holds.
    reach
        Least, greatest and parent's total, in the resource's own unit.
    shares
        Whether to show shares of the parent instead.
    own_unit
        The resource's own unit.
    whole
        Whether sums are whole numbers.
    """

    unit: str
    factor: float
    reach: BudgetRange
    shares: bool
    own_unit: str
    whole: bool

    @property
    def shown_unit(self) -> str:
        """What stands behind the field."""
        return "%" if self.shares else self.unit

    @property
    def _shown_factor(self) -> float:
        return self.reach.parent / 100 if self.shares else self.factor

    def shown(self, value: float) -> float:
        """Turn a value of the resource's own unit into the shown one."""
        return value / self._shown_factor

    def stored(self, shown: float) -> float:
        """Turn a shown value into the resource's own unit."""
        return shown * self._shown_factor

    def text(self, value: float) -> str:
        """Write a value of the resource's own unit with its absolute unit."""
        return _amount_text(value, self.factor, self.unit)

    def said(self, amount: float) -> str:
        """Write an amount of the resource's own unit in the shown one."""
        if self.shares:
            return format_share(amount / self.reach.parent)
        return self.text(amount)

    def field(self, value: float, *, exact: bool = False) -> str:
        """Write a value for the field: as typed where ``exact``, else rounded for reading."""
        shown, decimals = self.shown(value), self._places
        full = f"{shown:.15g}" if exact else f"{shown:.12g}"
        if "e" in full:
            return full
        needed = len(full.partition(".")[2])
        short = exact or needed <= decimals + _MORE_DECIMALS
        return f"{shown:,.{needed if short else decimals}f}"

    def read(self, text: str) -> float | None:
        """Read what was typed, in the resource's own unit; ``None`` where it is not a number.

        A unit may follow: ``80 GB``, ``75 GiB``, ``70 %``, ``2x`` the parent's, ``47.9 billion``;
        without one the shown unit is meant.
        """
        match = _AMOUNT.fullmatch(text.strip())
        if match is None:
            return None
        word = match[2].strip()
        factor = None if _BITS.fullmatch(word) else self._factor_of(word.lower())
        try:
            number = float(re.sub(r"[,\s]", "", match[1])) * (factor or math.nan)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def examples(self) -> str:
        """Say what may be typed, by examples near the parent's total."""
        own = f"{self.field(self.reach.parent)} {self.shown_unit}".rstrip()
        other = {"MiB": ["80 GB", "75 GiB"], "ms": ["30 s"]}.get(self.own_unit, [])
        shares = ["60 %", "2x"] if self.own_unit == "tokens/s" else ["60 %"]
        known = [*other, *(shares if _has_share(self.reach.parent) else [])]
        return " or ".join(filter(None, [", ".join([own, *known[:-1]]), *known[-1:]]))

    def remark(self, value: float) -> str:
        """Set a value against the parent."""
        parent = self.text(self.reach.parent)
        if self.shares:
            return f"{self.text(value)} (parent: {parent})"
        if not _has_share(self.reach.parent):
            return f"The parent has {parent}"
        return f"{format_share(value / self.reach.parent)} of the parent ({parent})"

    @cached_property
    def _places(self) -> int:
        """Decimals of the field."""
        return _decimals(self.span().step)

    def span(self) -> Span:
        """Span a slider over what is possible, in at most 400 round steps."""
        low, high = (self.shown(end) for end in (self.reach.low, self.reach.high))
        if not math.isfinite(low) or not math.isfinite(high):
            low, high = 0.0, 100.0
        step = _round_step((high - low) / _MOST_STEPS or max(abs(high), 1.0) / 100)
        if self.whole and not self.shares and self.factor == 1:
            step = max(step, 1.0)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        return Span(_clean(first * step), _clean(max(last, first + 1) * step), step)

    def _factor_of(self, word: str) -> float | None:
        if word in ("", self.shown_unit.lower()):
            return self._shown_factor
        if word == "%":
            return self.reach.parent / 100 if _has_share(self.reach.parent) else None
        if word in _TIMES_PARENT:
            return self.reach.parent if _has_share(self.reach.parent) else None
        return {**_words_of(self.own_unit), self.own_unit.lower(): 1.0}.get(word)


def scale_of(library: BlockLibrary, resource: str, units: Units | None = None) -> Scale:
    """Choose the units of one resource; big counts are shown in millions or billions."""
    units, reach = units or Units(), budget_range(library, resource)
    own = library.quantity(resource).unit
    name, factor = ("GiB", 1024.0) if own == "MiB" and units.gib else _unit_of(library, resource)
    shares = units.share and _has_share(reach.parent)
    return Scale(name, factor, reach, shares, own, _is_whole(library, resource))


def amount(library: BlockLibrary, resource: str, value: float) -> str:
    """Write a total of a library in the unit that is shown to users."""
    if resource == THROUGHPUT and math.isinf(value):
        return NO_RUNTIME
    unit, factor = _unit_of(library, resource)
    return _amount_text(value, factor, unit)


def _unit_of(library: BlockLibrary, resource: str) -> tuple[str, float]:
    """A unit to read a resource in, and how many of its own that holds."""
    own = library.quantity(resource).unit
    if own:
        return own, 1.0
    reach = budget_range(library, resource)
    big = max(abs(reach.parent), abs(reach.high))
    return next(((word, size) for size, word in BIG_COUNTS if big >= size), ("", 1.0))


def _amount_text(value: float, factor: float, unit: str) -> str:
    return f"{format_number(value / factor)} {unit}".rstrip()


def _words_of(unit: str) -> dict[str, float]:
    """The units that may be typed for an own unit, in lower case, by how many of it they hold."""
    if not unit:
        return _COUNT_WORDS
    known = next((some for some in (BYTES, TIMES) if unit in some), {})
    return {name.lower(): factor / known[unit] for name, factor in known.items()}


def _has_share(parent: float) -> bool:
    return math.isfinite(parent) and parent > 0


def _is_whole(library: BlockLibrary, resource: str) -> bool:
    if resource == THROUGHPUT:
        return False
    column = library.column(resource)
    values = np.append(column, library.non_block_cost(resource))
    return bool(np.all(values == np.round(values)))


def _round_step(step: float) -> float:
    ten = 10.0 ** math.floor(math.log10(step))
    return _clean(next(ten * digit for digit in (1, 2, 5, 10) if ten * digit >= step * (1 - 1e-9)))


def _clean(value: float) -> float:
    """Drop the last bits of a sum of steps, so that 0.1 + 0.2 is 0.3."""
    return float(f"{value:.12g}")


def _decimals(step: float) -> int:
    return max(0, math.ceil(-math.log10(step)) + 1) if step < 1 else 0
