"""NemotronHPuzzle: Nemotron-H hybrids of attention, Mamba, FFN and experts, one per layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.blocks import as_read, extras, given_subblock
from puzzle_widgets.export.checks import ExportContext
from puzzle_widgets.export.findings import Finding, blocks_found
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.library import BlockVariant
from puzzle_widgets.library.puzzletron.model_config import EXPERTS, LATENT, MAMBA
from puzzle_widgets.solution import Solution

PARENT_TYPE = "nemotron_h"
ARCHITECTURE, MODEL_TYPE = "NemotronHPuzzleForCausalLM", "nemotron_h_puzzle"
_CODE = "nvidia/NVIDIA-Nemotron-Labs-3-Puzzle-75B-A9B-BF16"
AUTO_MAP = {
    "AutoConfig": f"{_CODE}--configuration_nemotron_h_puzzle.NemotronHPuzzleConfig",
    "AutoModelForCausalLM": f"{_CODE}--modeling_nemotron_h_puzzle.NemotronHPuzzleForCausalLM",
}
_LETTERS = {"mamba": "M", "attention": "*", "moe": "E", "mlp": "-"}
_TYPES = {letter: kind for kind, letter in _LETTERS.items()} | {
    # As transformers 5 calls them.
    "linear_attention": "mamba",
    "full_attention": "attention",
    **{kind: kind for kind in _LETTERS},
}
_SAID = {"moe", "mamba", "ffn.moe", "attention.mamba", "moe.latent_dim"}
_REPLACED = ("layers_block_type", "mtp_layers_block_type")
# llama.cpp has these by layer; all else it has once a model.
_BY_LAYER = ("moe_intermediate_size", "num_experts_per_tok")

Layer = dict[str, Any]


def nemotron_h_config(solution: Solution, parent: ParentConfig) -> dict[str, Any]:
    """Write an architecture as a NemotronHPuzzle configuration; whole no-ops are left out.

    All that is not of a layer is the parent's, its head that predicts several tokens (MTP) too.
    """
    layers = [_written(block, parent) for block in solution.blocks if not _is_nothing(block)]
    ahead = _mtp_layers(parent)
    content = parent.to_child()
    told = {field for layer in layers for field in layer} | set(_REPLACED)
    return {key: value for key, value in content.items() if key not in told} | {
        "architectures": [ARCHITECTURE],
        "model_type": MODEL_TYPE,
        "auto_map": dict(AUTO_MAP),
        "num_hidden_layers": len(layers),
        "hybrid_override_pattern": _pattern(layers),
        "block_configs": layers,
        "mtp_hybrid_override_pattern": _pattern(ahead),
        "mtp_block_configs": ahead,
        **_ffn_sizes(layers),
    }


def check_hybrid(context: ExportContext) -> list[Finding]:
    """Refuse other families, blocks that are no single layer, and unlike heads or Mamba sizes."""
    parent, solution = context.parent, context.solution
    if parent is None:
        return []
    if parent.model_type not in (PARENT_TYPE, MODEL_TYPE):
        words = (
            f"The parent is of type {parent.model_type or 'unknown'!r}: NemotronHPuzzle describes "
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
        _is_no_layer,
        "a layer of NemotronHPuzzle is attention, Mamba, an FFN or experts, without a window and "
        "not linear; this block is not one of them, or neither its name nor its file says so.",
        "one of attention, Mamba, FFN and experts per layer",
        given=(parent,),
    )


def _check_heads(solution: Solution, parent: ParentConfig) -> list[Finding]:
    return blocks_found(
        solution,
        _other_heads,
        f"NemotronHPuzzle has the parent's {parent.kv_heads} KV heads in all layers.",
        "the parent's KV heads",
        given=(parent.kv_heads,),
    )


def _check_mamba(solution: Solution, parent: ParentConfig) -> list[Finding]:
    return blocks_found(
        solution,
        _unlike_mamba,
        "NemotronHPuzzle has one size of Mamba in all layers, the parent's.",
        "the parent's Mamba",
        given=(parent,),
    )


def _warn_of_no_ops(solution: Solution) -> list[Finding]:
    return blocks_found(
        solution,
        _is_nothing,
        "no-ops are left out of the file, so the layers after them move up: renumber their "
        "weights.",
        "no whole no-ops",
        "warning",
    )


def _warn_of_experts(solution: Solution, parent: ParentConfig) -> list[Finding]:
    """Say what only some readers take: no experts at all, or unlike ones."""
    layers = [_layer_of(block, parent) or {} for block in solution.blocks]
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


def _layer_of(block: BlockVariant, parent: ParentConfig) -> Layer | None:
    """Say a block as one layer: empty for a whole no-op, ``None`` where it is no single layer."""
    if _is_nothing(block):
        return {}
    if "no_op" not in (block.attention.kind, block.ffn.kind) or not _SAID.issuperset(extras(block)):
        return None
    return _attention(block) if block.ffn.kind == "no_op" else _ffn(block, parent)


def _is_no_layer(block: BlockVariant, _: int, parent: ParentConfig) -> bool:
    return _layer_of(block, parent) is None


def _other_heads(block: BlockVariant, _: int, heads: int | None) -> bool:
    return block.attention.size not in (None, heads)


def _unlike_mamba(block: BlockVariant, _: int, parent: ParentConfig) -> bool:
    """Whether a block's Mamba has other sizes than the parent's, which no field of a layer says."""
    mamba = _given(block, "attention").get("mamba") or {}
    pairs = [(mamba.get(theirs), parent.content.get(ours)) for ours, theirs in MAMBA.items()]
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _is_nothing(block: BlockVariant, _: int = 0) -> bool:
    return block.attention.kind == block.ffn.kind == "no_op"


def _written(block: BlockVariant, parent: ParentConfig) -> Layer:
    layer = _layer_of(block, parent)
    if layer is None:
        raise ExportError(
            f"Variant {block.name!r} is not attention, Mamba, FFN or experts, or too little "
            "is known of it."
        )
    return layer


def _attention(block: BlockVariant) -> Layer | None:
    if _given(block, "attention").get("mamba"):
        return {"block_type": "mamba"}
    return {"block_type": "attention"} if block.attention.kind == "sized" else None


def _ffn(block: BlockVariant, parent: ParentConfig) -> Layer | None:
    if block.ffn.kind == "sized":
        return {"block_type": "mlp", "intermediate_size": block.ffn.size}
    given = _given(block, "ffn")
    moe = given.get("moe")
    if not isinstance(moe, Mapping):
        return None
    sizes = {ours: moe.get(theirs) for ours, theirs in EXPERTS.items()}
    return _experts(sizes | {LATENT: given.get("latent_dim")}, parent)


def _experts(sizes: Mapping[str, Any], parent: ParentConfig) -> Layer | None:
    """Experts of a layer; what is not given is as in the parent."""
    found = {
        field: parent.content.get(field) if sizes.get(field) is None else sizes[field]
        for field in (*EXPERTS, LATENT)
    }
    if found[LATENT] is None:
        del found[LATENT]
    return None if None in found.values() else {"block_type": "moe", **found}


def _given(block: BlockVariant, part: str) -> Mapping[str, Any]:
    return given_subblock("attention" if part == "attention" else "ffn", as_read(block))


def _mtp_layers(parent: ParentConfig) -> list[Layer]:
    """Layers of the parent's head that predicts several tokens, which the child keeps."""
    given = parent.content
    if not given.get("num_nextn_predict_layers"):
        return []
    kinds = given.get("mtp_hybrid_override_pattern") or given.get("mtp_layers_block_type") or "*E"
    layers = [_of_parent(_TYPES.get(kind, ""), parent) for kind in kinds]
    if None in layers:
        raise ExportError(f"{parent.source}: the layers of its MTP head cannot be determined.")
    return [layer for layer in layers if layer is not None]


def _of_parent(kind: str, parent: ParentConfig) -> Layer | None:
    if kind == "moe":
        return _experts({}, parent)
    if kind == "mlp":
        return {"block_type": kind, "intermediate_size": parent.width} if parent.width else None
    return {"block_type": kind} if kind else None


def _pattern(layers: Sequence[Layer]) -> str:
    return "".join(_LETTERS[layer["block_type"]] for layer in layers)


def _ffn_sizes(layers: Sequence[Layer]) -> dict[str, Any]:
    """Sizes of the FFNs by themselves, where SGLang looks for them."""
    sizes = [layer["intermediate_size"] for layer in layers if layer["block_type"] == "mlp"]
    return {"intermediate_size": sizes} if sizes else {}
