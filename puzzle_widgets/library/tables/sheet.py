"""A sheet of cells: where its headings are, what its columns hold; and CSV, read and written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.tables.cells import (
    GROUPS,
    NEEDED,
    ColumnSpec,
    Marks,
    is_blank,
    is_known,
    needed_in,
    read_heading,
)

Cells = list[Any]
Columns = dict[str, tuple[int, ColumnSpec]]

# As pandas writes and reads again the labels of rows, which have no heading.
_UNNAMED = re.compile(r"\s*|Unnamed: \d+|__index_level_\d+__")
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 200_000, 400, 1_000_000
_MOST_ABOVE = 50
SEPARATORS = (",", ";", "\t")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 50


@dataclass(frozen=True)
class Sheet:
    """Cells with the names that their reader knows them by.

    Parameters
    ----------
    file
        For messages.
    headings
        The row that names the columns.
    rows
        The rows below it, each as long as the headings.
    row_names
        Such as ``"row 14"``.
    head
        Name of the row of headings, ``""`` where it has none.
    letters
        Whether columns have letters, as in a spreadsheet.
    reads_text
        Whether figures may be text; otherwise the cells' types are taken as they are.
    literal
        Whether dotted headings are keys as they are, without a unit in brackets.
    comma_file
        Whether commas separate the cells.
    marks
        What the caller says of figures that are text.
    notes
        What was ignored, a sentence each.
    """

    file: str
    headings: Sequence[str]
    rows: Sequence[Sequence[object]]
    row_names: Sequence[str]
    head: str = ""
    letters: bool = True
    reads_text: bool = True
    literal: bool = False
    comma_file: bool = False
    marks: Marks = field(default_factory=Marks)
    notes: tuple[str, ...] = ()

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Columns as the sheet shows them, such as ``"column F 'runtime (ms)'"``."""
        letters = [f"{column_letters(n)} " if self.letters else "" for n in self._columns]
        return tuple(
            f"column {letter}{short_repr(heading)}"
            for letter, heading in zip(letters, self.headings, strict=True)
        )

    @property
    def _columns(self) -> range:
        return range(len(self.headings))

    def heading_place(self, column: int) -> Location:
        """Where a heading is, for messages."""
        return Location(self.file, row=self.head, column=self.column_names[column])

    def place(self, row: int, column: int) -> Location:
        """Where a cell is, for messages."""
        return Location(self.file, row=self.row_names[row], column=self.column_names[column])


def check_size(rows: int, columns: int, place: Location) -> None:
    """Refuse a table of more rows, columns or cells than are read."""
    if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        place.fail(
            f"{rows:,} rows and {columns:,} columns.",
            f"At most {MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns and {MAX_CELLS:,} cells are read.",
        )


def column_letters(column: int) -> str:
    """Letters of a column as spreadsheets count: A, B, ... Z, AA."""
    letters, left = "", column + 1
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def find_head(rows: Sequence[Sequence[object]]) -> tuple[int, int]:
    """Find the row of headings: its place, and how many of the needed ones it has.

    It is the first row that has the most of ``layer``, ``variant`` and ``parent``; titles and
    remarks may be above it.
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
    """Make a sheet of all rows of a file, with what is above the headings.

    ``names`` are the rows' numbers as its reader counts, by default from 1.
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
    above = [n for n, row in zip(numbers, rows[:top], strict=False) if not all(map(is_blank, row))]
    if above:
        words = f"{rows_words(above)} above the headings {'was' if len(above) == 1 else 'were'}"
        notes = (*notes, f"{words} ignored.")
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


def _fit(row: Sequence[object], width: int, place: Location) -> Sequence[object]:
    for column, cell in enumerate(row[width:], width):
        if not is_blank(cell):
            place.at(column=f"column {column_letters(column)}").fail(
                f"{short_repr(cell)} is in a column without a heading.",
                "Give the column a heading, or empty it.",
            )
    return [*row[:width], *[""] * (width - len(row))]


def find_columns(sheet: Sheet) -> tuple[Columns, tuple[str, ...]]:
    """Find each column's meaning; also gives notes of those ignored."""
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
        if meaning.name.startswith(GROUPS) and sheet.rows and _is_blank_column(sheet, column):
            notes.append(f"{sheet.column_names[column]} is empty, and was ignored.")
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
    if _is_blank_column(sheet, column):
        return []
    if first and _counts(sheet, column):
        return [f"{sheet.column_names[column]}, which numbers the rows, was ignored."]
    for row, cells in enumerate(sheet.rows):
        if not is_blank(cells[column]):
            sheet.place(row, column).fail(
                f"{short_repr(cells[column])} is in a column without a heading.",
                "Give the column a heading, or empty it.",
            )
    return []


def _is_blank_column(sheet: Sheet, column: int) -> bool:
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


def read_csv(content: bytes, file: str, marks: Marks) -> Sheet:
    """Read CSV text."""
    place = Location(file)
    text, mark = _find_separator(decode(content, place))
    rows = split(text, mark, place)
    if not any(map(any, rows)):
        place.fail("broken CSV (it is empty).", "One line of headings, then the variants.")
    return sheet_of(file, rows, marks, comma_file=mark == ",")


def csv_of(rows: list[Cells], mark: str = ",") -> str:
    """Write rows as CSV; the line's end of two marks has both of them quoted within a cell."""
    text = io.StringIO()
    csv.writer(text, delimiter=mark, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def decode(content: bytes, place: Location) -> str:
    """Give the text of a file, in the encodings that spreadsheets write."""
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        place.fail(f"not UTF-8 text (byte {error.start}).", "Save it as 'CSV UTF-8'.")


def split(text: str, mark: str, place: Location) -> list[Cells]:
    """Split text into rows of cells."""
    lines = csv.reader(_csv_lines(text), delimiter=mark, strict=True)
    rows: list[Cells] = []
    cells = 0
    try:
        for row in islice(lines, MAX_ROWS + 2):
            rows.append(row)
            cells += len(row)
            if cells > MAX_CELLS:
                place.fail(f"more than {MAX_CELLS:,} cells.", "Split it, or leave columns out.")
    except csv.Error as error:
        place.at(row=f"line {lines.line_num}").fail(
            f"broken CSV ({error}).", "One line of headings, then one line per variant."
        )
    return rows


def _find_separator(text: str) -> tuple[str, str]:
    """Find the separator: as Excel's first line says, or by the headings it makes."""
    first, _, rest = text.partition("\n")
    if first.startswith("sep=") and first.strip()[4:] in SEPARATORS:
        return rest, first.strip()[4:]
    return text, max(SEPARATORS, key=lambda mark: _headings_by(text, mark))


def _headings_by(text: str, mark: str) -> tuple[int, int]:
    """How many headings are known with a separator, those first that every table has."""
    rows: list[Cells] = []
    with suppress(csv.Error):
        rows.extend(islice(csv.reader(_csv_lines(text), delimiter=mark), _LOOKED_AT))
    place, needed = find_head(rows)
    return needed, sum(map(is_known, rows[place])) if rows else 0


def _csv_lines(text: str) -> Iterator[str]:
    """Lines with their ends, one after the other; StringIO would take four bytes a character."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end
