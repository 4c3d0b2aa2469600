"""Environment variables by which the server tells its kernels and Voila what to use."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

JUPYTER_FOLDER = Path(__file__).resolve().parent / "jupyter"
LIBRARY_VARIABLE = "PUZZLE_WIDGETS_LIBRARY"
WORKLOAD_VARIABLE = "PUZZLE_WIDGETS_WORKLOAD"
GAPS_VARIABLE = "PUZZLE_WIDGETS_ALLOW_GAPS"
DECIMAL_VARIABLE = "PUZZLE_WIDGETS_DECIMAL"
THOUSANDS_VARIABLE = "PUZZLE_WIDGETS_THOUSANDS"


@contextmanager
def served_environment(
    library: str | None,
    workload: str | None = None,
    *,
    allow_gaps: bool = False,
    decimal: str | None = None,
    thousands: str | None = None,
) -> Iterator[None]:
    """Set library, how it opens, and the path of the template for as long as the server runs."""
    kept = dict(os.environ)
    os.environ["JUPYTER_PATH"] = _jupyter_path(kept.get("JUPYTER_PATH"))
    if library is not None:
        os.environ[LIBRARY_VARIABLE] = library_argument(library)
    said = {
        WORKLOAD_VARIABLE: workload,
        GAPS_VARIABLE: "1" if allow_gaps else None,
        DECIMAL_VARIABLE: decimal,
        THOUSANDS_VARIABLE: thousands,
    }
    os.environ.update({name: value for name, value in said.items() if value is not None})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def library_argument(library: str) -> str:
    """Absolute path of a library that is a file or folder; any other name as it is."""
    path = Path(library).expanduser()
    return str(path.resolve()) if path.exists() else library


def _jupyter_path(known: str | None) -> str:
    return os.pathsep.join([str(JUPYTER_FOLDER), *([known] if known else [])])
