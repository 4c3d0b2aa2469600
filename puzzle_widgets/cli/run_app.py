"""``puzzle-widgets app``: serves the explorer."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module

from puzzle_widgets.cli.exits import FOUND
from puzzle_widgets.errors import ServerError
from puzzle_widgets.library import load_library


def run(asked: Namespace) -> int:
    """Serve until Ctrl-C; a library that cannot be opened fails here, not in the page."""
    if asked.library is not None:
        load_library(asked.library)
    try:
        server = import_module("puzzle_widgets.app.server")
    except ImportError as error:
        raise ServerError(
            f"The app needs {error.name}, which is not installed. "
            "Install it, or puzzle-widgets anew: pip install puzzle-widgets"
        ) from error
    server.serve(asked.library, port=asked.port, open_browser=not asked.no_browser)
    return FOUND
