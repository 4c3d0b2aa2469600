"""The library that a sheet of cells says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from puzzle_widgets.library.assemble import Facts, RawLayer, RawVariant, assemble
from puzzle_widgets.library.block import SubBlock
from puzzle_widgets.library.checks import Place, long_text, parse_json, shown
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary, LayerName
from puzzle_widgets.library.native import read_paths
from puzzle_widgets.library.tables.cells import (
    is_blank,
    read_figure,
    read_half,
    read_layer,
    read_name,
    read_truth,
)
from puzzle_widgets.library.tables.headers import (
    BLOCK,
    FACTS,
    GROUPS,
    HALVES,
    NEEDED,
    Meaning,
    read_heading,
)
from puzzle_widgets.library.tables.numbers import NumberStyle, find_style
from puzzle_widgets.library.tables.sheet import MAX_COLUMNS, MAX_ROWS, Sheet
from puzzle_widgets.library.tables.sheet_facts import facts_of

OUTSIDE = "outside the blocks"
_OUTSIDE = {OUTSIDE, "outside", "non-block", "non block", "nonblock", "non_block"}

Columns = dict[str, tuple[int, Meaning]]
Here = dict[str, Any]
"""Layer and variant of a row, for messages."""


def read_sheet(sheet: Sheet, facts: Facts) -> BlockLibrary:
    """Read a library from a sheet.

    Parameters
    ----------
    sheet
        Columns ``layer``, ``variant``, ``parent``, one for each score and cost, and if wanted
        the halves and facts of :mod:`puzzle_widgets.library.tables.headers`.
    facts
        What is known of the library otherwise; what the sheet says goes before it.

    Raises
    ------
    LibraryError
        Naming file, row, column and the mend.
    """
    _check_size(sheet)
    columns = _find_columns(sheet)
    reader = _Reader(sheet, columns, _find_style(sheet, columns))
    layers: dict[LayerName, list[RawVariant]] = {}
    for row in _rows(sheet):
        if reader.is_outside(row):
            facts = reader.with_offsets(row, facts)
            continue
        name, variant = reader.read(row)
        layers.setdefault(name, []).append(variant)
    found = [RawLayer(name, rows, reader.parent(name)) for name, rows in layers.items()]
    units = {k: said.unit for k, (_, said) in columns.items() if said.unit is not None}
    noted = {name: reader.column(name) for name in FACTS if name in columns}
    return assemble(sheet.file, found, facts_of(noted, units, facts))


@dataclass(frozen=True)
class _Reader:
    """Reads one row after the other, and knows what came before."""

    sheet: Sheet
    columns: Columns
    style: NumberStyle
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
            name, self._values(row, here), *self._halves(row, here), **self._beside(row, here)
        )

    def is_outside(self, row: int) -> bool:
        """Whether a row holds what stands outside the blocks; it has no variant then."""
        if not is_blank(self._cell(row, "variant")[0]):
            return False
        return str(self._cell(row, "layer")[0]).strip().lower() in _OUTSIDE

    def with_offsets(self, row: int, facts: Facts) -> Facts:
        """Add a row's costs outside the blocks to what is known; blank cells say nothing."""
        first = self._firsts.setdefault((OUTSIDE, ""), self.sheet.row_names[row])
        if first != self.sheet.row_names[row]:
            self._cell(row, "layer")[1].fail(f"{OUTSIDE!r} again, first in {first}.", "Keep one.")
        found = {
            key: self._figure(row, key, {})
            for key in self._keys
            if not is_blank(self._cell(row, key)[0])
        }
        return replace(facts, offsets=FrozenMapping(found))

    def parent(self, layer: LayerName) -> str | None:
        """Name of the parent's variant in a layer, if a row marks it."""
        return self._parents[layer][1] if layer in self._parents else None

    def column(self, name: str) -> list[tuple[object, Place]]:
        """Every cell of a column that is not blank, with its place."""
        cells = (self._cell(row, name) for row in range(len(self.sheet.rows)))
        return [(value, place) for value, place in cells if not is_blank(value)]

    def _cell(self, row: int, name: str) -> tuple[object, Place]:
        column = self.columns[name][0]
        return self.sheet.rows[row][column], self.sheet.place(row, column)

    @cached_property
    def _keys(self) -> list[str]:
        return [name for name in self.columns if name.startswith(GROUPS)]

    def _values(self, row: int, here: Here) -> dict[str, float]:
        return {key: self._figure(row, key, here) for key in self._keys}

    def _figure(self, row: int, key: str, here: Here) -> float:
        value, place = self._cell(row, key)
        style = self.style if self.sheet.spreadsheet else None
        return read_figure(value, place.at(**here), style, self.columns[key][1].factor)

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

    def _halves(self, row: int, here: Here) -> Iterator[SubBlock | None]:
        for part in HALVES:
            if part not in self.columns:
                yield None
                continue
            value, place = self._cell(row, part)
            yield read_half(part, value, place.at(**here), self.style)

    def _check_twin(self, row: int, layer: LayerName, name: str) -> None:
        here = self.sheet.row_names[row]
        first = self._firsts.setdefault((layer, name), here)
        if first != here:
            self._cell(row, "variant")[1].at(layer=layer).fail(
                f"the variant {shown(name)} is there twice, first in {first}.",
                "Keep one, or rename one.",
            )

    def _note_parent(self, row: int, layer: LayerName, name: str) -> None:
        here = self.sheet.row_names[row]
        first, _ = self._parents.setdefault(layer, (here, name))
        if first != here:
            self._cell(row, "parent")[1].at(layer=layer).fail(
                f"several parents here, the first in {first}.", "Mark one variant only."
            )


def _check_size(sheet: Sheet) -> None:
    if len(sheet.rows) > MAX_ROWS or len(sheet.headings) > MAX_COLUMNS:
        Place(sheet.file).fail(
            f"{len(sheet.rows):,} rows and {len(sheet.headings):,} columns.",
            f"At most {MAX_ROWS:,} rows and {MAX_COLUMNS:,} columns are read.",
        )


def _rows(sheet: Sheet) -> Iterator[int]:
    """Rows that hold something: people leave blank ones in sheets."""
    for row, cells in enumerate(sheet.rows):
        if not sheet.spreadsheet or not all(is_blank(cell) for cell in cells):
            yield row


def _find_columns(sheet: Sheet) -> Columns:
    columns: Columns = {}
    for column, heading in enumerate(sheet.headings):
        if not heading.strip() and sheet.spreadsheet:
            _check_empty(sheet, column)
            continue
        place = Place(sheet.file, column=sheet.column_names[column], row=sheet.head_name)
        meaning = read_heading(heading, place, literal=not sheet.spreadsheet)
        if meaning.name in columns:
            _refuse_twin_columns(sheet, columns[meaning.name][0], column, meaning.name)
        if meaning.name:
            columns[meaning.name] = (column, meaning)
    missing = next((name for name in NEEDED if name not in columns), None)
    if missing is not None:
        Place(sheet.file, field=missing).fail("no such column.", f"Needed are {', '.join(NEEDED)}.")
    return columns


def _refuse_twin_columns(sheet: Sheet, first: int, second: int, name: str) -> None:
    place = Place(sheet.file, row=sheet.head_name)
    if sheet.headings[first] == sheet.headings[second]:
        place.fail(f"two columns have the same name {shown(name)}.", "Rename one.")
    place.fail(
        f"{sheet.column_names[first]} and {sheet.column_names[second]} both mean {shown(name)}.",
        "Keep one, or rename one.",
    )


def _check_empty(sheet: Sheet, column: int) -> None:
    for row, cells in enumerate(sheet.rows):
        if not is_blank(cells[column]):
            sheet.place(row, column).fail(
                f"{shown(cells[column])} stands in a column without a heading.",
                "Give the column a heading in the first row, or empty it.",
            )


def _find_style(sheet: Sheet, columns: Columns) -> NumberStyle:
    wanted = [place for name, (place, _) in columns.items() if name.startswith((*GROUPS, *HALVES))]
    cells = (row[column] for row in sheet.rows for column in wanted)
    return find_style((cell for cell in cells if isinstance(cell, str)), sheet.usual)
