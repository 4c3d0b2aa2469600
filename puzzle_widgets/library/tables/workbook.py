"""Which sheet of a workbook holds the table, and what of it is hidden or merged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.tables.cells import is_blank
from puzzle_widgets.library.tables.headings import NEEDED
from puzzle_widgets.library.tables.sheet import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, column_letters
from puzzle_widgets.library.tables.spreadsheet import Cells, find_head, rows_words

# Within the text of a cell there are no brackets of tags: they are written as entities.
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]+)(\d+):([A-Z]+)(\d+)\"")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*>")
_NUMBER, _HIDDEN = re.compile(rb"\sr=\"(\d+)\""), re.compile(rb"\shidden=\"(?:1|true)\"")


@dataclass
class Page:
    """A sheet of a workbook as it was found.

    Parameters
    ----------
    sheet
        As openpyxl gives it.
    rows
        Its cells, as far as any row holds something.
    """

    sheet: Any
    rows: list[Cells] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Its name."""
        return str(self.sheet.title)

    @property
    def is_visible(self) -> bool:
        """Whether people see it."""
        return bool(self.sheet.sheet_state == "visible")

    @property
    def needed(self) -> int:
        """How many of the headings that every table has are in it."""
        return find_head(self.rows)[1]


def choose_page(sheets: Sequence[Any], place: Location) -> tuple[Page, tuple[str, ...]]:
    """Find the first visible sheet that has the headings; also notes of the others.

    Raises
    ------
    LibraryError
        If none has them, naming a hidden one that does.
    """
    pages = [Page(sheet) for sheet in sheets]
    best = None
    for page in (page for page in pages if page.is_visible):
        page.rows = list(_rows_of(page.sheet, place))
        if page.rows and (best is None or page.needed > best.needed):
            best = page
        if page.needed == len(NEEDED):
            break
    if best is None or not best.needed:
        _refuse(pages, place)
    others = [f"{short_repr(page.title)}{_state(page)}" for page in pages if page is not best]
    verb = "was" if len(others) == 1 else "were"
    words = f"Sheet {short_repr(best.title)} was read; {', '.join(others[:6])} {verb} passed by."
    return best, (words,) if others else ()


def _refuse(pages: Sequence[Page], place: Location) -> NoReturn:
    if not any(page.rows for page in pages):
        place.fail("no visible sheet holds anything.", "Put the table on a sheet that is shown.")
    names = ", ".join(f"{short_repr(page.title)}{_state(page)}" for page in pages[:6])
    place.fail(
        f"no visible sheet has the headings {', '.join(NEEDED)}; there are {names}.",
        "Give the table's columns these headings, or show its sheet.",
    )


def _state(page: Page) -> str:
    return "" if page.is_visible else " (hidden)"


def fill_merged(rows: list[Cells], xml: bytes, place: Location) -> None:
    """Give each row of merged cells the value that stands in the first."""
    filled = 0
    for found in _MERGED.finditer(xml):
        left, right = _column(found[1]), _column(found[3])
        top, bottom = int(found[2]) - 1, min(int(found[4]), len(rows)) - 1
        if top >= bottom or left >= len(rows[top]):
            continue
        filled += bottom - top
        if filled > MAX_CELLS:
            place.fail("more merged cells than are read.", "Undo the merging.")
        for row in rows[top + 1 : bottom + 1]:
            _fill(row, left, rows[top][left], min(right, MAX_COLUMNS))


def _fill(row: Cells, column: int, value: object, last: int) -> None:
    if not is_blank(value) and column <= last:
        row.extend([""] * (column + 1 - len(row)))
        if is_blank(row[column]):
            row[column] = value


def without_hidden(rows: list[Cells], xml: bytes) -> tuple[list[Cells], list[int], tuple[str, ...]]:
    """Leave out hidden rows; gives those left, their numbers, and a note."""
    hidden = {
        int(number[1])
        for tag in _ROW.finditer(xml)
        if _HIDDEN.search(tag[0]) and (number := _NUMBER.search(tag[0]))
    }
    kept = [number for number in range(1, len(rows) + 1) if number not in hidden]
    gone = [n for n in range(1, len(rows) + 1) if n in hidden and any(rows[n - 1])]
    words = f"{rows_words(gone)} {'is' if len(gone) == 1 else 'are'} hidden, and " if gone else ""
    note = (f"{words}{'was' if len(gone) == 1 else 'were'} passed by.",) if gone else ()
    return [rows[number - 1] for number in kept], kept, note


def refuse_formulas(sheet: Any, rows: Sequence[Cells], place: Location) -> None:  # noqa: ANN401
    """Refuse a formula that was saved without its value.

    Parameters
    ----------
    sheet
        The sheet with its formulas.
    rows
        Its saved values.
    place
        For messages.
    """
    top, _ = find_head(rows)
    headed = {at for at, cell in enumerate(rows[top]) if not is_blank(cell)}
    sheet.reset_dimensions()
    written = sheet.iter_rows(max_row=len(rows), max_col=MAX_COLUMNS)
    for number, (cells, saved) in enumerate(zip(written, rows, strict=False)):
        for at, cell in enumerate(cells if number > top else ()):
            if at in headed and cell.data_type == "f" and (at >= len(saved) or saved[at] == ""):
                place.at(row=f"row {number + 1}", column=f"column {column_letters(at)}").fail(
                    f"the formula {short_repr(str(cell.value))} was saved without a value.",
                    "Open the file in a spreadsheet program and save it, or write values.",
                )


def _rows_of(sheet: Any, place: Location) -> Iterator[Cells]:  # noqa: ANN401
    """Rows as far as any holds something; what a sheet claims of its own size is not believed."""
    sheet.reset_dimensions()
    blank = cells_read = 0
    for row in sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS + 1, values_only=True):
        if row.count(None) == len(row):  # quick, for there may be very many
            blank += 1
            continue
        yield from ([] for _ in range(blank))
        blank = 0
        cells = ["" if cell is None else cell for cell in row]
        while cells and is_blank(cells[-1]):
            cells.pop()
        cells_read += len(cells)
        if cells_read > MAX_CELLS:
            place.fail(f"more than {MAX_CELLS:,} cells.", "Split it, or leave columns out.")
        yield cells


def _column(letters: bytes) -> int:
    """Location of a column by its letters, from 0."""
    found = 0
    for letter in letters:
        found = 26 * found + letter - ord("A") + 1
    return found - 1
