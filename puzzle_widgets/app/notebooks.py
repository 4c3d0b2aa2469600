"""The project's notebooks that the server shows as pages of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from puzzle_widgets.app.page import LIBRARY_VARIABLE
from puzzle_widgets.errors import ServerError
from puzzle_widgets.resources import notebook_folder

LIST = "list"
_NUMBERED = "[0-9][0-9]_*.ipynb"


@dataclass(frozen=True, slots=True)
class ServedNotebook:
    """A notebook that is served as a page.

    Parameters
    ----------
    path
        Its file, such as ``01_first_look.ipynb``.
    title
        What it is called.
    takes_library
        Whether it works on the library that the server is given; others bring their own.
    """

    path: Path
    title: str
    takes_library: bool

    @property
    def name(self) -> str:
        """Its name, such as ``01_first_look``."""
        return self.path.stem


def served_notebooks() -> list[ServedNotebook]:
    """All notebooks, in the order of their numbers.

    Examples
    --------
    >>> served_notebooks()[0].name
    '01_first_look'
    """
    return [_read(path) for path in sorted(_files())]


def find_notebook(asked: str) -> ServedNotebook:
    """Find a notebook by its number or name.

    Examples
    --------
    >>> find_notebook("1") == find_notebook("01") == find_notebook("01_first_look.ipynb")
    True
    """
    wanted = asked.removesuffix(".ipynb")
    for one in _files():
        if wanted in (one.stem, one.stem[:2], one.stem[:2].lstrip("0")):
            return _read(one)
    names = ", ".join(one.name for one in served_notebooks())
    raise ServerError(f"no notebook {asked!r}; name one of {names}, or its number")


def check_library(notebook: ServedNotebook, library: str | None, how: Sequence[str]) -> None:
    """Refuse a library that a notebook does not take, and options of reading that it would miss."""
    if library is not None and not notebook.takes_library:
        raise ServerError(f"notebook {notebook.name} has a library of its own; leave out {library}")
    if how:
        raise ServerError(
            f"notebook {notebook.name} opens its library without {', '.join(how)}; leave that out, "
            "or write the library to a file first"
        )


def _files() -> list[Path]:
    return list(notebook_folder().glob(_NUMBERED))


def _read(path: Path) -> ServedNotebook:
    content = json.loads(path.read_text(encoding="utf-8"))
    code = "".join("".join(cell["source"]) for cell in content["cells"])
    title = content["metadata"].get("title", path.stem)
    return ServedNotebook(path.resolve(), title, LIBRARY_VARIABLE in code)
