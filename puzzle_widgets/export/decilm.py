"""DeciLM (nemotron-nas) configurations: how they are written, and what readers refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator
from typing import Any

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.checks import Check, ExportContext, check_no_linear
from puzzle_widgets.export.findings import Finding, blocks_found
from puzzle_widgets.export.parent_config import USUAL_THETA, ParentConfig, rope_forms, rope_type
from puzzle_widgets.library import BlockVariant, SubBlock
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
_LLAMA_SHAPED = ("llama", "mistral", "nemotron-nas", "deci")
_WHY_NOT = {
    "qwen3": "its attention normalizes queries and keys (qk-norm), which DeciLM does not",
    "qwen3_moe": "it has experts and qk-norm, which DeciLM does not support",
    "qwen3_vl": "it has qk-norm and a vision part, which DeciLM does not support",
    "qwen2": "its queries, keys and values have biases of their own, which DeciLM does not support",
    "olmo2": "it has qk-norm, which DeciLM does not support",
    "gemma2": "its norms and activation are not Llama's",
    "gemma3": "it has qk-norm and sliding windows, which DeciLM does not support",
    "gemma3_text": "it has qk-norm and sliding windows, which DeciLM does not support",
    "mixtral": "it has experts, which DeciLM does not support",
    "gpt_oss": "it has experts and attention sinks, which DeciLM does not support",
    "nemotron_h": "it has Mamba layers, which DeciLM does not support",
}
_INSTEAD = "Export as AnyModel instead."
_HYBRID = "Export for nemotron-h-puzzle instead."
# Vocabulary of Llama 3, by which llama.cpp's converter chooses how to read the tokenizer.
_LLAMA_3_WORDS = 128_256
_NO_BIAS: tuple[object, ...] = (None, False)
_ACTIVATIONS: tuple[object, ...] = (None, "silu", "swish")


def decilm_config(solution: Solution, parent: ParentConfig) -> dict[str, Any]:
    """Write an architecture as a DeciLM configuration."""
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
    """Say an FFN's intermediate size as DeciLM's multiplier, ``3 I / (2 hidden)``."""
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


def check_decilm(context: ExportContext) -> list[Finding]:
    """Refuse what DeciLM cannot say: families unlike Llama, FFN sizes between its steps."""
    parent = context.parent
    if parent is None:
        return []
    step = WIDTH_STEP
    found = [Finding("error", words) for words in _objections(parent)]
    return found + blocks_found(
        context.solution,
        _between_steps,
        f"the FFN's intermediate size is not a multiple of {step}; DeciLM's readers would round it "
        f"up ({_rounded(context, parent)}), and the weights would not fit.",
        f"FFN sizes that are multiples of {step}",
        given=(parent.hidden,),
    )


def _between_steps(block: BlockVariant, _: int, hidden: int) -> bool:
    return block.ffn.size is not None and not fits(block.ffn.size, hidden)


def _objections(parent: ParentConfig) -> list[str]:
    """Say why a parent cannot be written as DeciLM; nothing where it can."""
    instead = _HYBRID if parent.model_type == "nemotron_h" else _INSTEAD
    return [f"{words} {instead}" for words in _unlike_llama(parent)]


def _unlike_llama(parent: ParentConfig) -> Iterator[str]:
    kind, content = parent.model_type, parent.content
    if kind not in _LLAMA_SHAPED:
        why = _WHY_NOT.get(kind, "only Llama-shaped models can be written as DeciLM")
        yield f"The parent is of type {kind or 'unknown'!r}: {why}."
    if content.get("use_qk_norm") or content.get("qk_norm"):
        yield "The parent normalizes queries and keys (qk-norm), which DeciLM does not."
    if content.get("sliding_window") and content.get("use_sliding_window", True):
        yield "The parent's attention has a sliding window, which DeciLM does not support."
    if content.get("num_local_experts") or content.get("num_experts"):
        yield "The parent has experts, which DeciLM does not support."
    size = parent.heads and parent.hidden / parent.heads
    if parent.head_size is not None and parent.head_size != size:
        yield (
            f"The parent's head size {parent.head_size} is not hidden size / attention heads "
            f"({size:g}), from which DeciLM's readers take it."
        )


def _rounded(context: ExportContext, parent: ParentConfig) -> str:
    """Name the sizes that would be rounded, and to what."""
    widths = {block.ffn.size for block in context.solution.blocks if block.ffn.size is not None}
    pairs = [
        f"{width:,} to {readers_width(width, parent.hidden):,}"
        for width in sorted(widths)
        if not fits(width, parent.hidden)
    ]
    return ", ".join(pairs[:4])


def check_vllm(context: ExportContext) -> list[Finding]:
    """Refuse linear subblocks, and a first layer without attention, at which vLLM breaks."""
    first = blocks_found(
        context.solution,
        _first_without_attention,
        "vLLM fails where the first layer has no attention.",
        "attention in the first layer",
    )
    return [*check_no_linear(context), *first]


def _first_without_attention(block: BlockVariant, place: int) -> bool:
    return place == 0 and block.attention.kind == "no_op"


def check_sglang(context: ExportContext) -> list[Finding]:
    """Refuse linear subblocks, unlike numbers of KV heads, and models without any attention."""
    return [
        *check_no_linear(context),
        *_check_some_attention(context, "SGLang"),
        *_check_one_head_count(context),
        *_check_says(context, "SGLang builds FFNs without biases", "mlp_bias", _NO_BIAS),
    ]


def check_llama_cpp(context: ExportContext) -> list[Finding]:
    """Refuse what the converter drops without a word; note how it reads the vocabulary."""
    rope, activation = ("default", "linear", "llama3"), "llama.cpp's FFNs are SiLU's"
    return [
        *_check_ffn_is_kept(context),
        *_check_rope(context, "llama.cpp's converter of DeciLM", rope),
        *_check_says(context, activation, "hidden_act", _ACTIVATIONS),
        *_note_vocabulary(context),
    ]


def check_mlx(context: ExportContext) -> list[Finding]:
    """Refuse RoPE of types that MLX has not, and models without any attention."""
    known = ("default", "linear", "dynamic", "llama3", "yarn", "longrope")
    return [*_check_rope(context, "MLX", known), *_check_some_attention(context, "MLX")]


def check_tensorrt_llm(context: ExportContext) -> list[Finding]:
    """Refuse biases and activations that TensorRT-LLM's DeciLM has not."""
    words = "TensorRT-LLM builds DeciLM without biases"
    return [
        *_check_says(context, words, "attention_bias", _NO_BIAS),
        *_check_says(context, words, "mlp_bias", _NO_BIAS),
        *_check_says(context, "TensorRT-LLM's FFNs are SiLU's", "hidden_act", _ACTIVATIONS),
    ]


def _check_some_attention(context: ExportContext, reader: str) -> list[Finding]:
    if any(block.attention.kind != "no_op" for block in context.solution.blocks):
        return []
    return [Finding("error", f"{reader} fails where no layer has attention.")]


def _check_one_head_count(context: ExportContext) -> list[Finding]:
    sizes = Counter(block.attention.size for block in context.solution.blocks)
    del sizes[None]
    most = max(sizes, key=lambda size: (sizes[size], size or 0), default=None)
    return blocks_found(
        context.solution,
        _other_heads,
        f"SGLang takes one number of KV heads in all layers with attention; most have {most}.",
        f"{most} KV heads or none",
        given=(most,),
    )


def _other_heads(block: BlockVariant, _: int, heads: int | None) -> bool:
    return block.attention.size not in (None, heads)


def _check_ffn_is_kept(context: ExportContext) -> list[Finding]:
    return blocks_found(
        context.solution,
        _dropped,
        "llama.cpp skips the rest of a layer that has no sized FFN, and its attention with it; so "
        "it does in the last layer.",
        "no linear FFN, and no layer that lacks only the FFN",
        given=(len(context.solution.blocks) - 1,),
    )


def _dropped(block: BlockVariant, place: int, last: int) -> bool:
    alone = block.attention.kind == "no_op" and place != last
    return block.ffn.kind == "linear" or (block.ffn.kind == "no_op" and not alone)


def _check_rope(context: ExportContext, reader: str, known: Container[str]) -> list[Finding]:
    if context.parent is None or rope_type(context.parent.content) in known:
        return []
    kind = rope_type(context.parent.content)
    return [
        Finding("error", f"The parent's RoPE is of type {kind!r}, which {reader} does not support.")
    ]


def _check_says(
    context: ExportContext, words: str, field: str, allowed: Container[object]
) -> list[Finding]:
    value = None if context.parent is None else context.parent.content.get(field)
    if value in allowed:
        return []
    return [Finding("error", f"{words}; the parent has {field} {value!r}.")]


def _note_vocabulary(context: ExportContext) -> list[Finding]:
    words = None if context.parent is None else context.parent.content.get("vocab_size")
    if words in (None, _LLAMA_3_WORDS):
        return []
    text = (
        f"The parent has {words!r} tokens. llama.cpp's converter of DeciLM reads a tokenizer of "
        f"{_LLAMA_3_WORDS:,} tokens as Llama 3's, and any other as Llama 2's (BPE with byte "
        "fallback); it stops where it is neither."
    )
    return [Finding("note", text)]


READERS: dict[str, Check] = {
    "vllm": check_vllm,
    "sglang": check_sglang,
    "llama.cpp": check_llama_cpp,
    "mlx": check_mlx,
    "tensorrt-llm": check_tensorrt_llm,
}
