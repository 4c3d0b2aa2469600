"""A small dataset in the place of the published one, its mirror, and a cache of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from puzzle_widgets.library import datasets
from puzzle_widgets.library.datasets import Dataset, DatasetFile
from tests.support.libraries import published_files
from tests.support.mirror import Mirror, serving

NAME = "llama-3.3-70b-instruct"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep fetched files and agreements in a folder of the test's own."""
    monkeypatch.setenv("PUZZLE_WIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PUZZLE_WIDGETS_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A small library under the name and the terms of the published one."""
    files = tuple(
        DatasetFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in published_files().items()
    )
    (published,) = datasets._PUBLISHED
    made = replace(published, files=files, size=sum(file.size for file in files))
    monkeypatch.setattr(datasets, "_PUBLISHED", (made,))
    return made


@pytest.fixture
def mirror(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror of the small dataset, named in the environment."""
    files = {f"{small.folder}/{name}": content for name, content in published_files().items()}
    with serving(files) as found:
        monkeypatch.setenv("PUZZLE_WIDGETS_DATA", found.url + "/")
        yield found
