"""Rows of a table: the variants, their layers, and what is said of the library as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar, get_args

import numpy as np

from puzzle_widgets.library.assemble import Facts, RawVariant
from puzzle_widgets.library.checks import (
    MAX_NUMBER,
    Location,
    long_text,
    optional_count,
    parse_json,
    short_repr,
    text,
)
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.json_forms import read_paths
from puzzle_widgets.library.model import LayerName, Measurement, Origin, Provenance, SubBlock
from puzzle_widgets.library.tables.cells import (
    NumberStyle,
    find_style,
    is_blank,
    read_figure,
    read_layer,
    read_name,
    read_subblock,
    read_truth,
)
from puzzle_widgets.library.tables.headings import BLOCK, GROUPS, HALVES, NON_BLOCK, NON_BLOCK_NAMES
from puzzle_widgets.library.tables.sheet import Columns, Sheet

Here = dict[str, Any]
"""Layer and variant of a row, for messages."""
Noted = Sequence[tuple[object, Location]]
T = TypeVar("T")


def facts_of(
    columns: Mapping[str, Noted],
    units: Mapping[str, str],
    facts: Facts,
    style: NumberStyle | None = None,
) -> Facts:
    """Put together what is known; columns and headings override ``facts``."""
    found = {name: value for name, cells in columns.items() if (value := _one(cells)) is not None}
    measured, source = facts.measurement, facts.provenance
    count = partial(read_count, style=style or NumberStyle())

    def told(name: str, read: Callable[[object, Location], T], otherwise: T) -> T:
        return read(*found[name]) if name in found else otherwise

    return replace(
        facts,
        name=told("library", _words, facts.name),
        measurement=Measurement(
            told("batch_size", count, measured.batch_size),
            told("sequence_length", count, measured.sequence_length),
            told("gpu", _words, measured.gpu),
            told("dtype", _words, measured.dtype),
        ),
        units=FrozenMapping({**facts.units, **units}),
        provenance=Provenance(
            told("origin", _origin, source.origin),
            told("source", _words, source.source),
            told("note", _words, source.note),
        ),
        parent_config=told("parent_config", long_text, facts.parent_config),
    )


def _one(cells: Noted) -> tuple[object, Location] | None:
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


def _words(value: object, place: Location) -> str:
    return text(value if isinstance(value, str) else str(value), place, "it")


def read_count(value: object, place: Location, style: NumberStyle) -> int | None:
    """Read a positive whole number."""
    plain = value.item() if isinstance(value, np.generic) else value
    return optional_count(style.read(plain, place) if isinstance(plain, str) else plain, place)


def _origin(value: object, place: Location) -> Origin:
    for origin in get_args(Origin):
        if str(value).strip().lower() == origin:
            return origin  # type: ignore[no-any-return]
    place.fail(f"{short_repr(value)}.", f"One of {', '.join(get_args(Origin))} is needed.")


@dataclass(frozen=True)
class RowReader:
    """Reads one row after the other, and knows what came before."""

    sheet: Sheet
    columns: Columns
    style: NumberStyle | None
    rows: Sequence[int]
    _firsts: dict[tuple[LayerName, str], str] = field(default_factory=dict)
    _parents: dict[LayerName, tuple[str, str]] = field(default_factory=dict)

    def read(self, row: int) -> tuple[LayerName, RawVariant]:
        """Read a row: its layer and the variant."""
        layer = read_layer(*self._cell(row, "layer"))
        value, place = self._cell(row, "variant")
        name = read_name(value, place.at(layer=layer))
        self._check_twin(row, layer, name)
        here: Here = {"layer": layer, "variant": name}
        value, place = self._cell(row, "parent")
        if read_truth(value, place.at(**here)):
            self._note_parent(row, layer, name)
        return layer, RawVariant(
            name, self._values(row, here), *self._subblocks(row, here), **self._beside(row, here)
        )

    def is_non_block(self, row: int) -> bool:
        """Whether a row holds the non-block costs; it has no variant then."""
        if not is_blank(self._cell(row, "variant")[0]):
            return False
        return str(self._cell(row, "layer")[0]).strip().lower() in NON_BLOCK_NAMES

    def with_non_block_costs(self, row: int, facts: Facts) -> Facts:
        """Add a row's non-block costs to what is known; blank cells say nothing."""
        first = self._firsts.setdefault((NON_BLOCK, ""), self.sheet.row_names[row])
        if first != self.sheet.row_names[row]:
            self._cell(row, "layer")[1].fail(f"{NON_BLOCK!r} again, first in {first}.", "Keep one.")
        found = {
            key: self._figure(row, key, {})
            for key in self._keys
            if not is_blank(self._cell(row, key)[0])
        }
        return replace(facts, non_block_costs=FrozenMapping(found))

    def parent(self, layer: LayerName) -> str | None:
        """Name of the parent's variant in a layer, if a row marks it."""
        return self._parents[layer][1] if layer in self._parents else None

    def column(self, name: str) -> list[tuple[object, Location]]:
        """Every cell of a column that is not blank, with its place."""
        cells = (self._cell(row, name) for row in self.rows)
        return [(value, place) for value, place in cells if not is_blank(value)]

    def _cell(self, row: int, name: str) -> tuple[object, Location]:
        column = self.columns[name][0]
        return self.sheet.rows[row][column], self.sheet.place(row, column)

    @cached_property
    def _keys(self) -> list[str]:
        return [name for name in self.columns if name.startswith(GROUPS)]

    def _values(self, row: int, here: Here) -> dict[str, float]:
        return {key: self._figure(row, key, here) for key in self._keys}

    def _figure(self, row: int, key: str, here: Here) -> float:
        column = self.columns[key][0]
        value = self.sheet.rows[row][column]
        if type(value) is float and abs(value) <= MAX_NUMBER:
            return value  # most are; no location is needed
        return read_figure(value, self.sheet.place(row, column).at(**here), self.style)

    def _beside(self, row: int, here: Here) -> dict[str, Any]:
        """Weight files and config of a block, where the sheet has them."""
        found: dict[str, Any] = {}
        for name in BLOCK:
            if name in self.columns and not is_blank(self._cell(row, name)[0]):
                value, place = self._cell(row, name)
                found[name] = long_text(value, place.at(**here))
        if "weight_paths" in found:
            place = self._cell(row, "weight_paths")[1].at(**here)
            found["weight_paths"] = read_paths(
                parse_json(found["weight_paths"].encode(), place), place
            )
        return found

    def _subblocks(self, row: int, here: Here) -> Iterator[SubBlock | None]:
        for part in HALVES:
            if part not in self.columns:
                yield None
                continue
            value, place = self._cell(row, part)
            yield read_subblock(part, value, place.at(**here), self.style or NumberStyle())

    def _check_twin(self, row: int, layer: LayerName, name: str) -> None:
        here = self.sheet.row_names[row]
        first = self._firsts.setdefault((layer, name), here)
        if first != here:
            self._cell(row, "variant")[1].at(layer=layer).fail(
                f"the variant {short_repr(name)} appears twice, first in {first}.",
                "Keep one, or rename one.",
            )

    def _note_parent(self, row: int, layer: LayerName, name: str) -> None:
        here = self.sheet.row_names[row]
        first, _ = self._parents.setdefault(layer, (here, name))
        if first != here:
            self._cell(row, "parent")[1].at(layer=layer).fail(
                f"several parents here, the first in {first}.", "Mark one variant only."
            )


def style_of(sheet: Sheet, columns: Columns) -> NumberStyle | None:
    """How figures are written that are text; ``None`` where text is not a figure."""
    if not sheet.reads_text and not (sheet.marks.decimal or sheet.marks.thousands):
        return None
    wanted = [
        column for name, (column, _) in columns.items() if name.startswith((*GROUPS, *HALVES))
    ]
    cells = (
        (cell, lambda row=row, column=column: sheet.place(row, column))
        for row, found in enumerate(sheet.rows)
        for column in wanted
        if isinstance(cell := found[column], str)
    )
    return find_style(cells, sheet.marks, comma_file=sheet.comma_file)
