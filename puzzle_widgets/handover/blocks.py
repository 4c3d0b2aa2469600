"""A variant as a block configuration of Puzzletron (version 1), from what is known of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from puzzle_widgets.library import BlockVariant
from puzzle_widgets.library.block import Part, SubBlock

Record = dict[str, Any]

PARTS: tuple[Part, Part] = ("attention", "ffn")
SIZE_FIELD = {"attention": "num_key_value_heads", "ffn": "intermediate_size"}
_EXTRA_FIELDS = {"attention": ("llama4", "mamba"), "ffn": ("moe",)}
_SHARED_FIELDS = ("no_op", "replace_with_linear", "sparsify", "weights_precision")

# Fields that say no more than the kind and the size of a half do.
_PLAIN = {
    *_SHARED_FIELDS,
    *SIZE_FIELD.values(),
    "n_heads_in_group",
    "ffn_mult",
    "num_kv_heads",
    "num_query_heads",
    "qk_head_dim",
    "head_dim",
    "kind",
    "name",
}
_HARMLESS: tuple[object, ...] = (None, False, "full", "silu")
# Fields of experts in version 2, and what version 1 calls them.
_MOE_FIELDS = {
    "num_experts": "num_local_experts",
    "top_k": "num_experts_per_tok",
    "expert_intermediate_size": "expert_intermediate_dim",
    "shared_expert_intermediate_size": "shared_expert_intermediate_dim",
}


def as_read(variant: BlockVariant) -> Mapping[str, Any]:
    """Give the block's configuration as its file had it; empty where it had none."""
    if not variant.block_config:
        return {}
    content = json.loads(variant.block_config)
    return content if isinstance(content, dict) else {}


def extras(variant: BlockVariant) -> tuple[str, ...]:
    """Name what a block has beyond kind and size, such as ``"ffn.moe"`` or ``"attention.mamba"``.

    A target that knows attention and FFN by kind and size only cannot say these.
    """
    return tuple(dict.fromkeys(_extras(as_read(variant))))


def known(variant: BlockVariant) -> bool:
    """Whether both halves are known well enough to be written."""
    return block_config(variant) is not None


def block_config(variant: BlockVariant) -> Record | None:
    """Write a variant in Puzzletron's version 1 schema; ``None`` where too little is known."""
    read = as_read(variant)
    attention = _half("attention", read, variant.attention)
    ffn = _half("ffn", read, variant.ffn)
    if attention is None or ffn is None:
        return None
    parallel = read.get("parallel_blocks")
    return {"attention": attention, "ffn": ffn, "parallel_blocks": parallel}


def _half(part: Part, read: Mapping[str, Any], known_half: SubBlock) -> Record | None:
    given = _given(part, read)
    extra = {name: _version_1(given.get(name)) for name in _EXTRA_FIELDS[part]}
    if "experts" in given:
        extra["moe"] = given["experts"]
    if known_half.kind == "other" and not any(extra.values()):
        return None
    return {
        "no_op": known_half.kind == "no_op",
        "replace_with_linear": known_half.kind == "linear",
        "sparsify": given.get("sparsify"),
        "weights_precision": given.get("weights_precision") or "bf16",
        SIZE_FIELD[part]: known_half.size,
        **extra,
    }


def _given(part: Part, read: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields that the file gives of one half, in either version of the schema."""
    half = read.get(part)
    if isinstance(half, Mapping):
        return half
    for sub in _sub_blocks(read):
        kind = sub.get("kind")
        if part == "ffn" and kind == "moe":
            return {"experts": _experts(sub)}
        if part == "attention" and kind == "mamba":
            return {"mamba": {k: v for k, v in sub.items() if k not in ("kind", "name", "no_op")}}
    return {}


def _experts(sub: Mapping[str, Any]) -> Record | None:
    if sub.get("no_op"):
        return None
    return {new: sub.get(old) for old, new in _MOE_FIELDS.items()}


def _version_1(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


def _sub_blocks(read: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = read.get("subblock_configs")
    return [sub for sub in found if isinstance(sub, Mapping)] if isinstance(found, list) else []


def _extras(read: Mapping[str, Any]) -> Iterator[str]:
    if read.get("parallel_blocks"):
        yield "parallel_blocks"
    halves = [(part, cast("Mapping[str, Any]", read.get(part) or {})) for part in PARTS]
    for name, half in [*halves, *((str(sub.get("kind")), sub) for sub in _sub_blocks(read))]:
        if name in ("moe", "mamba", "mla") and not half.get("no_op"):
            yield name
        elif isinstance(half, Mapping):
            yield from (f"{name}.{key}" for key in half if _says_more(half, key))


def _says_more(half: Mapping[str, Any], key: str) -> bool:
    value = half[key]
    if key == "gated":
        return value is False
    if key in _PLAIN and key != "sparsify":
        return False
    return bool(value) and value not in _HARMLESS
