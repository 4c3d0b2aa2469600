"""Libraries by name: what ships with the package, and published ones, fetched once."""

from puzzle_widgets.library.datasets.catalog import (
    Dataset,
    DatasetFile,
    License,
    embedded_libraries,
    find_dataset,
    list_datasets,
)
from puzzle_widgets.library.datasets.fetch import (
    Progress,
    ask_for,
    cache_folder,
    has_agreed,
    is_here,
    read_files,
    remember,
)

__all__ = [
    "Dataset",
    "DatasetFile",
    "License",
    "Progress",
    "ask_for",
    "cache_folder",
    "embedded_libraries",
    "find_dataset",
    "has_agreed",
    "is_here",
    "list_datasets",
    "read_files",
    "remember",
]
