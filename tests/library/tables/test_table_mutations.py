"""A thousand damaged files of each kind of table give a library or the one clear error."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.tables import dump_csv, dump_parquet, dump_xlsx
from puzzle_widgets.library.tables.frame import rows_of
from puzzle_widgets.library.tables.sheet import Cells, csv_of
from puzzle_widgets.library.tables.xlsx import workbook_of
from puzzle_widgets.library.write import dump_template
from tests.library.tables.test_round_trips import full_library
from tests.library.test_mutations import outcome
from tests.support.mutations import damaged_bytes

SOUND = full_library()
COUNT = 1000
ODD: list[Any] = [
    *(
        "",
        " ",
        "abc",
        "1,5",
        "1.234,5",
        "1.5",
        "nan",
        "1e999",
        "-1",
        "0",
        "yes",
        "WAHR",
        "x" * 3000,
    ),
    *(
        "layer",
        "memory (GiB)",
        "stats.",
        "metrics.",
        "(",
        "stats.a (b",
        "non-block costs",
        "[1]",
    ),
    *("\ud7ff", "<b>", "=1+1", "#DIV/0!", "\r", '"', ";", "_x0041_"),
    *(None, True, -1, 2.5, 10**15, 1e300),
]

Draw = Callable[[random.Random], bytes]


def damaged_cells(rng: random.Random) -> list[Cells]:
    """Replace, drop, double or exchange cells and rows of a sheet, its headings too."""
    rows = [list(row) for row in rows_of(SOUND)]
    for _ in range(rng.randint(1, 3)):
        place = rng.choice([0, rng.randrange(len(rows))])
        kind = rng.choice(["cell", "cell", "cell", "drop", "double", "shift", "longer"])
        if kind == "drop":
            del rows[place]
        elif kind == "double":
            rows.insert(place, list(rows[place]))
        elif kind == "shift":
            rows[place] = rows[place][1:]
        elif kind == "longer":
            rows[place].append(rng.choice(ODD))
        elif rows[place]:
            rows[place][rng.randrange(len(rows[place]))] = rng.choice(ODD)
        rows = rows or [[]]
    return rows


def damaged_parts(content: bytes, rng: random.Random) -> bytes:
    """Damage one part inside a workbook, and pack it again."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    name = rng.choice(sorted(parts))
    packed_again = io.BytesIO()
    with zipfile.ZipFile(packed_again, "w") as packed:
        for part, inner in parts.items():
            if part != name:
                packed.writestr(part, inner)
            elif rng.random() < 0.9:
                packed.writestr(part, damaged_bytes(inner, rng))
    return packed_again.getvalue()


def damaged_frame(rng: random.Random) -> bytes:
    """Write a frame with whole columns replaced, dropped or renamed as Parquet."""
    frame = pw.to_frame(SOUND).astype(object)
    for _ in range(rng.randint(1, 2)):
        column = rng.choice(list(frame.columns))
        if rng.random() < 0.3:
            frame = frame.drop(columns=column)
        elif rng.random() < 0.3:
            frame = frame.rename(columns={column: str(rng.choice(ODD))})
        else:
            frame[column] = pd.Series([rng.choice(ODD)] * len(frame), dtype=object)
        frame = frame.loc[:, ~frame.columns.duplicated()]
    return bytes((frame.astype(str) if rng.random() < 0.2 else frame.infer_objects()).to_parquet())


CSV = dump_csv(SOUND).encode()
GERMAN = dump_template(decimal=",")
XLSX, PARQUET = dump_xlsx(SOUND), dump_parquet(SOUND)

DRAWS: dict[str, tuple[str, Draw]] = {
    "csv bytes": ("t.csv", lambda rng: damaged_bytes(rng.choice([CSV, GERMAN]), rng)),
    "csv cells": ("t.csv", lambda rng: csv_of(damaged_cells(rng), rng.choice(",;\t")).encode()),
    "xlsx bytes": ("t.xlsx", lambda rng: damaged_bytes(XLSX, rng)),
    "xlsx parts": ("t.xlsx", lambda rng: damaged_parts(XLSX, rng)),
    "xlsx cells": ("t.xlsx", lambda rng: workbook_of([("s", damaged_cells(rng))])),
    "parquet bytes": ("t.parquet", lambda rng: damaged_bytes(PARQUET, rng)),
    "parquet columns": ("t.parquet", damaged_frame),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(DRAWS))
def test_a_damaged_table_gives_a_library_or_one_error(kind: str) -> None:
    """Bytes, parts of a workbook, cells, and columns."""
    name, draw = DRAWS[kind]
    found = [outcome({name: draw(random.Random(seed))}) for seed in range(COUNT)]  # noqa: S311
    assert len(found) == COUNT
    assert found.count("error") > COUNT / 10
