"""Excel's xlsx; openpyxl does the work, where it is installed."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import Place
from puzzle_widgets.library.model import BlockLibrary
from puzzle_widgets.library.tables.cells import is_blank
from puzzle_widgets.library.tables.extras import first_line, need
from puzzle_widgets.library.tables.read_sheet import read_sheet
from puzzle_widgets.library.tables.sheet import MAX_COLUMNS, MAX_ROWS
from puzzle_widgets.library.tables.spreadsheet import Cells, rows_of, sheet_of

MAX_UNPACKED_BYTES, MAX_PARTS, MAX_CELL = 256 * 2**20, 1_000, 32_767
_NO_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def read_xlsx(content: bytes, file: str, facts: Facts) -> BlockLibrary:
    """Read the first sheet of a workbook that holds anything.

    Formulas are never evaluated: a cell counts with the value that was saved with it.

    Raises
    ------
    LibraryError
        If openpyxl is missing, the file would unpack to too much, or something in it is wrong;
        with row and column as the sheet shows them.
    """
    place = Place(file)
    need("openpyxl", "excel", place)
    try:
        _check_size(content, place)
        rows = _first_rows(content)
    except LibraryError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file may raise anything in there
        place.fail(
            f"broken xlsx ({type(error).__name__}: {first_line(error)}).",
            "Is it complete? Save it again as 'Excel Workbook'.",
        )
    if not rows:
        place.fail("no sheet holds anything.", "Put the headings in the first row.")
    return read_sheet(sheet_of(file, rows), facts)


def dump_xlsx(library: BlockLibrary) -> bytes:
    """Give a library as a workbook of one sheet.

    A cell holds at most 32,767 characters and no control characters; these are replaced.
    """
    need("openpyxl", "excel", Place(library.name))
    return workbook_of([("Block library", rows_of(library))])


def workbook_of(sheets: Sequence[tuple[str, Sequence[Cells]]]) -> bytes:
    """Write sheets, each with its title and its rows; the first row of each stays in view."""
    book: Any = import_module("openpyxl").Workbook()
    for sheet in list(book.worksheets):
        book.remove(sheet)
    for title, rows in sheets:
        _fill(book.create_sheet(title), rows)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _fill(sheet: Any, rows: Sequence[Cells]) -> None:  # noqa: ANN401
    styles: Any = import_module("openpyxl.styles")
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if value in ("", None):
                continue
            cell = sheet.cell(number, column, _printable(value))
            if isinstance(value, str):
                cell.data_type = "s"  # a name that begins with = is no formula
            if number == 1:
                cell.font = styles.Font(bold=True)
                sheet.column_dimensions[cell.column_letter].width = max(12, len(str(value)) + 4)
    sheet.freeze_panes = "A2"


def _printable(value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, str):
        return value
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", value)[:MAX_CELL]


def _check_size(content: bytes, place: Place) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        sizes = [part.file_size for part in packed.infolist()]
    if len(sizes) > MAX_PARTS or sum(sizes) > MAX_UNPACKED_BYTES:
        place.fail(
            f"{len(sizes):,} parts, {sum(sizes) / 2**20:,.1f} MiB when unpacked.",
            f"At most {MAX_PARTS:,} parts and {MAX_UNPACKED_BYTES // 2**20} MiB are read.",
        )


def _first_rows(content: bytes) -> list[Cells]:
    openpyxl: Any = import_module("openpyxl")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and features that are not read here
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        try:
            return next((rows for sheet in book.worksheets if (rows := list(_rows(sheet)))), [])
        finally:
            book.close()


def _rows(sheet: Any) -> Iterator[Cells]:  # noqa: ANN401
    """Rows as far as any holds something; what a sheet claims of its own size is not believed."""
    sheet.reset_dimensions()
    blank = 0
    for row in sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS + 1, values_only=True):
        if row.count(None) == len(row):  # quick, for there may be very many
            blank += 1
            continue
        yield from ([] for _ in range(blank))
        blank = 0
        cells = ["" if cell is None else cell for cell in row]
        while cells and is_blank(cells[-1]):
            cells.pop()
        yield cells
