"""What NemotronHPuzzle and its readers cannot take of a hybrid."""

from __future__ import annotations

from puzzle_widgets.export.checks import ExportContext
from puzzle_widgets.export.findings import Finding, blocks_found
from puzzle_widgets.export.nemotron_h import (
    MODEL_TYPE,
    PARENT_TYPE,
    layer_of,
    unlike_mamba,
)
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.library.puzzletron.hybrid_config import EXPERTS, LATENT
from puzzle_widgets.solution import Solution

# llama.cpp has these by layer; all else it has once a model.
_BY_LAYER = ("moe_intermediate_size", "num_experts_per_tok")


def check_hybrid(context: ExportContext) -> list[Finding]:
    """Refuse other families, blocks that are no single layer, and unlike heads or Mamba sizes."""
    parent, solution = context.parent, context.solution
    if parent is None:
        return []
    if parent.model_type not in (PARENT_TYPE, MODEL_TYPE):
        words = (
            f"The parent is of type {parent.model_type or 'unknown'!r}: NemotronHPuzzle says "
            "Nemotron-H hybrids only. Export for vllm or as AnyModel instead."
        )
        return [Finding("error", words)]
    return [
        *_check_layers(solution, parent),
        *_check_heads(solution, parent),
        *_check_mamba(solution, parent),
        *_warn_of_no_ops(solution),
        *_warn_of_experts(solution, parent),
    ]


def _check_layers(solution: Solution, parent: ParentConfig) -> list[Finding]:
    return blocks_found(
        solution,
        lambda _, block: layer_of(block, parent) is None,
        "a layer of NemotronHPuzzle is attention, Mamba, an FFN or experts, without a window and "
        "not linear; this block is none of them, or neither its name nor its file says so.",
        "one of attention, Mamba, FFN and experts a layer",
    )


def _check_heads(solution: Solution, parent: ParentConfig) -> list[Finding]:
    return blocks_found(
        solution,
        lambda _, block: block.attention.size not in (None, parent.kv_heads),
        f"NemotronHPuzzle has the parent's {parent.kv_heads} KV heads in all layers.",
        "the parent's KV heads",
    )


def _check_mamba(solution: Solution, parent: ParentConfig) -> list[Finding]:
    return blocks_found(
        solution,
        lambda _, block: unlike_mamba(block, parent),
        "NemotronHPuzzle has one size of Mamba in all layers, the parent's.",
        "the parent's Mamba",
    )


def _warn_of_no_ops(solution: Solution) -> list[Finding]:
    return blocks_found(
        solution,
        lambda _, block: block.attention.kind == block.ffn.kind == "no_op",
        "no-ops are left out of the file, so the layers after them move up: number their weights "
        "anew.",
        "no whole no-ops",
        "warning",
    )


def _warn_of_experts(solution: Solution, parent: ParentConfig) -> list[Finding]:
    """Say what only some readers take: no experts at all, or unlike ones."""
    layers = [layer_of(block, parent) or {} for block in solution.blocks]
    experts = [layer for layer in layers if layer.get("block_type") == "moe"]
    if not experts:
        words = "No layer has experts: SGLang and llama.cpp take NemotronHPuzzle with experts only."
        return [Finding("warning", words)]
    once = [field for field in (*EXPERTS, LATENT) if field not in _BY_LAYER]
    unlike = [field for field in once if len({layer.get(field) for layer in experts}) > 1]
    if not unlike:
        return []
    words = f"{', '.join(unlike)} differs between layers; llama.cpp has one for all."
    return [Finding("warning", words)]
