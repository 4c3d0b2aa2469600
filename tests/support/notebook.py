"""Small notebooks to serve in place of the explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from pathlib import Path


def write_notebook(path: Path, *cells: str, kernel: str | None = None) -> Path:
    """Write a notebook with one code cell for each source given, for a kernel of this name."""
    code = [nbformat.v4.new_code_cell(source) for source in cells]
    about = {"kernelspec": {"name": kernel, "display_name": kernel}} if kernel else {}
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata=about), path)
    return path
