"""Rows of one's own: any linear sum over the chosen blocks, and its limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, BlockVariant, FrozenMapping, Layer, LayerName
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.problem.choices import (
    Difference,
    check_rule_name,
    find_layer,
    find_variant,
)
from puzzle_widgets.problem.distinct import Distinct

Coefficients = Mapping[LayerName, Mapping[str, float]]
_TOLERANCE = 1e-12
_MOST_ROWS = 10_000


@dataclass(frozen=True)
class Row:
    """A linear rule: the summed coefficients of the chosen blocks stay within limits.

    Parameters
    ----------
    name
        Words for people; rows of one rule share them.
    coefficients
        ``{layer: {variant: number}}``; what is left out counts 0.
    lower, upper
        Least and greatest sum allowed; infinite where there is no limit.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> def free(layer, variant):
    ...     return variant.attention.kind == "no_op"
    >>> row = pw.Row.of(library, "exactly two layers without attention", free, 2, 2)
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", rows=[row])
    >>> sum(block.attention.kind == "no_op" for block in pw.search(problem).blocks)
    2
    """

    name: str
    coefficients: Coefficients
    lower: float = -math.inf
    upper: float = math.inf

    def __post_init__(self) -> None:
        """Freeze what is given, so that rows can be compared and remembered."""
        given = self.coefficients
        if isinstance(given, Mapping) and all(isinstance(own, Mapping) for own in given.values()):
            frozen = FrozenMapping({layer: FrozenMapping(own) for layer, own in given.items()})
            object.__setattr__(self, "coefficients", frozen)

    @classmethod
    def of(
        cls,
        library: BlockLibrary,
        name: str,
        coefficient: Callable[[Layer, BlockVariant], float],
        lower: float = -math.inf,
        upper: float = math.inf,
        layers: Iterable[LayerName] | None = None,
    ) -> Row:
        """Make a row by a function of layer and variant, over all layers or some.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> row = Row.of(library, "heads", lambda _, block: block.attention.size or 0, upper=40)
        >>> row.total(library.parent_architecture)
        64.0
        """
        wanted = library.layers if layers is None else [library.layer(one) for one in layers]
        found = {
            layer.name: {
                variant.name: value
                for variant in layer.variants
                if (value := float(coefficient(layer, variant)))
            }
            for layer in wanted
        }
        return cls(name, {k: own for k, own in found.items() if own}, lower, upper)

    def total(self, architecture: Mapping[LayerName, str]) -> float:
        """Summed coefficients of an architecture."""
        return math.fsum(
            own.get(architecture[layer], 0.0) for layer, own in self.coefficients.items()
        )

    def holds(self, architecture: Mapping[LayerName, str]) -> bool:
        """Whether an architecture keeps the limits."""
        lower, upper = self.limits
        return lower <= self.total(architecture) <= upper

    @property
    def limits(self) -> tuple[float, float]:
        """The limits, each widened by the last digits of decimal fractions."""
        return (
            self.lower - _TOLERANCE * abs(self.lower),
            self.upper + _TOLERANCE * abs(self.upper),
        )


class Rule(Protocol):
    """What a rule is made of: see :class:`puzzle_widgets.problem.budget_rows.SearchRule`."""

    @property
    def banned(self) -> FrozenMapping[LayerName, frozenset[str]]:
        """Variants that must not be chosen."""

    @property
    def fixed(self) -> FrozenMapping[LayerName, str]:
        """Variants that must be chosen."""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Rules of diversity."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """Linear rules."""

    @property
    def distinct(self) -> tuple[Distinct, ...]:
        """Rules that count."""


def check_rows(library: BlockLibrary, rows: Iterable[Row], held: int = 0) -> tuple[Row, ...]:
    """Read rows, their layers and variants in a person's words; ``held`` there are already."""
    found = tuple(_checked(library, row) for row in rows)
    if held + len(found) > _MOST_ROWS:
        raise ProblemError(f"rows: {held + len(found):,} of them. Give at most {_MOST_ROWS:,}.")
    return found


def _checked(library: BlockLibrary, row: object) -> Row:
    if not isinstance(row, Row):
        raise ProblemError(f"rows: {short_repr(row)} is not a Row. Give Row(name, coefficients).")
    check_rule_name(row.name, "rows")
    lower, upper = (_end(row, one) for one in (row.lower, row.upper))
    if lower > upper:
        raise ProblemError(f"Row {row.name!r}: lower limit {lower:g} is above {upper:g}.")
    if not isinstance(row.coefficients, FrozenMapping):
        raise ProblemError(
            f"Row {row.name!r}: give coefficients as {{layer: {{variant: number}}}}."
        )
    found: dict[LayerName, Mapping[str, float]] = {}
    for word, own in row.coefficients.items():
        layer = library.layer(find_layer(library, word))
        named = {find_variant(layer, name): _number(row, value) for name, value in own.items()}
        found[layer.name] = FrozenMapping(named)
    return Row(row.name, found, lower, upper)


def _end(row: Row, value: object) -> float:
    number = _float(value)
    if math.isnan(number):
        raise ProblemError(f"Row {row.name!r}: {short_repr(value)} is not a limit.")
    return number


def _number(row: Row, value: object) -> float:
    number = _float(value)
    if not math.isfinite(number):
        raise ProblemError(f"Row {row.name!r}: {short_repr(value)} is not a finite number.")
    return number


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


def values_of(library: BlockLibrary, row: Row) -> npt.NDArray[np.float64]:
    """A row's coefficients over all variants, flat, shape (variants in all,)."""
    values = np.zeros(int(library.starts[-1]))
    for name, own in row.coefficients.items():
        place = library.layer_positions[name]
        start, positions = int(library.starts[place]), library.layers[place].positions
        for variant, value in own.items():
            values[start + positions[variant]] = value
    return values


def rows_out(rows: Sequence[Row]) -> list[Any]:
    """Write rows for JSON; layers of equal coefficients are written together."""
    found = []
    for row in rows:
        alike: dict[Mapping[str, float], list[LayerName]] = {}
        for layer, own in row.coefficients.items():
            alike.setdefault(own, []).append(layer)
        terms = [[layers, [list(pair) for pair in own.items()]] for own, layers in alike.items()]
        found.append([row.name, terms, *(_open(end) for end in (row.lower, row.upper))])
    return found


def rows_in(found: Iterable[Any]) -> tuple[Row, ...]:
    """Read what :func:`rows_out` wrote; what makes no sense raises ``ValueError`` or the like."""
    rows = []
    for name, terms, lower, upper in found:
        coefficients: dict[LayerName, Mapping[str, float]] = {}
        for layers, pairs in terms:
            own = {str(variant): float(value) for variant, value in pairs}
            coefficients |= dict.fromkeys(layers, own)
        low = -math.inf if lower is None else float(lower)
        high = math.inf if upper is None else float(upper)
        rows.append(Row(str(name), coefficients, low, high))
    return tuple(rows)


def _open(value: float) -> float | None:
    return value if math.isfinite(value) else None
