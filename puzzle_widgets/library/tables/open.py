"""Open a table by its ending, or a frame."""

from __future__ import annotations

from pathlib import PurePath

import pandas as pd

from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.endings import check_beginning
from puzzle_widgets.library.tables.csv_text import read_csv
from puzzle_widgets.library.tables.frame import facts_of_frame, sheet_of_frame
from puzzle_widgets.library.tables.numbers import Marks
from puzzle_widgets.library.tables.parquet import read_parquet
from puzzle_widgets.library.tables.read_sheet import TableRun
from puzzle_widgets.library.tables.xlsx import read_xlsx

_SHEETS = {".csv": read_csv, ".tsv": read_csv, ".xlsx": read_xlsx}
_PARQUET = ".parquet"


def is_table(file: str) -> bool:
    """Whether a file is a table, by its ending."""
    return PurePath(file).suffix.lower() in (*_SHEETS, _PARQUET)


def open_table(content: bytes, file: str, facts: Facts, marks: Marks) -> TableRun:
    """Read a table's cells.

    Parameters
    ----------
    content
        The file's bytes.
    file
        Its name, whose ending tells what it is.
    facts
        What is known of the library as a whole where the table does not say it.
    marks
        What the caller says of figures that are text.

    Raises
    ------
    LibraryError
        If the file is broken, or holds more than is read.
    """
    suffix = PurePath(file).suffix.lower()
    if suffix not in (".xlsx", _PARQUET):
        check_beginning(content, file)
    if suffix == _PARQUET:
        return open_frame(read_parquet(content, file), file, facts, marks)
    return TableRun(_SHEETS[suffix](content, file, marks), facts)


def open_frame(frame: pd.DataFrame, file: str, facts: Facts, marks: Marks) -> TableRun:
    """Take a frame's cells; ``file`` is its name for messages, the rest as for a file."""
    return TableRun(sheet_of_frame(frame, file, marks), facts_of_frame(frame, file, facts))
