"""Every Python block of README and docs is run as it stands, from the files themselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from tests.support.libraries import ROOT

FILES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
# A block, and the comment before it that says why it is not run.
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>[^>]+?) -->\n)?```python\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


def blocks_of(file: Path) -> list[tuple[int, str]]:
    """Give line and code of every block that is to be run."""
    text = file.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, found.start("code")), found["code"])
        for found in BLOCK.finditer(text)
        if found["why"] is None
    ]


WITH_CODE = [file for file in FILES if blocks_of(file)]


@pytest.mark.parametrize("file", WITH_CODE, ids=lambda file: file.name)
def test_blocks_run(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in one namespace, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for line, code in blocks_of(file):
        # Errors name the file and its own line.
        exec(compile("\n" * line + code, str(file), "exec"), names)  # noqa: S102
    for made in names.values():
        if isinstance(made, ipywidgets.Widget):
            made.close()


def test_there_are_blocks_to_run() -> None:
    """The page on Python among them; what is not run says why."""
    assert {"README.md", "python.md", "datasets.md", "export.md"} <= {
        file.name for file in WITH_CODE
    }
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert text.count("```python") == len(BLOCK.findall(text))
        assert text.count("<!-- not run") == sum(
            bool(found["why"]) for found in BLOCK.finditer(text)
        )
