"""What CSV and xlsx share: rows to a sheet, a library to rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.model import BlockLibrary, BlockVariant
from puzzle_widgets.library.tables.cells import is_blank
from puzzle_widgets.library.tables.frame import block_columns, write_subblock
from puzzle_widgets.library.tables.headings import (
    FACTS,
    HALVES,
    NEEDED,
    needed_in,
    write_heading,
)
from puzzle_widgets.library.tables.numbers import Marks
from puzzle_widgets.library.tables.read_sheet import NON_BLOCK
from puzzle_widgets.library.tables.sheet import Sheet, column_letters

Cells = list[Any]
_MOST_ABOVE = 50


def find_head(rows: Sequence[Sequence[object]]) -> tuple[int, int]:
    """Find the row of headings: its place, and how many of the needed ones it has.

    It is the first row that has the most of ``layer``, ``variant`` and ``parent``; titles and
    remarks may stand above it.
    """
    counts = [needed_in([str(cell) for cell in row]) for row in rows[:_MOST_ABOVE]]
    best = max(counts, default=0)
    return (counts.index(best) if best else 0), best


def sheet_of(
    file: str,
    rows: Sequence[Sequence[object]],
    marks: Marks,
    *,
    comma_file: bool = False,
    notes: tuple[str, ...] = (),
    names: Sequence[int] | None = None,
) -> Sheet:
    """Make a sheet of rows as they stand in a file.

    Parameters
    ----------
    file
        For messages.
    rows
        All of them, with what stands above the headings.
    marks, comma_file, notes
        As for :class:`Sheet`.
    names
        Number of each row as its reader counts; by default from 1.

    Raises
    ------
    LibraryError
        If a row holds more than the headings name.
    """
    numbers = list(names or range(1, len(rows) + 1))
    top, _ = find_head(rows)
    headings = ["" if is_blank(cell) else str(cell) for cell in rows[top]]
    while headings and not headings[-1].strip():
        headings.pop()
    below = [f"row {number}" for number in numbers[top + 1 :]]
    cells = [
        _fit(row, len(headings), Location(file, row=name))
        for row, name in zip(rows[top + 1 :], below, strict=True)
    ]
    above = [n for n, row in zip(numbers, rows[:top], strict=False) if not _is_empty(row)]
    if above:
        words = f"{rows_words(above)} above the headings {'was' if len(above) == 1 else 'were'}"
        notes = (*notes, f"{words} passed by.")
    head = f"row {numbers[top]}"
    return Sheet(
        file, headings, cells, below, head, comma_file=comma_file, marks=marks, notes=notes
    )


def rows_words(numbers: Sequence[int]) -> str:
    """Name rows, ``"Row 3"`` or ``"Rows 3 to 7"``; of many only the first and the last."""
    if len(numbers) == 1:
        return f"Row {numbers[0]}"
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"Rows {numbers[0]} to {numbers[-1]}"
    return f"{len(numbers):,} rows, {numbers[0]} to {numbers[-1]},"


def _is_empty(row: Sequence[object]) -> bool:
    return all(is_blank(cell) for cell in row)


def _fit(row: Sequence[object], width: int, place: Location) -> Sequence[object]:
    for column, cell in enumerate(row[width:], width):
        if not is_blank(cell):
            place.at(column=f"column {column_letters(column)}").fail(
                f"{short_repr(cell)} stands in a column without a heading.",
                "Give the column a heading, or empty it.",
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
    if library.non_block_costs:
        outside = [library.non_block_costs.get(key, "") for key in library.keys]
        rows.append([NON_BLOCK, "", "", "", "", *outside, *([""] * len(extra))])
    return _with_facts(rows, library)


def _with_facts(rows: list[Cells], library: BlockLibrary) -> list[Cells]:
    """Put what is known of the library as a whole behind the first row."""
    facts = {name: value for name, value in _facts(library).items() if value not in (None, "")}
    blank = [""] * len(facts)
    return [[*rows[0], *facts], [*rows[1], *facts.values()], *([*row, *blank] for row in rows[2:])]


def _variant_cells(variant: BlockVariant) -> Cells:
    subblocks = [
        subblock.size or write_subblock(subblock) for subblock in (variant.attention, variant.ffn)
    ]
    return [*subblocks, *variant.values.values()]


def _facts(library: BlockLibrary) -> dict[str, Any]:
    measured, told = library.measurement, library.provenance
    values = (
        *(library.name, measured.batch_size, measured.sequence_length),
        *(measured.gpu, measured.dtype, told.origin, told.source, told.note),
        library.parent_config,
    )
    return dict(zip(FACTS, values, strict=True))
