"""A small Nemotron-H hybrid: Mamba, experts, attention and an FFN, one of them a layer."""

from __future__ import annotations

import json
from typing import Any

import puzzle_widgets as pw
from puzzle_widgets.library import SubBlock
from tests.support.export import NO_OP, OTHER, Subblocks, variant

MAMBA = {"state_dim": 16, "num_heads": 8, "head_dim": 32, "num_groups": 2}
EXPERTS = {
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "expert_intermediate_dim": 256,
    "shared_expert_intermediate_dim": 512,
}
NEMOTRON_H: dict[str, Any] = {
    "architectures": ["NemotronHForCausalLM"],
    "model_type": "nemotron_h",
    "hidden_size": 256,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "intermediate_size": 1024,
    "layers_block_type": ["linear_attention", "moe", "full_attention", "moe", "mlp"],
    "mtp_layers_block_type": ["full_attention", "moe"],
    "num_nextn_predict_layers": 0,
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 256,
    "moe_shared_expert_intermediate_size": 512,
    "moe_latent_size": None,
    "ssm_state_size": 16,
    "mamba_num_heads": 8,
    "mamba_head_dim": 32,
    "n_groups": 2,
    "conv_kernel": 4,
    "chunk_size": 128,
    "layer_norm_epsilon": 1e-5,
    "vocab_size": 512,
    "tie_word_embeddings": False,
    "dtype": "bfloat16",
}


def mamba(**changes: Any) -> pw.BlockVariant:
    """Make a Mamba block as Puzzletron writes it."""
    return _block("mamba", (OTHER, NO_OP), attention={"mamba": MAMBA | changes})


def experts(name: str = "experts", **changes: Any) -> pw.BlockVariant:
    """Make a block of experts as Puzzletron writes it."""
    return _block(name, (NO_OP, OTHER), ffn={"moe": EXPERTS | changes})


def attention(heads: int = 2) -> pw.BlockVariant:
    """Make an attention block."""
    return variant(f"{heads} KV heads", (SubBlock("sized", heads), NO_OP), 0.0)


def dense(width: int = 1024) -> pw.BlockVariant:
    """Make an FFN block."""
    return variant(f"FFN {width}", (NO_OP, SubBlock("sized", width)), 0.0)


def nothing() -> pw.BlockVariant:
    """Make a whole no-op."""
    return variant("nothing", (NO_OP, NO_OP), 1.0)


def hybrid(*others: tuple[int, pw.BlockVariant]) -> pw.BlockLibrary:
    """Make a library of five layers with other variants at these places."""
    parents = [mamba(), experts(), attention(), experts(), dense()]
    rows = [(parent, *(v for at, v in others if at == n)) for n, parent in enumerate(parents)]
    layers = [pw.Layer(n, tuple(row), row[0].name) for n, row in enumerate(rows)]
    return pw.BlockLibrary("hybrid", tuple(layers))


def with_others(*others: tuple[int, pw.BlockVariant]) -> pw.Solution:
    """Choose these variants, the parent's elsewhere."""
    library = hybrid(*others)
    fixed: dict[int | str, str] = {place: block.name for place, block in others}
    return pw.search(pw.SearchProblem(library, minimize="metrics.kl_div", fixed=fixed))


def _block(
    name: str,
    subblocks: Subblocks,
    attention: dict[str, Any] | None = None,
    ffn: dict[str, Any] | None = None,
) -> pw.BlockVariant:
    config = {"attention": attention or {"no_op": True}, "ffn": ffn or {"no_op": True}}
    return variant(name, subblocks, 0.0, block_config=json.dumps(config))
