"""Puzzletron's solutions, and the configurations of ModelOpt AnyModel and transformers."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from typing import Any

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.blocks import as_read, known, required_config
from puzzle_widgets.export.checks import UNKNOWN, ExportContext
from puzzle_widgets.export.findings import Finding, blocks_found
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.model import once_per_library
from puzzle_widgets.solution import Solution

# What the per_layer_config of transformers calls a subblock that a layer lacks.
_SKIPPED = {"attention": "attention", "ffn": "mlp"}


def puzzletron_solutions(solutions: Sequence[Solution]) -> list[dict[str, Any]]:
    """Write architectures as solutions that Puzzletron builds from its blocks' weights."""
    return [{"chosen_replacements": _replacements(solution)} for solution in solutions]


def parent_index(library: BlockLibrary, place: int) -> int:
    """Index of a layer in the parent: its name where layers are numbered from 0, else its place."""
    return int(library.layers[place].name) if _numbered(library) else place


@once_per_library
def _numbered(library: BlockLibrary) -> bool:
    names = [layer.name for layer in library.layers]
    return all(isinstance(name, int) for name in names) and 0 in names


def check_puzzletron(context: ExportContext) -> list[Finding]:
    """Refuse unknown blocks and blocks without weights; say where the others' must be."""
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
    """Folder of all weights as the library names it; empty without one."""
    paths = [path for block in solution.blocks for path in block.weight_paths]
    try:
        return os.path.commonpath(paths) if paths else ""
    except ValueError:  # some absolute, some not
        return ""


@once_per_library
def _has_weights(library: BlockLibrary) -> bool:
    """Whether the library names weights at all."""
    return any(variant.weight_paths for layer in library.layers for variant in layer.variants)


def anymodel_config(solution: Solution, parent: ParentConfig) -> dict[str, Any]:
    """Write an architecture as AnyModel: the parent with one block configuration per layer."""
    blocks = [required_config(block) for block in solution.blocks]
    return parent.to_child() | {"num_hidden_layers": len(blocks), "block_configs": blocks}


def check_anymodel(context: ExportContext) -> list[Finding]:
    """Say that weights come from Puzzletron, and which readers there are."""
    hybrid = context.parent is not None and context.parent.model_type == "nemotron_h"
    served = (
        "export for nemotron-h-puzzle to serve it"
        if hybrid
        else "export for vllm instead where the model is Llama-shaped"
    )
    note = (
        "The file alone is not a model: Puzzletron realizes the weights. Released vLLM does not "
        f"read it; {served}."
    )
    return [Finding("note", note)]


def per_layer_config(solution: Solution, parent: ParentConfig) -> dict[str, Any]:
    """Write an architecture as the parent's configuration with a sparse ``per_layer_config``."""
    layers = {str(n): _differences(block, parent) for n, block in enumerate(solution.blocks)}
    return parent.to_child() | {
        "num_hidden_layers": len(layers),
        "per_layer_config": {place: found for place, found in layers.items() if found},
    }


def check_per_layer(context: ExportContext) -> list[Finding]:
    """Refuse a parent without sizes to compare with."""
    parent = context.parent
    if parent is None:
        return []
    fields = {
        "num_key_value_heads": parent.kv_heads,
        "intermediate_size": parent.width,
    }
    missing = [field for field, value in fields.items() if not value]
    if missing:
        words = f"{parent.source} does not say {', '.join(missing)}, which differences start from."
        return [Finding("error", words)]
    words = (
        "transformers reads this configuration and builds no model from it: no release has the "
        "modeling for layers of unlike sizes. To serve the model, export for another target."
    )
    return [Finding("warning", words)]


def _differences(block: BlockVariant, parent: ParentConfig) -> dict[str, Any]:
    for subblock in (block.attention, block.ffn):
        if subblock.kind in ("linear", "other"):
            raise ExportError(f"A {subblock.kind} subblock cannot be written as per_layer_config.")
    skipped = [word for part, word in _SKIPPED.items() if getattr(block, part).kind == "no_op"]
    found: dict[str, Any] = {"skip": skipped} if skipped else {}
    if block.attention.size not in (None, parent.kv_heads):
        found["num_key_value_heads"] = block.attention.size
    if block.ffn.size not in (None, parent.width):
        found["intermediate_size"] = block.ffn.size
    return found
