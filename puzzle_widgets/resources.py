"""Where the files that ship with the package lie: in a wheel inside it, in a checkout beside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_folder() -> Path:
    """Folder of the embedded block libraries."""
    return _shipped("_data", "data")


def notebook_folder() -> Path:
    """Folder of the notebooks; ``explorer.ipynb`` is the app's."""
    return _shipped("_notebooks", "notebooks")


def docs_folder() -> Path:
    """Folder of the documentation's pages; a wheel has those that the explorer shows."""
    return _shipped("_docs", "docs")


def _shipped(inside: str, beside: str) -> Path:
    bundled = _PACKAGE / inside
    return bundled if bundled.is_dir() else _PACKAGE.parent / beside
