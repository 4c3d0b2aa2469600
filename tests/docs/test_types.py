"""What a type checker and an editor see of the public names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import puzzle_widgets as pw
from tests.support.libraries import ROOT

pytest.importorskip("mypy", reason="mypy is not installed")


def mypy(code: str, folder: Path) -> str:
    """Check a user's file strictly, in a folder outside the project, and give what is said."""
    file = folder / "mine.py"
    file.write_text(code, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "", str(file)],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    ).stdout


@pytest.mark.slow
def test_public_names_are_typed(tmp_path: Path) -> None:
    """None of them is Any, those that load on first use neither; a wrong name is an error."""
    lines = ["import puzzle_widgets as pw"]
    lines += [f"reveal_type(pw.{name})" for name in pw.__all__]
    lines += ['reveal_type(pw.ExplorerState("x").solution)', "pw.Nonsense"]
    said = mypy("\n".join(lines), tmp_path)
    types = re.findall(r'mine\.py:(\d+): note: Revealed type is "(.*)"', said)
    assert len(types) == len(pw.__all__) + 1, said
    unknown = [lines[int(line) - 1] for line, found in types if found.split()[0] == "Any"]
    assert unknown == []
    assert 'Module has no attribute "Nonsense"' in said
