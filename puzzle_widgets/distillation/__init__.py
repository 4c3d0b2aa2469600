"""Builds a block library from a real model, and measures the truth about its prediction.

Needs PyTorch (``pip install puzzle-widgets[build]``); nothing else in the package imports this.
"""

from __future__ import annotations

from puzzle_widgets.distillation.children import distill_child
from puzzle_widgets.distillation.presets import PRESETS
from puzzle_widgets.distillation.run import open_run
from puzzle_widgets.distillation.stages import STAGES, build, check_architecture, distill_chosen

__all__ = [
    "PRESETS",
    "STAGES",
    "build",
    "check_architecture",
    "distill_child",
    "distill_chosen",
    "open_run",
]
