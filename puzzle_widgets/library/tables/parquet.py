"""Parquet files; pandas and pyarrow do the work, where pyarrow is installed."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any

import pandas as pd

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.model import BlockLibrary
from puzzle_widgets.library.tables.extras import first_line, need
from puzzle_widgets.library.tables.frame import to_frame
from puzzle_widgets.library.tables.sheet import check_size

MAX_UNPACKED_BYTES = 256 * 2**20
_TEXT = "BYTE_ARRAY"


def read_parquet(content: bytes, file: str) -> pd.DataFrame:
    """Read a Parquet file: the table of :func:`puzzle_widgets.to_frame`, or any like it.

    Raises
    ------
    LibraryError
        If pyarrow is missing, the file would unpack to too much, or something in it is wrong.
    """
    place = Location(file)
    need("pyarrow", "parquet", place)
    try:
        frame = _unpack(content, place)
    except LibraryError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file may raise anything in there
        place.fail(
            f"broken Parquet ({type(error).__name__}: {first_line(error)}).",
            "Is it complete? Write or download it again.",
        )
    return frame


def dump_parquet(library: BlockLibrary) -> bytes:
    """Give a library as a Parquet file, which holds all that is known of it."""
    need("pyarrow", "parquet", Location(library.name))
    frame = to_frame(library)
    if len({type(layer.name) for layer in library.layers}) > 1:
        frame["layer"] = frame["layer"].map(str)
    content = io.BytesIO()
    frame.to_parquet(content, engine="pyarrow", index=False)
    return content.getvalue()


def _unpack(content: bytes, place: Location) -> pd.DataFrame:
    parquet: Any = import_module("pyarrow.parquet")
    with parquet.ParquetFile(io.BytesIO(content)) as file:
        _check_size(file.metadata, place)
        texts = [column.name for column in file.schema if column.physical_type == _TEXT]
    # A text that repeats is kept once: unpacked, a small file of one long text could fill memory.
    with parquet.ParquetFile(io.BytesIO(content), read_dictionary=texts) as file:
        table = file.read()
    if table.nbytes > MAX_UNPACKED_BYTES:
        _too_much(table.nbytes, place)
    frame: pd.DataFrame = table.to_pandas(strings_to_categorical=True)
    return frame


def _check_size(metadata: Any, place: Location) -> None:  # noqa: ANN401
    check_size(metadata.num_rows, metadata.num_columns, place)
    groups = (metadata.row_group(place) for place in range(metadata.num_row_groups))
    unpacked = sum(group.total_byte_size for group in groups)
    if unpacked > MAX_UNPACKED_BYTES:
        _too_much(unpacked, place)


def _too_much(size: int, place: Location) -> None:
    place.fail(
        f"{size / 2**20:,.1f} MiB when unpacked.",
        f"At most {MAX_UNPACKED_BYTES // 2**20} MiB are read; split it.",
    )
