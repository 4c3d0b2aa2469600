"""What CSV and xlsx share: rows to a sheet, a library to rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from puzzle_widgets.library.checks import Place, shown
from puzzle_widgets.library.model import BlockLibrary, BlockVariant
from puzzle_widgets.library.tables.cells import is_blank
from puzzle_widgets.library.tables.frame import block_columns, write_half
from puzzle_widgets.library.tables.headers import FACTS, HALVES, NEEDED, write_heading
from puzzle_widgets.library.tables.numbers import Mark
from puzzle_widgets.library.tables.read_sheet import OUTSIDE
from puzzle_widgets.library.tables.sheet import Sheet, column_letters

Cells = list[Any]


def sheet_of(file: str, rows: Sequence[Sequence[object]], usual: Mark = ".") -> Sheet:
    """Make a sheet of rows as they stand in a file; the first has the headings.

    Raises
    ------
    LibraryError
        If a row holds more than the first one names.
    """
    headings = ["" if is_blank(cell) else str(cell) for cell in rows[0]]
    while headings and not headings[-1]:
        headings.pop()
    names = [f"row {number}" for number in range(2, len(rows) + 1)]
    cells = [
        _fit(row, len(headings), Place(file, row=name))
        for row, name in zip(rows[1:], names, strict=True)
    ]
    return Sheet(file, headings, cells, names, usual=usual)


def _fit(row: Sequence[object], width: int, place: Place) -> Sequence[object]:
    for column, cell in enumerate(row[width:], width):
        if not is_blank(cell):
            place.at(column=f"column {column_letters(column)}").fail(
                f"{shown(cell)} stands in a column without a heading.",
                "Give the column a heading in the first row, or empty it.",
            )
    return [*row[:width], *[""] * (width - len(row))]


def rows_of(library: BlockLibrary) -> list[Cells]:
    """Lay a library out: headings, then a row for each variant; facts stand in the first row."""
    extra = block_columns(library)
    headings = [write_heading(key, library.units.get(key)) for key in library.keys]
    rows: list[Cells] = [[*NEEDED, *HALVES, *headings, *extra]]
    for layer in library.layers:
        for variant in layer.variants:
            head = [layer.name, variant.name, variant.name == layer.parent]
            beside = [cell(variant) for cell in extra.values()]
            rows.append([*head, *_variant_cells(variant), *beside])
    if library.offsets:
        outside = [library.offsets.get(key, "") for key in library.keys]
        rows.append([OUTSIDE, "", "", "", "", *outside, *([""] * len(extra))])
    return _with_facts(rows, library)


def _with_facts(rows: list[Cells], library: BlockLibrary) -> list[Cells]:
    """Put what is known of the library as a whole behind the first row."""
    facts = {name: value for name, value in _facts(library).items() if value not in (None, "")}
    blank = [""] * len(facts)
    return [[*rows[0], *facts], [*rows[1], *facts.values()], *([*row, *blank] for row in rows[2:])]


def _variant_cells(variant: BlockVariant) -> Cells:
    halves = [half.size or write_half(half) for half in (variant.attention, variant.ffn)]
    return [*halves, *variant.values.values()]


def _facts(library: BlockLibrary) -> dict[str, Any]:
    measured, told = library.measurement, library.provenance
    values = (
        *(library.name, measured.batch_size, measured.sequence_length),
        *(measured.gpu, measured.dtype, told.origin, told.source, told.note),
        library.parent_config,
    )
    return dict(zip(FACTS, values, strict=True))
