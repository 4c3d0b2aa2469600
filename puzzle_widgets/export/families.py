"""Which families of models DeciLM can say: Llama-shaped ones, and why not the others."""

from __future__ import annotations

from collections.abc import Iterator

from puzzle_widgets.export.parent_config import ParentConfig

LLAMA_SHAPED = ("llama", "mistral", "nemotron-nas", "deci")
_WHY_NOT = {
    "qwen3": "its attention normalizes queries and keys (qk-norm), which DeciLM does not",
    "qwen3_moe": "it has experts and qk-norm, which DeciLM has not",
    "qwen3_vl": "it has qk-norm and a vision part, which DeciLM has not",
    "qwen2": "its queries, keys and values have biases of their own, which DeciLM has not",
    "olmo2": "it has qk-norm, which DeciLM has not",
    "gemma2": "its norms and activation are not Llama's",
    "gemma3": "it has qk-norm and sliding windows, which DeciLM has not",
    "gemma3_text": "it has qk-norm and sliding windows, which DeciLM has not",
    "mixtral": "it has experts, which DeciLM has not",
    "gpt_oss": "it has experts and attention sinks, which DeciLM has not",
    "nemotron_h": "it has Mamba layers, which DeciLM has not",
}
_INSTEAD = "Export as AnyModel instead."
_HYBRID = "Export for nemotron-h-puzzle instead."


def decilm_objections(parent: ParentConfig) -> list[str]:
    """Say why a parent cannot be written as DeciLM; nothing where it can."""
    instead = _HYBRID if parent.model_type == "nemotron_h" else _INSTEAD
    return [f"{words} {instead}" for words in _objections(parent)]


def _objections(parent: ParentConfig) -> Iterator[str]:
    kind, content = parent.model_type, parent.content
    if kind not in LLAMA_SHAPED:
        why = _WHY_NOT.get(kind, "only Llama-shaped models can be written as DeciLM")
        yield f"The parent is of type {kind or 'unknown'!r}: {why}."
    if content.get("use_qk_norm") or content.get("qk_norm"):
        yield "The parent normalizes queries and keys (qk-norm), which DeciLM does not."
    if content.get("sliding_window") and content.get("use_sliding_window", True):
        yield "The parent's attention has a sliding window, which DeciLM has not."
    if content.get("num_local_experts") or content.get("num_experts"):
        yield "The parent has experts, which DeciLM has not."
    size = parent.heads and parent.hidden / parent.heads
    if parent.head_size is not None and parent.head_size != size:
        yield (
            f"The parent's head size {parent.head_size} is not hidden size / attention heads "
            f"({size:g}), from which DeciLM's readers take it."
        )
