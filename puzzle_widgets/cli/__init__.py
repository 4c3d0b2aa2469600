"""The command line: everything but ``app`` runs without Jupyter."""

from puzzle_widgets.cli.main import main

__all__ = ["main"]
