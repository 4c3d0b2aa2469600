"""``puzzle-widgets build``: builds a measured block library from a small real model."""

from __future__ import annotations

import os
from argparse import Namespace
from importlib import import_module

from puzzle_widgets.cli.exits import FOUND
from puzzle_widgets.cli.output import note
from puzzle_widgets.errors import BuildError


def run(asked: Namespace) -> int:
    """Run the stages; Ctrl-C loses at most the block at hand."""
    # Threads that wait actively cost a busy machine most of its time; read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        package = import_module("puzzle_widgets.distillation")
    except ImportError as error:
        raise BuildError(
            f"Building needs {error.name}, which is not installed. "
            "Install it by: pip install puzzle-widgets[build]"
        ) from error
    if asked.architecture is not None:
        package.distil_chosen(asked.preset, asked.out, asked.architecture, note)
        return FOUND
    package.build(asked.preset, asked.out, asked.stage, note)
    return FOUND
