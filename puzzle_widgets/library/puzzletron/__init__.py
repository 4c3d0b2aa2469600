"""Puzzletron runs: the files of NVIDIA's search for compressed architectures, without its code."""

from puzzle_widgets.library.puzzletron.run import PuzzletronRun, Wanted, open_files
from puzzle_widgets.library.puzzletron.stats import Workload

__all__ = ["PuzzletronRun", "Wanted", "Workload", "open_files"]
