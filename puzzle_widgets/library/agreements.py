"""Which licenses of datasets were agreed to: by this machine's user, or by a server's visitor.

A user's agreements are kept in the cache folder. Where a server is for others, an agreement counts
for the visitor who gives it: it is kept by the visitor's session, a process of its own, and by the
visitor's browser, which hands it to the next session.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from puzzle_widgets.errors import DatasetError
from puzzle_widgets.hosted import hosted
from puzzle_widgets.library.datasets import Dataset, cache_folder, list_datasets
from puzzle_widgets.writing import atomic_write

FILE = "agreed.json"
_of_visitor: dict[str, dict[str, str]] = {}


def has_agreed(dataset: Dataset) -> bool:
    """Whether a dataset's license needs no agreement, or was agreed to before."""
    rules = hosted()
    if not dataset.license.to_agree or dataset.name in rules.offered:
        return True
    given = _of_visitor if rules.by_visitor else _read(cache_folder())
    return given.get(dataset.name) == _terms(dataset)


def remember(dataset: Dataset) -> None:
    """Remember an agreement; where that cannot be written down it is asked for again."""
    if hosted().by_visitor:
        _of_visitor[dataset.name] = _terms(dataset)
        return
    folder = cache_folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        agreed = {**_read(folder), dataset.name: _terms(dataset)}
        atomic_write(folder / FILE, json.dumps(agreed, indent=1))


def of_visitor() -> dict[str, dict[str, str]]:
    """Give the visitor's agreements, for the browser to keep: the terms by the dataset's name."""
    return dict(_of_visitor)


def take_back(kept: object) -> None:
    """Take what the visitor's browser has kept, as far as the terms are still the same."""
    if not hosted().by_visitor or not isinstance(kept, Mapping):
        return
    for dataset in list_datasets():
        if kept.get(dataset.name) == _terms(dataset):
            _of_visitor[dataset.name] = _terms(dataset)


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
