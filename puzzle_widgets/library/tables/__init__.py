"""Tables: one row per layer and variant, in pandas, CSV, Excel's xlsx and Parquet."""

from puzzle_widgets.library.tables.cells import Marks
from puzzle_widgets.library.tables.frame import dump_csv, dump_parquet, to_frame
from puzzle_widgets.library.tables.table import TableRun, is_table, open_frame, open_table
from puzzle_widgets.library.tables.xlsx import dump_xlsx

__all__ = [
    "Marks",
    "TableRun",
    "dump_csv",
    "dump_parquet",
    "dump_xlsx",
    "is_table",
    "open_frame",
    "open_table",
    "to_frame",
]
