"""Which column holds what, and which are passed by."""

from __future__ import annotations

import re

from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.tables.cells import is_blank
from puzzle_widgets.library.tables.headings import (
    GROUPS,
    NEEDED,
    ColumnSpec,
    needed_in,
    read_heading,
)
from puzzle_widgets.library.tables.sheet import Sheet

# As pandas writes and reads again the labels of rows, which have no heading.
_UNNAMED = re.compile(r"\s*|Unnamed: \d+|__index_level_\d+__")

Columns = dict[str, tuple[int, ColumnSpec]]


def find_columns(sheet: Sheet) -> tuple[Columns, tuple[str, ...]]:
    """Find each column's meaning; also gives notes of those passed by.

    Raises
    ------
    LibraryError
        If a heading is not known, two mean the same, or one is missing that is needed.
    """
    _check_needed(sheet)
    columns: Columns = {}
    notes: list[str] = []
    for column, heading in enumerate(sheet.headings):
        if _UNNAMED.fullmatch(heading):
            notes += _pass_unnamed(sheet, column, first=not columns)
            continue
        meaning = read_heading(heading, sheet.heading_place(column), literal=sheet.literal)
        if meaning.name in columns:
            _refuse_twins(sheet, columns[meaning.name][0], column, meaning.name)
        if meaning.name.startswith(GROUPS) and sheet.rows and _is_empty(sheet, column):
            notes.append(f"{sheet.column_names[column]} is empty, and was passed by.")
        elif meaning.name:
            columns[meaning.name] = (column, meaning)
    return columns, tuple(notes)


def _check_needed(sheet: Sheet) -> None:
    missing = [name for name in NEEDED if not needed_in(sheet.headings, (name,))]
    if missing:
        found = ", ".join(short_repr(heading) for heading in sheet.headings[:6]) or "none"
        Location(sheet.file, field=missing[0]).fail(
            "no such column.", f"Needed are {', '.join(NEEDED)}; the headings here are {found}."
        )


def _pass_unnamed(sheet: Sheet, column: int, *, first: bool) -> list[str]:
    """Pass by an empty column, and the labels of rows before the first heading."""
    if _is_empty(sheet, column):
        return []
    if first and _counts(sheet, column):
        return [f"{sheet.column_names[column]}, which numbers the rows, was passed by."]
    for row, cells in enumerate(sheet.rows):
        if not is_blank(cells[column]):
            sheet.place(row, column).fail(
                f"{short_repr(cells[column])} stands in a column without a heading.",
                "Give the column a heading, or empty it.",
            )
    return []


def _is_empty(sheet: Sheet, column: int) -> bool:
    return all(is_blank(cells[column]) for cells in sheet.rows)


def _counts(sheet: Sheet, column: int) -> bool:
    """Whether a column holds whole numbers, each of them once."""
    found = [str(cells[column]) for cells in sheet.rows if not is_blank(cells[column])]
    return len(set(found)) == len(found) and all(cell.isdecimal() for cell in found)


def _refuse_twins(sheet: Sheet, first: int, second: int, name: str) -> None:
    place = Location(sheet.file, row=sheet.head)
    if sheet.headings[first] == sheet.headings[second]:
        place.fail(f"two columns have the same name {short_repr(name)}.", "Rename one.")
    place.fail(
        f"{sheet.column_names[first]} and {sheet.column_names[second]} both mean "
        f"{short_repr(name)}.",
        "Keep one, or rename one.",
    )
