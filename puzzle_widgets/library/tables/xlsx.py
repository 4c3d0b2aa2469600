"""Excel's xlsx; openpyxl does the work, where it is installed."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NoReturn

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import Location, first_line, format_size, need, short_repr
from puzzle_widgets.library.model import BlockLibrary
from puzzle_widgets.library.tables.cells import NEEDED, Marks, is_blank
from puzzle_widgets.library.tables.frame import rows_of
from puzzle_widgets.library.tables.sheet import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    Cells,
    Sheet,
    column_letters,
    find_head,
    rows_words,
    sheet_of,
)

# Within the text of a cell there are no brackets of tags: they are written as entities.
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]+)(\d+):([A-Z]+)(\d+)\"")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*>")
_NUMBER, _HIDDEN = re.compile(rb"\sr=\"(\d+)\""), re.compile(rb"\shidden=\"(?:1|true)\"")
MAX_UNPACKED_BYTES, MAX_PARTS, MAX_CELL = 64 * 2**20, 1_000, 32_767
_NO_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


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
    """Find the first visible sheet that has the headings; also notes of the others."""
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
    words = f"Sheet {short_repr(best.title)} was read; {', '.join(others[:6])} {verb} ignored."
    return best, (words,) if others else ()


def _refuse(pages: Sequence[Page], place: Location) -> NoReturn:
    if not any(page.rows for page in pages):
        place.fail("every visible sheet is empty.", "Put the table on a sheet that is shown.")
    names = ", ".join(f"{short_repr(page.title)}{_state(page)}" for page in pages[:6])
    place.fail(
        f"no visible sheet has the headings {', '.join(NEEDED)}; there are {names}.",
        "Give the table's columns these headings, or show its sheet.",
    )


def _state(page: Page) -> str:
    return "" if page.is_visible else " (hidden)"


def fill_merged(rows: list[Cells], xml: bytes, place: Location) -> None:
    """Give each row of merged cells the value of the first."""
    filled = 0
    for found in _MERGED.finditer(xml):
        left, right = _column_place(found[1]), _column_place(found[3])
        top, bottom = int(found[2]) - 1, min(int(found[4]), len(rows)) - 1
        if top >= bottom or left >= len(rows[top]):
            continue
        filled += bottom - top
        if filled > MAX_CELLS:
            place.fail("too many merged cells.", "Unmerge them.")
        for row in rows[top + 1 : bottom + 1]:
            _fill_down(row, left, rows[top][left], min(right, MAX_COLUMNS))


def _fill_down(row: Cells, column: int, value: object, last: int) -> None:
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
    note = (f"{words}{'was' if len(gone) == 1 else 'were'} ignored.",) if gone else ()
    return [rows[number - 1] for number in kept], kept, note


def refuse_formulas(sheet: Any, rows: Sequence[Cells], place: Location) -> None:  # noqa: ANN401
    """Refuse a formula of a sheet that was saved without its value, which rows have."""
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
    """Rows as far as any holds something; a sheet's own claim of its size is ignored."""
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


def _column_place(letters: bytes) -> int:
    """Index of a column by its letters, from 0."""
    found = 0
    for letter in letters:
        found = 26 * found + letter - ord("A") + 1
    return found - 1


def read_xlsx(content: bytes, file: str, marks: Marks) -> Sheet:
    """Read the first visible sheet of a workbook that has the headings of a table.

    Formulas are never evaluated: a cell counts with the value that was saved with it. Hidden rows
    are ignored; merged cells count for each of their rows.
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
    """Sheets of cells, without those of charts."""
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
            f"{len(sizes):,} parts, {format_size(sum(sizes))} when unpacked.",
            f"At most {MAX_PARTS:,} parts and {MAX_UNPACKED_BYTES // 2**20} MiB are read.",
        )
