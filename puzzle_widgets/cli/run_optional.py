"""``puzzle-widgets app`` and ``build``, which need what is not always installed."""

from __future__ import annotations

import os
from argparse import Namespace
from importlib import import_module
from typing import Any

from puzzle_widgets.cli.exits import FOUND
from puzzle_widgets.cli.open_library import how_to_read, open_asked
from puzzle_widgets.cli.output import note
from puzzle_widgets.errors import BuildError, ServerError
from puzzle_widgets.loading import loading


def run_app(asked: Namespace) -> int:
    """Serve until Ctrl-C; a library that cannot be opened fails here, not in the page."""
    if asked.library is not None:
        open_asked(asked)
    try:
        with loading():
            server = import_module("puzzle_widgets.app.server")
    except ImportError as error:
        raise ServerError(
            f"The app needs {error.name}, which is not installed. "
            "Install it, or reinstall puzzle-widgets: pip install puzzle-widgets"
        ) from error
    options: dict[str, Any] = {} if asked.workload is None else {"workload": asked.workload}
    options |= how_to_read(asked)
    options |= {} if asked.max_sessions is None else {"max_sessions": asked.max_sessions}
    server.serve(asked.library, port=asked.port, open_browser=not asked.no_browser, **options)
    return FOUND


def run_build(asked: Namespace) -> int:
    """Run the stages; Ctrl-C loses at most the block at hand."""
    # Threads that wait actively cost a busy machine most of its time; read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        package = import_module("puzzle_widgets.distillation")
    except ImportError as error:
        raise BuildError(
            f"Building needs {error.name}, which is not installed. "
            "Install it with: pip install puzzle-widgets[build]"
        ) from error
    if asked.architecture is not None:
        package.distill_chosen(asked.preset, asked.out, asked.architecture, note)
        return FOUND
    package.build(asked.preset, asked.out, asked.stage, note)
    return FOUND
