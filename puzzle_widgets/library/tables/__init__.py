"""Tables: one row per layer and variant, in pandas, CSV, Excel's xlsx and Parquet."""

from puzzle_widgets.library.tables.csv_text import dump_csv
from puzzle_widgets.library.tables.frame import to_frame
from puzzle_widgets.library.tables.numbers import Marks
from puzzle_widgets.library.tables.open import is_table, open_frame, open_table
from puzzle_widgets.library.tables.parquet import dump_parquet
from puzzle_widgets.library.tables.read_sheet import TableRun
from puzzle_widgets.library.tables.template import dump_template, write_template
from puzzle_widgets.library.tables.xlsx import dump_xlsx

__all__ = [
    "Marks",
    "TableRun",
    "dump_csv",
    "dump_parquet",
    "dump_template",
    "dump_xlsx",
    "is_table",
    "open_frame",
    "open_table",
    "to_frame",
    "write_template",
]
