"""Open what LIBRARY names: a path, an embedded library, or a published one that is fetched."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from puzzle_widgets.cli.output import note, say
from puzzle_widgets.errors import DatasetError, LibraryError
from puzzle_widgets.library import (
    BlockLibrary,
    find_library,
    load_dataset,
    load_library,
    open_source,
)
from puzzle_widgets.library.datasets import Dataset, cache_folder, has_agreed

_YES = {"y", "yes"}


def is_library(word: str) -> bool:
    """Whether a word names a library: a path that is there, or a dataset."""
    try:
        return bool(find_library(word))
    except LibraryError:
        return False


def open_asked(asked: Namespace) -> BlockLibrary:
    """Open the library that is asked for, and say on stderr what is to be known of how it was read.

    A published one is fetched once its license is agreed to.

    Raises
    ------
    LibraryError, DatasetError
        If it cannot be opened, or its license is not agreed to.
    """
    return open_with_workloads(asked)[0]


def open_with_workloads(asked: Namespace) -> tuple[BlockLibrary, tuple[str, ...]]:
    """Open as :func:`open_asked` does; also names the workloads there are, if any, to choose."""
    library, workloads = _open(asked)
    for said in library.notes:
        say(f"note: {said}")
    return library, workloads


def how_to_read(asked: Namespace) -> dict[str, Any]:
    """What is said of how a library is to be read, but for its workload."""
    names = ("allow_gaps", "decimal", "thousands")
    return {name: getattr(asked, name) for name in names if getattr(asked, name)}


def _open(asked: Namespace) -> tuple[BlockLibrary, tuple[str, ...]]:
    found = find_library(asked.library)
    if isinstance(found, Dataset):
        if asked.workload is not None:
            raise DatasetError(f"{found.title} has no workloads; leave --workload out.")
        return open_dataset(found), ()
    opened = open_source(found, **how_to_read(asked))
    if not isinstance(opened, BlockLibrary):
        return opened.library(asked.workload), tuple(one.name for one in opened.workloads)
    if asked.workload is not None:  # says that there are none
        opened = load_library(found, workload=asked.workload, **how_to_read(asked))
    return opened, ()


def open_dataset(dataset: Dataset, *, agree: bool = False) -> BlockLibrary:
    """Open a dataset: ask for what has to be agreed to, and show how far the fetch is."""
    agreed = agree or has_agreed(dataset, cache_folder()) or _ask(dataset)
    if not agreed:
        raise DatasetError(
            f"{dataset.title} is under the {dataset.license.name}, which has to be accepted first. "
            f"Read {dataset.license.address}, then: "
            f"puzzle-widgets datasets {dataset.name} --agree"
        )
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True))
    bar = Progress(
        *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    )
    with bar:
        task = bar.add_task(dataset.title, total=dataset.size)
        return load_dataset(
            dataset.name,
            agree=True,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def terms(dataset: Dataset) -> str:
    """Say what a dataset is and under which terms."""
    terms = dataset.license
    text = f"The full text applies: {terms.address}\n" if terms.address else ""
    return (
        f"{dataset.title}: {dataset.about}\n"
        f"Source: {dataset.source}\n"
        f"Size: {dataset.size_text}\n"
        f"License: {terms.name}. {terms.summary}\n{text}"
    )


def _ask(dataset: Dataset) -> bool:
    """Ask on a terminal; where there is none the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    note(terms(dataset))
    sys.stderr.write("Do you accept this license? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in _YES
