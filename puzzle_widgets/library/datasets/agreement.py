"""Which licences were agreed to on this machine; remembered beside the fetched files."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from puzzle_widgets.errors import DatasetError
from puzzle_widgets.library.datasets.catalogue import Dataset

FILE = "agreed.json"


def has_agreed(dataset: Dataset, folder: Path) -> bool:
    """Whether a data set's licence needs no agreement, or was agreed to before."""
    if not dataset.licence.to_agree:
        return True
    return _read(folder).get(dataset.name) == _terms(dataset)


def remember(dataset: Dataset, folder: Path) -> None:
    """Remember an agreement; where that cannot be written down it is asked for again."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        agreed = {**_read(folder), dataset.name: _terms(dataset)}
        (folder / FILE).write_text(json.dumps(agreed, indent=1), encoding="utf-8")


def ask_for(dataset: Dataset) -> DatasetError:
    """Give the error that says which licence has to be agreed to, and how."""
    licence = dataset.licence
    return DatasetError(
        f"{dataset.title} is under the {licence.name}. {licence.summary} Its text is at "
        f"{licence.address}. Read it, and if you agree: load_dataset({dataset.name!r}, agree=True)."
    )


def _terms(dataset: Dataset) -> dict[str, str]:
    return {"licence": dataset.licence.name, "text": dataset.licence.address}


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
