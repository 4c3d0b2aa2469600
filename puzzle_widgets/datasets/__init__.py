"""Libraries by name: those that ship with the package, and published ones, fetched once."""

from puzzle_widgets.datasets.agreement import has_agreed
from puzzle_widgets.datasets.catalogue import (
    Dataset,
    DatasetFile,
    Licence,
    find_dataset,
    list_datasets,
)
from puzzle_widgets.datasets.fetch import cache_folder, is_here
from puzzle_widgets.datasets.load import load_dataset

__all__ = [
    "Dataset",
    "DatasetFile",
    "Licence",
    "cache_folder",
    "find_dataset",
    "has_agreed",
    "is_here",
    "list_datasets",
    "load_dataset",
]
