"""Block libraries: what they are, how they are read and written."""

from puzzle_widgets.library.block import SubBlock
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.generate import random_library
from puzzle_widgets.library.load import embedded_libraries, load_files, load_library, open_run
from puzzle_widgets.library.model import (
    BlockLibrary,
    BlockVariant,
    Layer,
    LayerName,
    Measurement,
    Provenance,
)
from puzzle_widgets.library.native import dump_library
from puzzle_widgets.library.puzzletron import PuzzletronRun, StatsScenario
from puzzle_widgets.library.tables import dump_template, to_frame, write_template
from puzzle_widgets.library.write import write_library

__all__ = [
    "BlockLibrary",
    "BlockVariant",
    "FrozenMapping",
    "Layer",
    "LayerName",
    "Measurement",
    "Provenance",
    "PuzzletronRun",
    "StatsScenario",
    "SubBlock",
    "dump_library",
    "dump_template",
    "embedded_libraries",
    "load_files",
    "load_library",
    "open_run",
    "random_library",
    "to_frame",
    "write_library",
    "write_template",
]
