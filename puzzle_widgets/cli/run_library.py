"""``puzzle-widgets show``, ``datasets``, ``template``, ``build`` and ``app``: one library."""

from __future__ import annotations

import os
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any

from rich.table import Table

from puzzle_widgets.app import notebooks
from puzzle_widgets.cli import tables
from puzzle_widgets.cli.inputs import (
    how_to_read,
    open_asked,
    open_dataset,
    open_with_workloads,
    terms,
)
from puzzle_widgets.cli.output import (
    FOUND,
    check_output,
    chosen_format,
    note,
    plain,
    write_json,
    write_tables,
)
from puzzle_widgets.errors import BuildError, ServerError
from puzzle_widgets.library import BlockLibrary, Layer, write_template
from puzzle_widgets.library.datasets import Dataset, find_dataset, is_here, list_datasets
from puzzle_widgets.library.model import ORIGIN_WORDS
from puzzle_widgets.library.quantity import (
    MEMORY,
    PARAMETERS,
    RUNTIME,
    THROUGHPUT,
    describe_key,
    format_figure,
    format_number,
)
from puzzle_widgets.library.tables.cells import Mark
from puzzle_widgets.loading import loading
from puzzle_widgets.problem.choices import find_layer


def run_show(asked: Namespace) -> int:
    """Print what a library holds, or one layer's variants."""
    check_output(asked)
    library, workloads = open_with_workloads(asked)
    layer = None if asked.layer is None else library.layer(find_layer(library, asked.layer))
    if chosen_format(asked) == "json":
        record = _library_record(library) | {"workloads": list(workloads)}
        write_json(record if layer is None else _layer_record(layer), asked)
    elif layer is None:
        named = _workloads(workloads)
        write_tables([_head(library), *named, _sums(library), _variants(library)], asked)
    else:
        write_tables([_layer_table(library, layer)], asked)
    return FOUND


def _workloads(names: Sequence[str]) -> list[Table]:
    """Workloads to choose from with ``--workload``."""
    if not names:
        return []
    return [tables.make_table("", ["Workloads (--workload)"], [[name] for name in names])]


def _head(library: BlockLibrary) -> Table:
    measurement, provenance = library.measurement, library.provenance
    facts = {
        "Figures": tables.origin_words(library),
        "Source": provenance.source,
        "Note": provenance.note,
        "Batch size (sequences)": _count(measurement.batch_size),
        "Sequence length (tokens)": _count(measurement.sequence_length),
        "GPU": measurement.gpu,
        "Number format": measurement.dtype,
        **dict(zip(("Layers", "Variants in all"), map(_count, _sizes(library)), strict=True)),
    }
    rows = [[name, text] for name, text in facts.items() if text]
    return tables.make_table("", ["Library", library.name], rows, left=2)


def _sums(library: BlockLibrary) -> Table:
    """Parent totals and reach of every score and cost."""
    rows = []
    for key in library.keys:
        figures = (library.parent_totals[key], *library.total_range(key))
        outside = [library.non_block_cost(key)] if library.non_block_costs else []
        cells = [format_figure(key, figure) for figure in (*outside, *figures)]
        rows.append([key, library.quantity(key).title, *cells])
    throughput = library.throughput(library.parent_totals.get(RUNTIME, 0.0))
    if throughput is not None:
        slow, fast = (library.throughput(limit) for limit in reversed(library.total_range(RUNTIME)))
        figures = (throughput, slow or 0.0, fast or 0.0)
        quantity = describe_key(THROUGHPUT)
        blank = [""] if library.non_block_costs else []
        rows.append([THROUGHPUT, quantity.title, *blank, *map(format_number, figures)])
    named = ["Non-block costs"] if library.non_block_costs else []
    columns = ["Key", "Score or cost", *named, "Parent", "Least possible", "Most possible"]
    return tables.make_table("Sums over all layers", columns, rows, left=2)


def _variants(library: BlockLibrary) -> Table:
    """Every block with the number of layers that offer it."""
    counts = Counter(variant.label for layer in library.layers for variant in layer.variants)
    parents = Counter(layer.parent_variant.label for layer in library.layers)
    rows = [[label, f"{n:,}", f"{parents[label]:,}"] for label, n in counts.items()]
    return tables.make_table("Blocks", ["Block", "Layers that offer it", "Of the parent"], rows)


def _layer_table(library: BlockLibrary, layer: Layer) -> Table:
    """List a layer's variants by the main figures; JSON has all."""
    main = [key for key in (MEMORY, RUNTIME, PARAMETERS) if key in library.keys]
    keys = [*library.scores, *(main or library.costs)]
    rows = [
        [variant.name, variant.label, "parent" if variant.name == layer.parent else ""]
        + [format_figure(key, variant.values[key]) for key in keys]
        for variant in layer.variants
    ]
    columns = ["Variant", "Block", "", *(library.quantity(key).title for key in keys)]
    return tables.make_table(f"{library.name}, layer {layer.name}", columns, rows, left=3)


def _library_record(library: BlockLibrary) -> dict[str, Any]:
    return _facts(library) | {
        "measurement": asdict(library.measurement),
        "provenance": asdict(library.provenance),
        "notes": list(library.notes),
        "keys": {
            key: {
                "label": library.quantity(key).label,
                "unit": library.quantity(key).unit,
                "non_block_cost": library.non_block_cost(key),
                "parent": library.parent_totals[key],
                "total_range": list(library.total_range(key)),
            }
            for key in library.keys
        },
        "parent_throughput_tokens_per_s": library.throughput(
            library.parent_totals.get(RUNTIME, 0.0)
        ),
    }


def _sizes(library: BlockLibrary) -> tuple[int, int]:
    return len(library.layers), int(library.starts[-1])


def _facts(library: BlockLibrary) -> dict[str, Any]:
    layers, variants = _sizes(library)
    return {
        "name": library.name,
        "origin": library.provenance.origin,
        "layers": layers,
        "variants": variants,
    }


def _layer_record(layer: Layer) -> dict[str, Any]:
    variants = [{"name": v.name, "block": v.label, **v.values} for v in layer.variants]
    return {"layer": layer.name, "parent": layer.parent, "variants": variants}


def _count(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def run_datasets(asked: Namespace) -> int:
    """List the datasets, or fetch one."""
    if asked.dataset is not None:
        return _fetch(find_dataset(asked.dataset), agree=asked.agree)
    check_output(asked)
    datasets = list_datasets()
    if chosen_format(asked) == "json":
        write_json([_dataset_record(dataset) for dataset in datasets], asked)
        return FOUND
    columns = ["Name", "Figures", "License", "Here", "Size", "Layers", "Variants"]
    rows = [[*_words(found), *map(_count, (found.layers, found.variants))] for found in datasets]
    write_tables([tables.make_table("Datasets", columns, rows, left=4, whole=True)], asked)
    return FOUND


def run_template(asked: Namespace) -> int:
    """Write a sheet to start a library from."""
    decimal: Mark = "," if asked.decimal_comma else "."
    write_template(asked.file, layers=asked.layers, decimal=decimal, overwrite=asked.force)
    note(f"Written to {plain(asked.file)}. Replace the example, then: puzzle-widgets {asked.file}")
    return FOUND


def _fetch(dataset: Dataset, *, agree: bool) -> int:
    if agree and not dataset.embedded:
        note(terms(dataset))
    open_dataset(dataset, agree=agree)
    note(f"{dataset.title} is downloaded. Open it with: puzzle-widgets {dataset.name}")
    return FOUND


def _words(dataset: Dataset) -> list[str]:
    figures = ORIGIN_WORDS[dataset.origin]
    return [dataset.name, figures, dataset.license.name, _here(dataset), dataset.size_text]


def _here(dataset: Dataset) -> str:
    return "yes" if is_here(dataset) else "fetched when opened"


def _dataset_record(dataset: Dataset) -> dict[str, Any]:
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


def run_app(asked: Namespace) -> int:
    """Serve until Ctrl-C; a library that cannot be opened fails here, not in the page."""
    if asked.notebook == notebooks.LIST:
        rows = [[one.name, one.title] for one in notebooks.served_notebooks()]
        write_tables([tables.make_table("", ["Notebook", "Title"], rows, left=2)], asked)
        return FOUND
    if asked.library is not None:
        open_asked(asked)
    for name in asked.offer or ():
        open_dataset(find_dataset(name))
    try:
        with loading():
            server = import_module("puzzle_widgets.app.server")
    except ImportError as error:
        raise ServerError(
            f"The app needs {error.name}, which is not installed. "
            "Install it, or reinstall puzzle-widgets: pip install puzzle-widgets"
        ) from error
    how = how_to_read(asked) | ({} if asked.workload is None else {"workload": asked.workload})
    settings = _settings(asked) | _notebook(asked, list(how))
    shows = not asked.no_browser
    server.serve(asked.library, how=how, port=asked.port, open_browser=shows, **settings)
    return FOUND


def _notebook(asked: Namespace, how: Sequence[str]) -> dict[str, object]:
    """Settings of a notebook that is served in place of the explorer, where one is named."""
    if asked.notebook is None:
        return {}
    found = notebooks.find_notebook(asked.notebook)
    notebooks.check_library(found, asked.library, how)
    return {"notebook": found.path, "document": found.title}


def _settings(asked: Namespace) -> dict[str, object]:
    """Settings of the server that were given; the rest is as the server has it."""
    given = {
        "ip": asked.ip,
        "base_url": asked.base_url,
        "max_sessions": asked.sessions,
        "per_address": asked.per_address,
        "session_mib": asked.session_mib,
        "idle_timeout": asked.idle_timeout,
        "token": asked.token or None,
        "trusted_hosts": asked.trusted_host,
        "behind_proxy": asked.behind_proxy or None,
        "metrics": asked.metrics or None,
        "offered": asked.offer,
        "fetch": False if asked.no_fetch else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def run_build(asked: Namespace) -> int:
    """Run the stages; Ctrl-C loses at most the block at hand."""
    # Threads that wait actively cost a busy machine most of its time; read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        package = import_module("puzzle_widgets.distillation")
    except ImportError as error:
        raise BuildError(
            f"Building needs {error.name}, which is not installed. "
            "Install it with: pip install puzzle-widgets[build]"
        ) from error
    if asked.architecture is not None:
        package.distill_chosen(asked.preset, asked.out, asked.architecture, note)
        return FOUND
    package.build(asked.preset, asked.out, asked.stage, note)
    return FOUND
