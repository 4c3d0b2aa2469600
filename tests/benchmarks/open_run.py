"""How long a real-sized Puzzletron run takes to open: ``python -m tests.benchmarks.open_run``."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import puzzle_widgets as pw
from tests.support.puzzletron_run import Run

_TIMES = 5
T = TypeVar("T")


def main() -> None:
    """Open 32 layers of 12 blocks from a folder and from a zip, and search once."""
    run = Run(layers=32)
    with tempfile.TemporaryDirectory() as folder:
        run.write(Path(folder))
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 2**20
        print(f"{len(files)} files, {size:.1f} MiB")  # noqa: T201
        library = _timed("folder", lambda: pw.load_library(folder))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in run.encoded().items():
            archive.writestr(f"run/{path}", content)
    print(f"zip of {len(packed.getvalue()) / 2**20:.2f} MiB")  # noqa: T201
    _timed("zip", lambda: pw.load_files({"run.zip": packed.getvalue()}))
    budgets = {"stats.memory_mib": "70 %"}
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    _timed("search", lambda: pw.search(problem))


def _timed(what: str, do: Callable[[], T]) -> T:
    seconds = []
    for _ in range(_TIMES):
        begin = time.perf_counter()
        found = do()
        seconds.append(time.perf_counter() - begin)
    print(f"{what}: {statistics.median(seconds):.3f} s")  # noqa: T201
    return found


if __name__ == "__main__":
    main()
