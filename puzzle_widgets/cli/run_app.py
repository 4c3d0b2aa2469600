"""``puzzle-widgets app``: serves the explorer."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module
from typing import Any

from puzzle_widgets.cli.exits import FOUND
from puzzle_widgets.cli.open_library import how_to_read, open_asked
from puzzle_widgets.errors import ServerError
from puzzle_widgets.loading import loading


def run(asked: Namespace) -> int:
    """Serve until Ctrl-C; a library that cannot be opened fails here, not in the page."""
    if asked.library is not None:
        open_asked(asked)
    try:
        with loading():
            server = import_module("puzzle_widgets.app.server")
    except ImportError as error:
        raise ServerError(
            f"The app needs {error.name}, which is not installed. "
            "Install it, or puzzle-widgets anew: pip install puzzle-widgets"
        ) from error
    options: dict[str, Any] = {} if asked.workload is None else {"workload": asked.workload}
    options |= how_to_read(asked)
    options |= {} if asked.max_sessions is None else {"max_sessions": asked.max_sessions}
    server.serve(asked.library, port=asked.port, open_browser=not asked.no_browser, **options)
    return FOUND
