"""``puzzle-widgets datasets`` and ``template``: what data there is, and how to begin one's own."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from puzzle_widgets.cli import tables
from puzzle_widgets.cli.exits import FOUND
from puzzle_widgets.cli.open_library import open_dataset, terms
from puzzle_widgets.cli.output import (
    check_output,
    chosen_format,
    note,
    plain,
    write_json,
    write_tables,
)
from puzzle_widgets.library import write_template
from puzzle_widgets.library.datasets import Dataset, find_dataset, is_here, list_datasets
from puzzle_widgets.library.tables.numbers import Mark


def run(asked: Namespace) -> int:
    """List the datasets, or fetch one."""
    if asked.dataset is not None:
        return _fetch(find_dataset(asked.dataset), agree=asked.agree)
    check_output(asked)
    datasets = list_datasets()
    if chosen_format(asked) == "json":
        write_json([_record(dataset) for dataset in datasets], asked)
        return FOUND
    columns = ["Name", "Figures", "License", "Here", "Size", "Layers", "Variants"]
    rows = [[*_words(found), *map(_count, (found.layers, found.variants))] for found in datasets]
    write_tables([tables.make_table("Datasets", columns, rows, left=4, whole=True)], asked)
    return FOUND


def run_template(asked: Namespace) -> int:
    """Write a sheet to start a library from."""
    decimal: Mark = "," if asked.decimal_comma else "."
    write_template(asked.file, layers=asked.layers, decimal=decimal, overwrite=asked.force)
    note(
        f"Written to {plain(asked.file)}. Type over the example, then: puzzle-widgets {asked.file}"
    )
    return FOUND


def _fetch(dataset: Dataset, *, agree: bool) -> int:
    if agree and not dataset.embedded:
        note(terms(dataset))
    open_dataset(dataset, agree=agree)
    note(f"{dataset.title} is here. Open it by: puzzle-widgets {dataset.name}")
    return FOUND


def _words(dataset: Dataset) -> list[str]:
    figures = tables.ORIGINS[dataset.origin]
    return [dataset.name, figures, dataset.license.name, _here(dataset), dataset.size_text]


def _count(value: int) -> str:
    return f"{value:,}"


def _here(dataset: Dataset) -> str:
    return "yes" if is_here(dataset) else "fetched when opened"


def _record(dataset: Dataset) -> dict[str, Any]:
    terms = dataset.license
    return {
        "id": dataset.name,
        "title": dataset.title,
        "about": dataset.about,
        "license": {"name": terms.name, "summary": terms.summary, "text": terms.address},
        "origin": dataset.origin,
        "layers": dataset.layers,
        "variants": dataset.variants,
        "bytes": dataset.size,
        "source": dataset.source,
        "here": is_here(dataset),
        "files": {file.name: file.sha256 for file in dataset.files},
    }
