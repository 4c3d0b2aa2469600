"""Write a library to a file, in the form that the file's ending names."""

from __future__ import annotations

from pathlib import Path

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.model import BlockLibrary
from puzzle_widgets.library.native import dump_library
from puzzle_widgets.library.tables import dump_csv, dump_parquet, dump_xlsx
from puzzle_widgets.writing import atomic_write

_FORMS = {
    ".json": lambda library: dump_library(library).encode(),
    ".csv": lambda library: dump_csv(library).encode(),
    ".parquet": dump_parquet,
    ".xlsx": dump_xlsx,
}


def write_library(library: BlockLibrary, path: str | Path) -> None:
    """Write a library; read again it is equal, as far as its form goes.

    Parameters
    ----------
    library
        What to write.
    path
        File to create or replace, ending in ``.json`` (the project's own form, holds
        everything), ``.parquet``, ``.csv`` or ``.xlsx``; ``docs/formats.md`` says what each of
        them cannot hold.

    Raises
    ------
    LibraryError
        If the ending is another, what writes it is not installed, or the file cannot be written.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.random_library(2, 3)
    >>> pw.write_library(library, "mine.csv")
    >>> pw.load_library("mine.csv").layers == library.layers
    True
    """
    target = Path(path).expanduser()
    form = _FORMS.get(target.suffix.lower())
    if form is None:
        Location(target.name).fail("no known form.", f"End it in {', '.join(_FORMS)}.")
    content = form(library)
    try:
        atomic_write(target, content)
    except OSError as error:
        raise LibraryError(
            f"{path}: cannot be written ({error.strerror}). Name a file in a folder that is there."
        ) from error
