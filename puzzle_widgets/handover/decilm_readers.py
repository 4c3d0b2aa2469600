"""What single readers of DeciLM cannot take, of all that a DeciLM configuration can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from puzzle_widgets.handover.checks import Check, Order, check_no_linear
from puzzle_widgets.handover.findings import Finding, blocks_found
from puzzle_widgets.handover.rope import rope_type
from puzzle_widgets.library import BlockVariant

# Vocabulary of Llama 3, by which llama.cpp's converter chooses how to read the tokenizer.
_LLAMA_3_WORDS = 128_256
_NO_BIAS: tuple[object, ...] = (None, False)
_ACTIVATIONS: tuple[object, ...] = (None, "silu", "swish")


def check_vllm(order: Order) -> list[Finding]:
    """Refuse linear halves, and a first layer without attention, at which vLLM breaks."""
    first = blocks_found(
        order.solution,
        lambda place, block: place == 0 and block.attention.kind == "no_op",
        "vLLM fails where the first layer has no attention.",
        "attention in the first layer",
    )
    return [*check_no_linear(order), *first]


def check_sglang(order: Order) -> list[Finding]:
    """Refuse linear halves, unlike numbers of KV heads, and models without any attention."""
    return [
        *check_no_linear(order),
        *_check_some_attention(order, "SGLang"),
        *_check_one_head_count(order),
        *_check_says(order, "SGLang builds FFNs without biases", "mlp_bias", _NO_BIAS),
    ]


def check_llama_cpp(order: Order) -> list[Finding]:
    """Refuse what the converter drops without a word; note how it reads the vocabulary."""
    rope, activation = ("default", "linear", "llama3"), "llama.cpp's FFNs are SiLU's"
    return [
        *_check_ffn_is_kept(order),
        *_check_rope(order, "llama.cpp's converter of DeciLM", rope),
        *_check_says(order, activation, "hidden_act", _ACTIVATIONS),
        *_note_vocabulary(order),
    ]


def check_mlx(order: Order) -> list[Finding]:
    """Refuse RoPE of types that MLX has not, and models without any attention."""
    known = ("default", "linear", "dynamic", "llama3", "yarn", "longrope")
    return [*_check_rope(order, "MLX", known), *_check_some_attention(order, "MLX")]


def check_tensorrt_llm(order: Order) -> list[Finding]:
    """Refuse biases and activations that TensorRT-LLM's DeciLM has not."""
    words = "TensorRT-LLM builds DeciLM without biases"
    return [
        *_check_says(order, words, "attention_bias", _NO_BIAS),
        *_check_says(order, words, "mlp_bias", _NO_BIAS),
        *_check_says(order, "TensorRT-LLM's FFNs are SiLU's", "hidden_act", _ACTIVATIONS),
    ]


def _check_some_attention(order: Order, reader: str) -> list[Finding]:
    if any(block.attention.kind != "no_op" for block in order.solution.blocks):
        return []
    return [Finding("error", f"{reader} fails where no layer has attention.")]


def _check_one_head_count(order: Order) -> list[Finding]:
    sizes = Counter(block.attention.size for block in order.solution.blocks)
    del sizes[None]
    most = max(sizes, key=lambda size: (sizes[size], size or 0), default=None)
    return blocks_found(
        order.solution,
        lambda _, block: block.attention.size not in (None, most),
        f"SGLang takes one number of KV heads in all layers with attention; most have {most}.",
        f"{most} KV heads or none",
    )


def _check_ffn_is_kept(order: Order) -> list[Finding]:
    last = len(order.solution.blocks) - 1

    def dropped(place: int, block: BlockVariant) -> bool:
        alone = block.attention.kind == "no_op" and place != last
        return block.ffn.kind == "linear" or (block.ffn.kind == "no_op" and not alone)

    return blocks_found(
        order.solution,
        dropped,
        "llama.cpp skips the rest of a layer that has no sized FFN, and its attention with it; so "
        "it does in the last layer.",
        "no linear FFN, and no layer that lacks only the FFN",
    )


def _check_rope(order: Order, reader: str, known: Container[str]) -> list[Finding]:
    if order.parent is None or rope_type(order.parent.content) in known:
        return []
    kind = rope_type(order.parent.content)
    return [Finding("error", f"The parent's RoPE is of type {kind!r}, which {reader} has not.")]


def _check_says(order: Order, words: str, field: str, allowed: Container[object]) -> list[Finding]:
    value = None if order.parent is None else order.parent.content.get(field)
    if value in allowed:
        return []
    return [Finding("error", f"{words}; the parent has {field} {value!r}.")]


def _note_vocabulary(order: Order) -> list[Finding]:
    words = None if order.parent is None else order.parent.content.get("vocab_size")
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
