"""Puzzletron's ``solutions.json``, as little of it as its validation needs to realize a model."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from typing import Any

from puzzle_widgets.export.blocks import as_read, known, required_config
from puzzle_widgets.export.checks import UNKNOWN
from puzzle_widgets.export.findings import Finding, blocks_found
from puzzle_widgets.export.request import ExportContext
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.model import once_per_library
from puzzle_widgets.solution import Solution


def puzzletron_solutions(solutions: Sequence[Solution]) -> list[dict[str, Any]]:
    """Write architectures as solutions that Puzzletron realizes from the weights of their blocks.

    Raises
    ------
    ExportError
        If too little is known of a block.
    """
    return [{"chosen_replacements": _replacements(solution)} for solution in solutions]


def parent_index(library: BlockLibrary, place: int) -> int:
    """Index of a layer in the parent: its name where layers are numbered from 0, else its place."""
    return int(library.layers[place].name) if _numbered(library) else place


@once_per_library
def _numbered(library: BlockLibrary) -> bool:
    names = [layer.name for layer in library.layers]
    return all(isinstance(name, int) for name in names) and 0 in names


def check_puzzletron(context: ExportContext) -> list[Finding]:
    """Refuse unknown blocks and blocks without weights; say where the others' have to lie."""
    solution = context.solution
    found = blocks_found(solution, _not_writable, UNKNOWN, "no blocks of unknown kind")
    found += blocks_found(
        solution,
        _lacks_weights,
        "the library names no weights for the block. Open the Puzzletron directory that it was "
        "built in.",
        "only blocks with weights" if _has_weights(solution.library) else "",
    )
    places = range(len(solution.library.layers))
    if [parent_index(solution.library, place) for place in places] != list(places):
        words = "Layers are missing from the library: Puzzletron needs every one from 0 on."
        found.append(Finding("error", words))
    if folder := _weights_folder(solution):
        words = f"Puzzletron has to find the weights where the library says: in {folder}."
        found.append(Finding("note", words))
    return found


def _replacements(solution: Solution) -> list[dict[str, Any]]:
    return [
        {
            "parent_layer_indices": [parent_index(solution.library, place)],
            "child_block_configs": [_config(block)],
            "weight_paths": list(block.weight_paths),
        }
        for place, block in enumerate(solution.blocks)
    ]


def _config(block: BlockVariant) -> dict[str, Any]:
    """The configuration as Puzzletron wrote it, word for word: its keys are compared as text."""
    return dict(as_read(block)) if _is_own(block) else required_config(block)


def _is_own(block: BlockVariant) -> bool:
    """Whether the block's configuration was read as Puzzletron writes it, in either version."""
    read = as_read(block)
    subblocks = [read.get("attention"), read.get("ffn")]
    return "subblock_configs" in read or all(
        isinstance(subblock, Mapping) and "weights_precision" in subblock for subblock in subblocks
    )


def _not_writable(block: BlockVariant, _: int) -> bool:
    """Whether a block is neither Puzzletron's own nor known."""
    return not _is_own(block) and not known(block)


def _lacks_weights(block: BlockVariant, _: int) -> bool:
    """Whether a block has no file of weights, though it is no no-op, which needs none."""
    return not block.weight_paths and not block.attention.kind == block.ffn.kind == "no_op"


def _weights_folder(solution: Solution) -> str:
    """Folder that all weights lie in, as the library names it; empty where there is none."""
    paths = [path for block in solution.blocks for path in block.weight_paths]
    try:
        return os.path.commonpath(paths) if paths else ""
    except ValueError:  # some absolute, some not
        return ""


@once_per_library
def _has_weights(library: BlockLibrary) -> bool:
    """Whether the library names weights at all."""
    return any(variant.weight_paths for layer in library.layers for variant in layer.variants)
