"""Tables: one row a layer and variant, in pandas, CSV, Excel's xlsx and Parquet."""

from puzzle_widgets.library.tables.csv_text import dump_csv, read_csv
from puzzle_widgets.library.tables.frame import read_frame, to_frame
from puzzle_widgets.library.tables.parquet import dump_parquet, read_parquet
from puzzle_widgets.library.tables.template import dump_template, write_template
from puzzle_widgets.library.tables.xlsx import dump_xlsx, read_xlsx

__all__ = [
    "dump_csv",
    "dump_parquet",
    "dump_template",
    "dump_xlsx",
    "read_csv",
    "read_frame",
    "read_parquet",
    "read_xlsx",
    "to_frame",
    "write_template",
]
