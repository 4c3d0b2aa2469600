"""The examples in docstrings are run as they stand."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import puzzle_widgets as pw
from tests.support.libraries import ROOT

PACKAGE = ROOT / "puzzle_widgets"
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text("utf-8")]


def dotted(path: Path) -> str:
    """Name of a file's module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gives what it says, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(import_module(dotted(path)), optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0


# What a Puzzletron run gives is shown where one is opened.
OF_RUNS = {"PuzzletronRun", "RunReports", "Workload", "read_reports"}
NAMES = [name for name in pw.__all__ if not name.endswith("Error") and name not in OF_RUNS]


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_an_example(name: str) -> None:
    """Short enough to type, and run above."""
    assert ">>> " in (getattr(pw, name).__doc__ or "")
