"""A sheet of cells, whatever it came from, with the names that its reader knows them by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from puzzle_widgets.library.checks import Place, shown
from puzzle_widgets.library.tables.numbers import Mark

MAX_ROWS, MAX_COLUMNS = 200_000, 400


@dataclass(frozen=True)
class Sheet:
    """Cells with the names that their reader knows them by.

    Parameters
    ----------
    file
        For messages.
    headings
        First row.
    rows
        The others, each as long as the first.
    row_names
        Such as ``"row 14"``.
    spreadsheet
        Whether it is one for people: columns have letters, cells may be text, blank rows count
        for nothing. Otherwise it is a frame, whose types are taken as they are.
    usual
        Decimal mark where the figures do not tell.
    """

    file: str
    headings: Sequence[str]
    rows: Sequence[Sequence[object]]
    row_names: Sequence[str]
    spreadsheet: bool = True
    usual: Mark = "."

    @property
    def head_name(self) -> str:
        """The first row, for messages."""
        return "row 1" if self.spreadsheet else ""

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Columns as the sheet shows them, such as ``"column F 'runtime (ms)'"``."""
        letters = [f"{column_letters(n)} " if self.spreadsheet else "" for n in self._columns]
        return tuple(
            f"column {letter}{shown(heading)}"
            for letter, heading in zip(letters, self.headings, strict=True)
        )

    @property
    def _columns(self) -> range:
        return range(len(self.headings))

    def place(self, row: int, column: int) -> Place:
        """Where a cell is, for messages."""
        return Place(self.file, row=self.row_names[row], column=self.column_names[column])


def column_letters(column: int) -> str:
    """Letters of a column as spreadsheets count: A, B, ... Z, AA."""
    letters, left = "", column + 1
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
