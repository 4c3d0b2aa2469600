"""From what a person names to where it is: a path that is there, else a dataset's name."""

from __future__ import annotations

import os
from pathlib import Path

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.datasets import Dataset, list_datasets


def find_library(source: str | os.PathLike[str]) -> Path | Dataset:
    """Find a library by its path or its name; a path that is there goes before a name.

    Raises
    ------
    LibraryError
        With the names there are.
    """
    if not isinstance(source, str | os.PathLike):
        raise LibraryError(
            f"A {type(source).__name__} cannot be opened. Give a folder, a file, the name of a "
            "dataset, or a DataFrame; bytes in hand go to load_files."
        )
    path = _existing(source)
    if path is not None:
        return path
    datasets = {dataset.name: dataset for dataset in list_datasets()}
    if str(source) in datasets:
        return datasets[str(source)]
    raise LibraryError(
        f"{str(source)!r}: no such file, folder or dataset. Datasets are: {', '.join(datasets)}."
    )


def _existing(source: str | os.PathLike[str]) -> Path | None:
    try:
        path = Path(source).expanduser()
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):  # no text for a path, or "~nobody"
        return None
