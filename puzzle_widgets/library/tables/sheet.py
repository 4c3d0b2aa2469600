"""A sheet of cells, whatever it came from, with the names that its reader knows them by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.tables.numbers import Marks

MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 200_000, 400, 1_000_000


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
        Those beneath it, each as long as the headings.
    row_names
        Such as ``"row 14"``.
    head
        Name of the row of headings, ``""`` where it has none.
    letters
        Whether columns have letters, as in a spreadsheet.
    reads_text
        Whether figures may be text; otherwise the cells' types are taken as they are.
    literal
        Whether dotted headings are keys as they stand, without a unit in brackets.
    comma_file
        Whether commas part the cells.
    marks
        What the caller says of figures that are text.
    notes
        What was passed by, a sentence each.
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
