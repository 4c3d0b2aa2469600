"""Which licenses were agreed to on this machine; remembered beside the fetched files."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from puzzle_widgets.errors import DatasetError
from puzzle_widgets.library.datasets.catalog import Dataset
from puzzle_widgets.writing import atomic_write

FILE = "agreed.json"


def has_agreed(dataset: Dataset, folder: Path) -> bool:
    """Whether a dataset's license needs no agreement, or was agreed to before."""
    if not dataset.license.to_agree:
        return True
    return _read(folder).get(dataset.name) == _terms(dataset)


def remember(dataset: Dataset, folder: Path) -> None:
    """Remember an agreement; where that cannot be written down it is asked for again."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        agreed = {**_read(folder), dataset.name: _terms(dataset)}
        atomic_write(folder / FILE, json.dumps(agreed, indent=1))


def ask_for(dataset: Dataset) -> DatasetError:
    """Give the error that says which license has to be agreed to, and how."""
    terms = dataset.license
    return DatasetError(
        f"{dataset.title} is under the {terms.name}. {terms.summary} Its text is at "
        f"{terms.address}. Read it, and if you agree: load_dataset({dataset.name!r}, agree=True)."
    )


def _terms(dataset: Dataset) -> dict[str, str]:
    return {"license": dataset.license.name, "text": dataset.license.address}


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
