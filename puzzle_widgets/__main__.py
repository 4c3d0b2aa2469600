"""``python -m puzzle_widgets`` and the command ``puzzle-widgets``."""

from __future__ import annotations

import sys

from puzzle_widgets.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
