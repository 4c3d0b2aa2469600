"""The parent's configuration with what each layer has: ModelOpt's AnyModel, and transformers."""

from __future__ import annotations

from typing import Any

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.blocks import required_config
from puzzle_widgets.export.findings import Finding
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.export.request import ExportContext
from puzzle_widgets.library import BlockVariant
from puzzle_widgets.solution import Solution

# What the per_layer_config of transformers calls a subblock that a layer lacks.
_SKIPPED = {"attention": "attention", "ffn": "mlp"}


def anymodel_config(solution: Solution, parent: ParentConfig) -> dict[str, Any]:
    """Write an architecture as AnyModel: the parent with one block configuration per layer.

    Raises
    ------
    ExportError
        If too little is known of a block.
    """
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
    """Write an architecture as the parent's configuration with a sparse ``per_layer_config``.

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


def check_per_layer(context: ExportContext) -> list[Finding]:
    """Refuse a parent without sizes that differences could be told from."""
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
