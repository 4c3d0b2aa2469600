"""The ``per_layer_config`` of transformers: for each layer only what differs from all."""

from __future__ import annotations

from typing import Any

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.library import BlockVariant
from puzzle_widgets.solution import Solution

_SKIPPED = {"attention": "attention", "ffn": "mlp"}


def per_layer_config(solution: Solution, parent: ParentConfig) -> dict[str, Any]:
    """Write an architecture as the parent's configuration with a sparse ``per_layer_config``.

    Parameters
    ----------
    solution
        The architecture.
    parent
        Everything else, and the sizes that differences are told from.

    Raises
    ------
    ExportError
        If a block is neither sized nor a no-op.
    """
    layers = {str(n): _differences(block, parent) for n, block in enumerate(solution.blocks)}
    return parent.to_child() | {
        "num_hidden_layers": len(layers),
        "per_layer_config": {place: found for place, found in layers.items() if found},
    }


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
