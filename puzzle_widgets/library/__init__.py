"""Block libraries: what they are, how they are read and written."""

from puzzle_widgets.library.datasets import Dataset, embedded_libraries, list_datasets
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.generate import random_library
from puzzle_widgets.library.json_forms import dump_library
from puzzle_widgets.library.load import (
    load_dataset,
    load_files,
    load_library,
    open_run,
    open_source,
)
from puzzle_widgets.library.matching import LayerMatch, match_layers
from puzzle_widgets.library.model import (
    BlockLibrary,
    BlockVariant,
    Layer,
    LayerName,
    Measurement,
    Provenance,
    SubBlock,
)
from puzzle_widgets.library.puzzletron import PuzzletronRun, Workload
from puzzle_widgets.library.rescale import Serving, with_workload
from puzzle_widgets.library.source import find_library
from puzzle_widgets.library.tables import TableRun
from puzzle_widgets.library.write import dump_template, write_library, write_template

__all__ = [
    "BlockLibrary",
    "BlockVariant",
    "Dataset",
    "FrozenMapping",
    "Layer",
    "LayerMatch",
    "LayerName",
    "Measurement",
    "Provenance",
    "PuzzletronRun",
    "Serving",
    "SubBlock",
    "TableRun",
    "Workload",
    "dump_library",
    "dump_template",
    "embedded_libraries",
    "find_library",
    "list_datasets",
    "load_dataset",
    "load_files",
    "load_library",
    "match_layers",
    "open_run",
    "open_source",
    "random_library",
    "with_workload",
    "write_library",
    "write_template",
]
