"""CSV as spreadsheets of any language write it, and as this project does."""

from __future__ import annotations

import csv
import io
from itertools import islice

from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import Place
from puzzle_widgets.library.model import BlockLibrary
from puzzle_widgets.library.tables.headers import is_known
from puzzle_widgets.library.tables.read_sheet import read_sheet
from puzzle_widgets.library.tables.sheet import MAX_ROWS
from puzzle_widgets.library.tables.spreadsheet import Cells, rows_of, sheet_of

_MARKS = (",", ";", "\t")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_csv(content: bytes, file: str, facts: Facts) -> BlockLibrary:
    """Read CSV text: comma, semicolon or tab between cells, decimal point or comma.

    Raises
    ------
    LibraryError
        Naming file, row and column as a spreadsheet shows them.
    """
    place = Place(file)
    text, mark = _find_mark(_decode(content, place))
    rows = _split(text, mark, place)
    if not rows or not any(rows[0]):
        place.fail("broken CSV (the first line is empty).", "One header line, then the variants.")
    return read_sheet(sheet_of(file, rows, "." if mark == "," else ","), facts)


def dump_csv(library: BlockLibrary) -> str:
    """Give a library's CSV text, with what is known of it as a whole in the first row."""
    return csv_of(rows_of(library))


def csv_of(rows: list[Cells], mark: str = ",") -> str:
    """Write rows as CSV; the line's end of two marks has both of them quoted within a cell."""
    text = io.StringIO()
    csv.writer(text, delimiter=mark, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _decode(content: bytes, place: Place) -> str:
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        place.fail(f"not UTF-8 text (byte {error.start}).", "Save it as 'CSV UTF-8'.")


def _find_mark(text: str) -> tuple[str, str]:
    """Find what parts the cells: as Excel's first line says, or by the headings it makes."""
    first, _, rest = text.partition("\n")
    if first.startswith("sep=") and first.strip()[4:] in _MARKS:
        return rest, first.strip()[4:]
    return text, max(_MARKS, key=lambda mark: sum(map(is_known, _first_row(text, mark))))


def _first_row(text: str, mark: str) -> Cells:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=mark), [])
    except csv.Error:
        return []


def _split(text: str, mark: str, place: Place) -> list[Cells]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        return list(islice(lines, MAX_ROWS + 2))
    except csv.Error as error:
        place.at(row=f"line {lines.line_num}").fail(
            f"broken CSV ({error}).", "One header line, then one line a variant."
        )
