"""Puzzletron runs: the files of NVIDIA's search for compressed architectures, without its code."""

from puzzle_widgets.library.puzzletron.run import PuzzletronRun, Wanted, open_files
from puzzle_widgets.library.puzzletron.stats import StatsScenario

__all__ = ["PuzzletronRun", "StatsScenario", "Wanted", "open_files"]
