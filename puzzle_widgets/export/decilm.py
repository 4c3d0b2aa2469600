"""DeciLM (``nemotron-nas``) configurations, which five readers take, each with its own limits."""

from __future__ import annotations

from typing import Any

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.export.rope import USUAL_THETA, rope_forms
from puzzle_widgets.library import SubBlock
from puzzle_widgets.solution import Solution

WIDTH_STEP = 256
ARCHITECTURE, MODEL_TYPE = "DeciLMForCausalLM", "nemotron-nas"
_CODE = "nvidia/Llama-3_3-Nemotron-Super-49B-v1"
AUTO_MAP = {
    "AutoConfig": f"{_CODE}--configuration_decilm.DeciLMConfig",
    "AutoModelForCausalLM": f"{_CODE}--modeling_decilm.DeciLMForCausalLM",
}
_OPEN_ATTENTION = {
    "sparsify": None,
    "window_length": None,
    "num_sink_tokens": None,
    "use_prefill_window_in_sink_attention": False,
    "unshifted_sink": False,
}


def decilm_config(solution: Solution, parent: ParentConfig) -> dict[str, Any]:
    """Write an architecture as a DeciLM configuration.

    Raises
    ------
    ExportError
        If a subblock has no size that DeciLM can say.
    """
    blocks = [
        {"attention": _attention(block.attention, parent), "ffn": _ffn(block.ffn, parent)}
        for block in solution.blocks
    ]
    content = parent.to_child()
    # A Llama that gives no base has 10,000; readers of DeciLM assume others.
    content |= rope_forms(content, USUAL_THETA)
    return content | {
        "architectures": [ARCHITECTURE],
        "model_type": MODEL_TYPE,
        "auto_map": dict(AUTO_MAP),
        "num_hidden_layers": len(blocks),
        # Per layer from here on; a number for all would be read by mistake.
        "intermediate_size": None,
        "num_key_value_heads": None,
        "block_configs": blocks,
    }


def ffn_mult(width: int, hidden: int) -> float:
    """Say an FFN's intermediate size as DeciLM's multiplier, ``3 I / (2 hidden)``.

    Raises
    ------
    ExportError
        If readers would build another size from it.
    """
    if not fits(width, hidden):
        raise ExportError(
            f"FFN intermediate size {width:,}: DeciLM's readers round sizes up to the next "
            f"multiple of {WIDTH_STEP}, {readers_width(width, hidden):,} here. "
            f"Choose blocks whose size is a multiple of {WIDTH_STEP}."
        )
    return _multiplier(width, hidden)


def width_of(multiplier: float, hidden: int) -> int:
    """Intermediate size that vLLM, TensorRT-LLM, SGLang and MLX build from a multiplier."""
    bare = int(2 * multiplier * hidden / 3)
    return -(-bare // WIDTH_STEP) * WIDTH_STEP


def readers_width(width: int, hidden: int) -> int:
    """Intermediate size that readers would build from the multiplier of this one."""
    return width_of(_multiplier(width, hidden), hidden)


def fits(width: int, hidden: int) -> bool:
    """Whether DeciLM can say this intermediate size exactly."""
    return readers_width(width, hidden) == width


def _multiplier(width: int, hidden: int) -> float:
    return round(3 * width / (2 * hidden), 6)


def _attention(subblock: SubBlock, parent: ParentConfig) -> dict[str, Any]:
    return {"n_heads_in_group": _group(subblock, parent), **_kind(subblock), **_OPEN_ATTENTION}


def _group(subblock: SubBlock, parent: ParentConfig) -> int | None:
    if subblock.size is None:
        return None
    if parent.heads % subblock.size:
        raise ExportError(
            f"{subblock.size} KV heads do not divide {parent.heads} attention heads. "
            "Choose blocks whose KV heads do."
        )
    return parent.heads // subblock.size


def _ffn(subblock: SubBlock, parent: ParentConfig) -> dict[str, Any]:
    multiplier = None if subblock.size is None else ffn_mult(subblock.size, parent.hidden)
    return {"ffn_mult": multiplier, **_kind(subblock), "sparsify": None}


def _kind(subblock: SubBlock) -> dict[str, bool]:
    if subblock.kind == "other":
        raise ExportError("A subblock of unknown kind cannot be written as DeciLM.")
    return {"no_op": subblock.kind == "no_op", "replace_with_linear": subblock.kind == "linear"}
