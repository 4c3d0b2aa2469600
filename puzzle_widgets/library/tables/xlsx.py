"""Excel's xlsx; openpyxl does the work, where it is installed."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.model import BlockLibrary
from puzzle_widgets.library.tables.extras import first_line, need
from puzzle_widgets.library.tables.numbers import Marks
from puzzle_widgets.library.tables.sheet import Sheet
from puzzle_widgets.library.tables.spreadsheet import Cells, find_head, rows_of, sheet_of
from puzzle_widgets.library.tables.workbook import (
    choose_page,
    fill_merged,
    refuse_formulas,
    without_hidden,
)

MAX_UNPACKED_BYTES, MAX_PARTS, MAX_CELL = 64 * 2**20, 1_000, 32_767
_NO_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def read_xlsx(content: bytes, file: str, marks: Marks) -> Sheet:
    """Read the first visible sheet of a workbook that has the headings of a table.

    Formulas are never evaluated: a cell counts with the value that was saved with it. Hidden rows
    are passed by; merged cells count for each of their rows.

    Raises
    ------
    LibraryError
        If openpyxl is missing, the file would unpack to too much, or something in it is wrong;
        with row and column as the sheet shows them.
    """
    place = Location(file)
    need("openpyxl", "excel", place)
    try:
        _check_size(content, place)
        return _read(content, place, marks)
    except LibraryError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file may raise anything in there
        place.fail(
            f"broken xlsx ({type(error).__name__}: {first_line(error)}).",
            "Is it complete? Save it again as 'Excel Workbook'.",
        )


def _read(content: bytes, place: Location, marks: Marks) -> Sheet:
    with _opened(content, values=True) as book:
        sheets = _sheets(book)
        page, notes = choose_page(sheets, place)
        if len(sheets) > 1:
            place = place.at(file=f"{place.file}, sheet {short_repr(page.title)}")
        xml = _source(page.sheet)
    width = len(page.rows[find_head(page.rows)[0]])
    if any("" in row or len(row) < width for row in page.rows):
        with _opened(content, values=False) as book:
            written = next(sheet for sheet in _sheets(book) if sheet.title == page.title)
            refuse_formulas(written, page.rows, place)
    fill_merged(page.rows, xml, place)
    rows, numbers, hidden = without_hidden(page.rows, xml)
    return sheet_of(place.file, rows, marks, notes=(*notes, *hidden), names=numbers)


@contextmanager
def _opened(content: bytes, *, values: bool) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and features that are not read here
        book = _book(content, values=values)
        try:
            yield book
        finally:
            book.close()


def _book(content: bytes, *, values: bool) -> Any:  # noqa: ANN401
    """Read a workbook, but no charts: openpyxl fails on a sheet for one that is empty."""
    excel: Any = import_module("openpyxl.reader.excel")
    reader = excel.ExcelReader(
        io.BytesIO(content), read_only=True, data_only=values, keep_links=False
    )
    sheet_of_chart: Any = import_module("openpyxl.chartsheet").Chartsheet

    def without_chart(sheet: Any, _: object) -> None:  # noqa: ANN401
        reader.wb._add_sheet(sheet_of_chart(parent=reader.wb, title=sheet.name))  # noqa: SLF001

    reader.read_chartsheet = without_chart
    reader.read()
    return reader.wb


def _sheets(book: Any) -> list[Any]:  # noqa: ANN401
    """Sheets of cells: a chart may have one of its own."""
    return [sheet for sheet in book.worksheets if hasattr(sheet, "iter_rows")]


def _source(sheet: Any) -> bytes:  # noqa: ANN401
    """The sheet's own XML: in this mode openpyxl tells neither merged cells nor hidden rows."""
    with sheet._get_source() as source:  # noqa: SLF001
        return bytes(source.read())


def dump_xlsx(library: BlockLibrary) -> bytes:
    """Give a library as a workbook of one sheet.

    A cell holds at most 32,767 characters and no control characters; these are replaced.
    """
    need("openpyxl", "excel", Location(library.name))
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


def _check_size(content: bytes, place: Location) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        sizes = [part.file_size for part in packed.infolist()]
    if len(sizes) > MAX_PARTS or sum(sizes) > MAX_UNPACKED_BYTES:
        place.fail(
            f"{len(sizes):,} parts, {sum(sizes) / 2**20:,.1f} MiB when unpacked.",
            f"At most {MAX_PARTS:,} parts and {MAX_UNPACKED_BYTES // 2**20} MiB are read.",
        )
