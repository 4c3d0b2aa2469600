"""CSV: comma, semicolon or tab between the cells, UTF-8 or UTF-16."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.model import BlockLibrary
from puzzle_widgets.library.tables.cells import Marks
from puzzle_widgets.library.tables.frame import rows_of
from puzzle_widgets.library.tables.headings import is_known
from puzzle_widgets.library.tables.sheet import (
    MAX_CELLS,
    MAX_ROWS,
    Cells,
    Sheet,
    find_head,
    sheet_of,
)

SEPARATORS = (",", ";", "\t")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 50


def read_csv(content: bytes, file: str, marks: Marks) -> Sheet:
    """Read CSV text."""
    place = Location(file)
    text, mark = _find_separator(decode(content, place))
    rows = split(text, mark, place)
    if not any(map(any, rows)):
        place.fail("broken CSV (it is empty).", "One line of headings, then the variants.")
    return sheet_of(file, rows, marks, comma_file=mark == ",")


def dump_csv(library: BlockLibrary) -> str:
    """Give a library's CSV text, with what is known of it as a whole in the first row."""
    return csv_of(rows_of(library))


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
    """Part text into rows of cells."""
    lines = csv.reader(_lines(text), delimiter=mark, strict=True)
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
    """Find what parts the cells: as Excel's first line says, or by the headings it makes."""
    first, _, rest = text.partition("\n")
    if first.startswith("sep=") and first.strip()[4:] in SEPARATORS:
        return rest, first.strip()[4:]
    return text, max(SEPARATORS, key=lambda mark: _headings_by(text, mark))


def _headings_by(text: str, mark: str) -> tuple[int, int]:
    """How many headings are known with a separator, those first that every table has."""
    rows: list[Cells] = []
    with suppress(csv.Error):
        rows.extend(islice(csv.reader(_lines(text), delimiter=mark), _LOOKED_AT))
    place, needed = find_head(rows)
    return needed, sum(map(is_known, rows[place])) if rows else 0


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, one after the other; StringIO would take four bytes a character."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end
