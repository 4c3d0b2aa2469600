"""What columns of a sheet say of the library as a whole, in the first row or in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import Location, long_text, optional_count, short_repr, text
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import Measurement, Origin, Provenance
from puzzle_widgets.library.tables.numbers import NumberStyle

Noted = Sequence[tuple[object, Location]]


def facts_of(
    columns: Mapping[str, Noted],
    units: Mapping[str, str],
    facts: Facts,
    style: NumberStyle | None = None,
) -> Facts:
    """Put together what is known.

    Parameters
    ----------
    columns
        Cells of the columns of facts, those that hold something.
    units
        Of dotted keys, as the headings say.
    facts
        What is known otherwise; the sheet's words go before it.
    style
        How figures are written that are text.
    """
    written = style or NumberStyle()
    found = {name: value for name, cells in columns.items() if (value := _one(cells)) is not None}
    measured, told = facts.measurement, facts.provenance
    return replace(
        facts,
        name=_words(found.get("library"), facts.name),
        measurement=Measurement(
            _count(found.get("batch_size"), measured.batch_size, written),
            _count(found.get("sequence_length"), measured.sequence_length, written),
            _words(found.get("gpu"), measured.gpu),
            _words(found.get("dtype"), measured.dtype),
        ),
        units=FrozenMapping({**facts.units, **units}),
        provenance=Provenance(
            _origin(found.get("origin"), told.origin),
            _words(found.get("source"), told.source),
            _words(found.get("note"), told.note),
        ),
        parent_config=_config(found.get("parent_config"), facts.parent_config),
    )


_Cell = tuple[object, Location]


def _one(cells: Noted) -> _Cell | None:
    """Take the one value of a column: what holds for the library is the same in every row."""
    if not cells:
        return None
    first, where = cells[0]
    for value, place in cells:
        if not isinstance(value, str | int | float | np.generic):
            place.fail(f"{short_repr(value)} is neither text nor a number.", "Give one of these.")
        if value != first:
            place.fail(
                f"{short_repr(value)}, but {short_repr(first)} in {where.row}.",
                "It holds for the whole library: write it once, in the first row.",
            )
    return first, where


def _words(cell: _Cell | None, otherwise: str) -> str:
    if cell is None:
        return otherwise
    value, place = cell
    return text(value if isinstance(value, str) else str(value), place, "it")


def _config(cell: _Cell | None, otherwise: str) -> str:
    return otherwise if cell is None else long_text(*cell)


def _count(cell: _Cell | None, otherwise: int | None, style: NumberStyle) -> int | None:
    return otherwise if cell is None else read_count(*cell, style)


def read_count(value: object, place: Location, style: NumberStyle) -> int | None:
    """Read a positive whole number."""
    plain = value.item() if isinstance(value, np.generic) else value
    return optional_count(style.read(plain, place) if isinstance(plain, str) else plain, place)


def _origin(cell: _Cell | None, otherwise: Origin) -> Origin:
    if cell is None:
        return otherwise
    value, place = cell
    for origin in get_args(Origin):
        if str(value).strip().lower() == origin:
            return origin  # type: ignore[no-any-return]
    place.fail(f"{short_repr(value)}.", f"One of {', '.join(get_args(Origin))} is needed.")
