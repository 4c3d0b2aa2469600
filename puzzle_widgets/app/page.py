"""How the server tells a kernel what to open, and the page that the kernel then shows."""

from __future__ import annotations

import functools
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.hosted import VARIABLE as HOSTED_VARIABLE
from puzzle_widgets.hosted import Hosted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ipywidgets import DOMWidget

JUPYTER_FOLDER = Path(__file__).resolve().parent / "jupyter"
LIBRARY_VARIABLE = "PUZZLE_WIDGETS_LIBRARY"
HOW_VARIABLE = "PUZZLE_WIDGETS_HOW"
DEFAULT_LIBRARY = "llama-3.3-70b-modeled"
_MESSAGE = Markup(
    '<div class="pzw-error" role="alert"><strong>The block library {} cannot be opened.</strong>'
    "<br>{}</div>"
)


@contextmanager
def served_environment(
    library: str | None, hosted: Hosted | None = None, **how: object
) -> Iterator[None]:
    """Set library, how it opens, the host's rules and the template's path while the server runs."""
    kept = dict(os.environ)
    known = kept.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join([str(JUPYTER_FOLDER), *([known] if known else [])])
    os.environ[HOW_VARIABLE] = json.dumps(how)
    os.environ[HOSTED_VARIABLE] = (hosted or Hosted()).text()
    os.environ["SERVER_SOFTWARE"] = "voila"  # for kernels that no request started, too
    if library is not None:
        os.environ[LIBRARY_VARIABLE] = library_argument(library)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def library_argument(library: str) -> str:
    """Absolute path of a library that is a file or folder; any other name as it is."""
    path = Path(library).expanduser()
    return str(path.resolve()) if path.exists() else library


def explorer_page() -> DOMWidget:
    """Explorer of the library that the environment names, else of the embedded default.

    The one that was made ahead, where there is one; where it cannot be opened, a message that
    says why.
    """
    made = _ahead.pop() if _ahead else None
    if made is not None and made.of == _told():
        return made.page
    if made is not None:
        made.page.close()
    return _explorer()


def make_ahead() -> DOMWidget | None:
    """Make the page, its first answers among it, before the kernel runs that will show it.

    ``None`` where it cannot be opened: the next kernel tries again.
    """
    from puzzle_widgets.state.background import loop_foreseen  # noqa: PLC0415
    from puzzle_widgets.widgets.explorer import PuzzleExplorer  # noqa: PLC0415

    with loop_foreseen():
        page = _explorer()
    if not isinstance(page, PuzzleExplorer):
        page.close()
        return None
    _ahead[:] = [_Ahead(page, _told())]
    return page


class _Ahead(NamedTuple):
    page: DOMWidget
    of: tuple[str | None, ...]


_ahead: list[_Ahead] = []


def _told() -> tuple[str | None, ...]:
    """All that the environment tells a page."""
    return tuple(map(os.environ.get, (LIBRARY_VARIABLE, HOW_VARIABLE, HOSTED_VARIABLE)))


def _explorer() -> DOMWidget:
    # The server imports this module, too, and needs no widgets.
    from ipywidgets import HTML  # noqa: PLC0415

    from puzzle_widgets.state import ExplorerState  # noqa: PLC0415
    from puzzle_widgets.widgets.explorer import PuzzleExplorer  # noqa: PLC0415

    name = os.environ.get(LIBRARY_VARIABLE) or DEFAULT_LIBRARY
    how = os.environ.get(HOW_VARIABLE) or "{}"
    workload = json.loads(how).get("workload")
    try:
        state = ExplorerState(_opened(name, how), workload=workload)
    except PuzzleError as error:
        return HTML(_MESSAGE.format(name, error))
    return PuzzleExplorer(state, own_page=True)


@functools.cache
def _opened(name: str, how: str) -> Any:  # noqa: ANN401 - what an explorer can show
    """Open a library once in a process: the forks of one that has opened it share it."""
    from puzzle_widgets.library import open_source  # noqa: PLC0415

    options = json.loads(how)
    options.pop("workload", None)
    return open_source(name, **options)
