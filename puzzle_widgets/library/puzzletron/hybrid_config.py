"""Layers of a NemotronHPuzzle config: each one of attention, Mamba, FFN and experts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from puzzle_widgets.library.checks import Location, short_repr

# What the config calls sizes, and what Puzzletron's blocks call them.
EXPERTS = {
    "n_routed_experts": "num_local_experts",
    "num_experts_per_tok": "num_experts_per_tok",
    "moe_intermediate_size": "expert_intermediate_dim",
    "moe_shared_expert_intermediate_size": "shared_expert_intermediate_dim",
}
MAMBA = {
    "ssm_state_size": "state_dim",
    "mamba_num_heads": "num_heads",
    "mamba_head_dim": "head_dim",
    "n_groups": "num_groups",
}
LATENT = "moe_latent_size"
_NO_OP = {"no_op": True}
_HEADS, _WIDTH = "num_key_value_heads", "intermediate_size"


def as_block_config(layer: object, config: Mapping[str, Any], place: Location) -> object:
    """Give a layer that says its type as a block config; what says none stays as it is.

    Raises
    ------
    LibraryError
        For a type that is not known.
    """
    if not isinstance(layer, Mapping) or "block_type" not in layer:
        return layer
    sizes, kind = {**config, **layer}, layer["block_type"]
    if kind == "attention":
        return {"attention": {_HEADS: sizes.get(_HEADS)}, "ffn": _NO_OP}
    if kind == "mamba":
        return {"attention": {"mamba": _renamed(sizes, MAMBA)}, "ffn": _NO_OP}
    if kind == "mlp":
        return {"attention": _NO_OP, "ffn": {_WIDTH: layer.get(_WIDTH)}}
    if kind == "moe":
        moe = _renamed(sizes, EXPERTS | {LATENT: "latent_dim"})
        return {"attention": _NO_OP, "ffn": {"moe": moe}}
    place.at(field="block_type").fail(
        f"the type {short_repr(kind)} is not known here.", "Known are attention, mamba, mlp, moe."
    )


def _renamed(sizes: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {theirs: sizes.get(ours) for ours, theirs in names.items()}
