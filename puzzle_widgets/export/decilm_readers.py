"""What single readers of DeciLM cannot take, of all that a DeciLM configuration can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from puzzle_widgets.export.checks import Check, ExportContext, check_no_linear
from puzzle_widgets.export.findings import Finding, blocks_found
from puzzle_widgets.export.rope import rope_type
from puzzle_widgets.library import BlockVariant

# Vocabulary of Llama 3, by which llama.cpp's converter chooses how to read the tokenizer.
_LLAMA_3_WORDS = 128_256
_NO_BIAS: tuple[object, ...] = (None, False)
_ACTIVATIONS: tuple[object, ...] = (None, "silu", "swish")


def check_vllm(context: ExportContext) -> list[Finding]:
    """Refuse linear subblocks, and a first layer without attention, at which vLLM breaks."""
    first = blocks_found(
        context.solution,
        lambda place, block: place == 0 and block.attention.kind == "no_op",
        "vLLM fails where the first layer has no attention.",
        "attention in the first layer",
    )
    return [*check_no_linear(context), *first]


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
        lambda _, block: block.attention.size not in (None, most),
        f"SGLang takes one number of KV heads in all layers with attention; most have {most}.",
        f"{most} KV heads or none",
    )


def _check_ffn_is_kept(context: ExportContext) -> list[Finding]:
    last = len(context.solution.blocks) - 1

    def dropped(place: int, block: BlockVariant) -> bool:
        alone = block.attention.kind == "no_op" and place != last
        return block.ffn.kind == "linear" or (block.ffn.kind == "no_op" and not alone)

    return blocks_found(
        context.solution,
        dropped,
        "llama.cpp skips the rest of a layer that has no sized FFN, and its attention with it; so "
        "it does in the last layer.",
        "no linear FFN, and no layer that lacks only the FFN",
    )


def _check_rope(context: ExportContext, reader: str, known: Container[str]) -> list[Finding]:
    if context.parent is None or rope_type(context.parent.content) in known:
        return []
    kind = rope_type(context.parent.content)
    return [Finding("error", f"The parent's RoPE is of type {kind!r}, which {reader} has not.")]


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
