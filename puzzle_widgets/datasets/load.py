"""Open a data set as a block library."""

from __future__ import annotations

from dataclasses import replace

from puzzle_widgets.datasets.agreement import ask_for, has_agreed, remember
from puzzle_widgets.datasets.catalogue import find_dataset
from puzzle_widgets.datasets.fetch import Progress, cache_folder, read_files
from puzzle_widgets.library import BlockLibrary, Provenance, load_files, load_library


def load_dataset(
    name: str, *, agree: bool = False, progress: Progress | None = None
) -> BlockLibrary:
    """Open a data set; what does not ship with the package is fetched the first time.

    Parameters
    ----------
    name
        One of :func:`list_datasets`.
    agree
        Whether you agree to its licence; asked for once, and remembered in the cache folder.
    progress
        Called with (bytes here, bytes in all) during a fetch; whatever it raises ends the fetch.

    Raises
    ------
    DatasetError
        If there is no such data set, its licence is not agreed to, or it cannot be fetched.

    Notes
    -----
    ``PUZZLE_WIDGETS_DATA`` names a folder or the address of a mirror to take the files from,
    ``PUZZLE_WIDGETS_CACHE`` the folder to keep them in. Either way a file counts only with the
    published file's SHA-256.
    """
    dataset = find_dataset(name)
    if dataset.embedded:
        return load_library(dataset.name)
    folder = cache_folder()
    if not agree and not has_agreed(dataset, folder):
        raise ask_for(dataset)
    if agree:
        remember(dataset, folder)
    library = load_files(read_files(dataset, progress), name=dataset.title)
    note = f"{dataset.licence.name}. {dataset.licence.summary}"
    return replace(library, provenance=Provenance("measured", dataset.source, note))
