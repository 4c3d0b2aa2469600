"""Files that would take far more memory or time than their size are refused first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import checks
from puzzle_widgets.library.tables import sheet
from tests.support.libraries import ROOT

MEMORY_MIB = 512
_OPEN = """
import resource, sys
import puzzle_widgets as pw
from tests.support.peak import peak_mib
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    pw.load_library(sys.argv[1])
except pw.LibraryError as error:
    print(error)
after = resource.getrusage(resource.RUSAGE_SELF)
print(peak_mib(), after.ru_utime - before.ru_utime)
"""


def opening(path: Path) -> tuple[str, float, float]:
    """Open a file in a process of its own: its words, peak memory in MiB, CPU seconds."""
    ran = subprocess.run(
        [sys.executable, "-c", _OPEN, str(path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    words, figures = ran.stdout.strip().splitlines()
    memory, seconds = figures.split()
    return words, float(memory), float(seconds)


def test_json_of_too_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are counted in the text, before anything is made of it."""
    monkeypatch.setattr(checks, "MAX_PARTS", 3)
    with pytest.raises(pw.LibraryError, match=r"4 arrays and objects, 2 values\. At most 3 and"):
        pw.load_files({"a.json": b'{"a": [[], [], 1]}'})
    monkeypatch.setattr(checks, "MAX_VALUES", 1)
    with pytest.raises(pw.LibraryError, match="2 values"):
        pw.load_files({"a.json": b'{"a": [1, 2, 3]}'})


def test_csv_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is parted into cells."""
    assert sheet.MAX_CELLS == 1_000_000
    monkeypatch.setattr(sheet, "MAX_CELLS", 8)
    with pytest.raises(pw.LibraryError, match="more than 8 cells"):
        pw.load_files({"s.csv": b"layer,variant,parent,kl\n0,a,x,0\n0,b,,1\n"})


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["json", "csv"])
def test_large_files_stay_within_bounds(tmp_path: Path, kind: str) -> None:
    """43 MiB of empty arrays and 58 MiB of 390 columns: 512 MiB, and said in seconds."""
    path = tmp_path / f"large.{kind}"
    if kind == "json":
        path.write_bytes(b"[" + b"[]," * (43 * 2**20 // 3) + b"[]]")
    else:
        heads = ["layer", "variant", "parent", *(f"metrics.m{n}" for n in range(387))]
        row = f"{','.join(['0'] * 390)}\n"
        path.write_text(",".join(heads) + "\n" + row * (58 * 2**20 // len(row)))
    words, memory, _ = opening(path)
    assert f"large.{kind}" in words
    assert "At most" in words or "more than" in words
    assert memory < MEMORY_MIB
