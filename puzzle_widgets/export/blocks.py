"""A variant as a block configuration of Puzzletron (version 1), from what is known of it."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from puzzle_widgets.errors import ExportError
from puzzle_widgets.library import BlockVariant
from puzzle_widgets.library.model import PARTS, Part, SubBlock

Record = dict[str, Any]
_REMEMBERED = 4096  # configs of blocks: a library has far fewer different ones

SIZE_FIELD = {"attention": "num_key_value_heads", "ffn": "intermediate_size"}
_EXTRA_FIELDS = {"attention": ("llama4", "mamba"), "ffn": ("moe",)}
_SHARED_FIELDS = ("no_op", "replace_with_linear", "sparsify", "weights_precision")

# Fields that say no more than the kind and the size of a subblock do.
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
# Extras that version 1 has fields for.
_KEPT = {
    *("moe", "mamba", "ffn.moe", "attention.mamba", "attention.llama4"),
    *("attention.sparsify", "ffn.sparsify"),
}
_PART_OF_KIND = {"attention": "attention", "mamba": "attention", "ffn": "ffn", "moe": "ffn"}
_NAMING = ("kind", "name", "no_op")
# Fields of experts in version 2, and what version 1 calls them.
_MOE_FIELDS = {
    "num_experts": "num_local_experts",
    "top_k": "num_experts_per_tok",
    "expert_intermediate_size": "expert_intermediate_dim",
    "shared_expert_intermediate_size": "shared_expert_intermediate_dim",
}


LINEAR_IN_PUZZLETRON = (
    "Puzzletron's own block configuration refuses linear blocks: it needs their KV heads or their "
    "intermediate size, which they do not have."
)


def is_linear(variant: BlockVariant) -> bool:
    """Whether any subblock is linear."""
    return any(getattr(variant, part).kind == "linear" for part in PARTS)


def as_read(variant: BlockVariant) -> Mapping[str, Any]:
    """Give the block's configuration as its file had it; empty where it had none."""
    return _parsed(variant.block_config) if variant.block_config else {}


@lru_cache(maxsize=_REMEMBERED)
def _parsed(block_config: str) -> Mapping[str, Any]:
    content = json.loads(block_config)
    return content if isinstance(content, dict) else {}


def extras(variant: BlockVariant) -> tuple[str, ...]:
    """Name what a block has beyond kind and size, such as ``"ffn.moe"`` or ``"attention.mamba"``.

    A target that knows attention and FFN by kind and size only cannot say these.
    """
    return _extras_of(variant.block_config) if variant.block_config else ()


@lru_cache(maxsize=_REMEMBERED)
def _extras_of(block_config: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_extras(_parsed(block_config))))


def known(variant: BlockVariant) -> bool:
    """Whether both subblocks are known well enough to be written."""
    parts = (variant.attention, variant.ffn)
    if not variant.block_config:
        return all(part.kind != "other" for part in parts)
    return block_config(variant) is not None


def lost(variant: BlockVariant) -> tuple[str, ...]:
    """Name what version 1 has no field for, such as a window; a file without it would be wrong."""
    return tuple(name for name in extras(variant) if name not in _KEPT)


def block_config(variant: BlockVariant) -> Record | None:
    """Write a variant in Puzzletron's version 1 schema; ``None`` where that cannot say it."""
    read = as_read(variant)
    attention = _subblock("attention", read, variant.attention)
    ffn = _subblock("ffn", read, variant.ffn)
    if attention is None or ffn is None or lost(variant):
        return None
    return {"attention": attention, "ffn": ffn, "parallel_blocks": None}


def required_config(variant: BlockVariant) -> Record:
    """Write a variant as :func:`block_config` does."""
    if is_linear(variant):
        raise ExportError(f"Variant {variant.name!r}: {LINEAR_IN_PUZZLETRON} Leave it out.")
    config = block_config(variant)
    if config is None:
        raise ExportError(
            f"Variant {variant.name!r}: neither its name nor its file says what block it is. "
            "Give its KV heads and its FFN intermediate size in the library."
        )
    return config


def _subblock(part: Part, read: Mapping[str, Any], known_subblock: SubBlock) -> Record | None:
    given = given_subblock(part, read)
    subblock = known_subblock if known_subblock.kind != "other" else _told(part, given)
    extra = {name: _plain(given.get(name)) for name in _EXTRA_FIELDS[part]}
    if subblock.kind == "other" and not any(extra.values()):
        return None
    return {
        "no_op": subblock.kind == "no_op",
        "replace_with_linear": subblock.kind == "linear",
        "sparsify": given.get("sparsify"),
        "weights_precision": given.get("weights_precision") or "bf16",
        SIZE_FIELD[part]: subblock.size,
        **extra,
    }


def _told(part: Part, given: Mapping[str, Any]) -> SubBlock:
    """Kind and size by the file's own words, where the library does not tell them."""
    if given.get("no_op"):
        return SubBlock("no_op")
    if given.get("replace_with_linear"):
        return SubBlock("linear")
    size = given.get(SIZE_FIELD[part])
    return SubBlock("sized", size) if isinstance(size, int) and size > 0 else SubBlock("other")


def given_subblock(part: Part, read: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields that the file gives of one subblock, under their names in version 1."""
    subblock = read.get(part)
    if isinstance(subblock, Mapping):
        return subblock
    for sub in _sub_blocks(read):
        if _PART_OF_KIND.get(str(sub.get("kind"))) == part:
            return _as_version_1(sub)
    return {}


def _as_version_1(sub: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = sub.get("kind")
    if sub.get("no_op") or kind in ("attention", "ffn"):
        return {**sub, "num_key_value_heads": sub.get("num_kv_heads")}
    if kind == "moe":
        moe = {new: sub.get(old) for old, new in _MOE_FIELDS.items()}
        return {"moe": moe, "latent_dim": sub.get("latent_dim")}
    return {"mamba": {key: value for key, value in sub.items() if key not in _NAMING}}


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


def _sub_blocks(read: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = read.get("subblock_configs")
    return [sub for sub in found if isinstance(sub, Mapping)] if isinstance(found, list) else []


def _extras(read: Mapping[str, Any]) -> Iterator[str]:
    if read.get("parallel_blocks"):
        yield "parallel_blocks"
    subblocks = [(part, cast("Mapping[str, Any]", read.get(part) or {})) for part in PARTS]
    for name, subblock in [*subblocks, *((str(sub.get("kind")), sub) for sub in _sub_blocks(read))]:
        if not isinstance(subblock, Mapping) or subblock.get("no_op"):
            continue
        if name in ("moe", "mamba", "mla"):
            yield name
        known_names = _MOE_FIELDS if name == "moe" else subblock if name == "mamba" else ()
        yield from (f"{name}.{key}" for key in subblock if _says_more(subblock, key, known_names))


def _says_more(subblock: Mapping[str, Any], key: str, known_names: Container[str]) -> bool:
    value = subblock[key]
    if key in known_names:
        return False
    if key == "gated":
        return value is False
    if key in _PLAIN and key != "sparsify":
        return False
    return bool(value) and value not in _HARMLESS
