"""What the app's notebook shows: the explorer, or a message that says why it cannot."""

from __future__ import annotations

import os

from ipywidgets import HTML, DOMWidget
from markupsafe import Markup

from puzzle_widgets.app.environment import (
    DECIMAL_VARIABLE,
    GAPS_VARIABLE,
    LIBRARY_VARIABLE,
    THOUSANDS_VARIABLE,
    WORKLOAD_VARIABLE,
)
from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.library import open_source
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.explorer import PuzzleExplorer

DEFAULT_LIBRARY = "llama-3.3-70b-modeled"

_MESSAGE = Markup(
    '<div class="pzw-error" role="alert"><strong>The block library {} cannot be opened.</strong>'
    "<br>{}</div>"
)


def explorer_page() -> DOMWidget:
    """Explorer of the library that the environment names, of the embedded default otherwise."""
    name = os.environ.get(LIBRARY_VARIABLE) or DEFAULT_LIBRARY
    try:
        state = _open(name, os.environ.get(WORKLOAD_VARIABLE) or None)
    except PuzzleError as error:
        return HTML(_MESSAGE.format(name, error))
    return PuzzleExplorer(state)


def _open(name: str, workload: str | None) -> ExplorerState:
    opened = open_source(
        name,
        allow_gaps=bool(os.environ.get(GAPS_VARIABLE)),
        decimal=os.environ.get(DECIMAL_VARIABLE),
        thousands=os.environ.get(THOUSANDS_VARIABLE),
    )
    return ExplorerState(opened, workload=workload)
