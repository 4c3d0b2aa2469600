"""The blocks of a whole model: from any ``config.json`` that tells them, and in a library."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from puzzle_widgets.library.checks import (
    Location,
    mapping,
    optional_count,
    parse_json,
    sequence,
    short_repr,
)
from puzzle_widgets.library.model import BlockLibrary, BlockVariant, Layer, LayerName, SubBlock
from puzzle_widgets.library.puzzletron.blocks import (
    LINEAR,
    NO_OP,
    Block,
    RunSubblock,
    Shape,
    read_block,
)

BLOCKS, SPARSE = "block_configs", "per_layer_config"
MAX_LAYERS = 10_000
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")
_EXPERT_FIELDS = (*_EXPERTS, "num_experts_per_tok", "moe_intermediate_size")
_DIGITS = re.compile(r"[0-9]{1,9}")
_ATTENTION_WORDS, _FFN_WORDS = ("attention",), ("mlp", "ffn")
LAYERS = "num_hidden_layers"
_HEADS, _WIDTH = "num_key_value_heads", "intermediate_size"
_BY_LAYER = {
    "num_key_value_heads_per_layer": _HEADS,
    "num_kv_heads": _HEADS,
    _HEADS: _HEADS,
    _WIDTH: _WIDTH,
    "layer_inter_size": _WIDTH,
}
_UNREAD = (
    *("hybrid_override_pattern", "layers_block_type", "layer_head_num", "ffn_multipliers"),
    "num_query_heads",
)
_ATTENTION = {"full_attention", "sliding_attention", "chunked_attention"}
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
_SIZE_FACTS = {"attention": "kv_heads", "ffn": "intermediate"}


def names_blocks(content: object) -> bool:
    """Whether parsed JSON is a model's config that says the block of each layer."""
    return isinstance(content, Mapping) and bool(_inner(content))


def is_config(content: object) -> bool:
    """Whether parsed JSON is a model's config, which tells the blocks of its layers in any way."""
    return names_blocks(content) or (isinstance(content, Mapping) and is_plain(content))


def read_shape(config: Mapping[str, Any], place: Location) -> Shape:
    """Read a model's width and query heads, as far as its config says them."""
    found = _inner(config) or config
    return Shape(
        *(_count(found, config, key, place) for key in ("hidden_size", "num_attention_heads"))
    )


def read_blocks(content: object, place: Location) -> list[Block]:
    """Read the block of every layer of a ``config.json``, also of a nested text model's."""
    config = mapping(content, place, "the file")
    found = _inner(config)
    if not found and is_plain(config):
        return _read_plain(whole_of(config), place)
    if not found:
        place.fail(
            "not an architecture that names the block of each layer.",
            f"Give a config.json with {BLOCKS} or {SPARSE}.",
        )
    shape, layers = read_shape(config, place), _count(found, config, LAYERS, place)
    if found.get(BLOCKS):
        blocks = sequence(found[BLOCKS], place.at(field=BLOCKS), "it")
        if layers is not None and layers != len(blocks):
            place.at(field=BLOCKS).fail(
                f"{len(blocks)} blocks for {layers} layers.", "Give one block for each layer."
            )
        given = [
            as_block_config(block, config, place.at(layer=i)) for i, block in enumerate(blocks)
        ]
        return [read_block(block, shape, place.at(layer=i)) for i, block in enumerate(given)]
    return _read_sparse(found, config, shape, layers, place)


def _read_plain(config: Mapping[str, Any], place: Location) -> list[Block]:
    """Read one block of the same sizes for every layer, or of sizes that are listed by layer."""
    layers = _layer_count(_count(config, config, LAYERS, place), place)
    shape, changes = read_shape(config, place), changes_by_layer(config, layers, place)
    return [
        read_block(_spread(config, change, place.at(layer=i)), shape, place.at(layer=i))
        for i, change in changes.items()
    ]


def _layer_count(layers: int | None, place: Location) -> int:
    if layers is None or layers > MAX_LAYERS:
        place.at(field=LAYERS).fail(
            f"{short_repr(layers)} layers.", f"Give their number, at most {MAX_LAYERS:,}."
        )
    return layers


def _read_sparse(
    found: Mapping[str, Any],
    config: Mapping[str, Any],
    shape: Shape,
    layers: int | None,
    place: Location,
) -> list[Block]:
    """Read what differs from the model's own sizes, layer by layer."""
    layers = _layer_count(layers, place)
    changes = _changes(found[SPARSE], layers, place.at(field=SPARSE))
    whole = {**config, **found}
    return [
        read_block(_spread(whole, changes.get(i, {}), place.at(layer=i)), shape, place.at(layer=i))
        for i in range(layers)
    ]


def _changes(content: object, layers: int, place: Location) -> dict[int, Mapping[str, Any]]:
    """Read what differs, by layer; nothing does in the parent itself."""
    named: dict[int, str] = {}
    found: dict[int, Mapping[str, Any]] = {}
    for key, change in ({} if content == {} else mapping(content, place, "it")).items():
        if not _DIGITS.fullmatch(key) or int(key) >= layers:
            place.fail(
                f"{short_repr(key)} is not a layer of {layers}.", "Name layers by their numbers."
            )
        if (layer := int(key)) in found:
            place.fail(
                f"layer {layer} appears twice, as {short_repr(named[layer])} "
                f"and {short_repr(key)}.",
                "Keep one.",
            )
        named[layer] = key
        found[layer] = change if isinstance(change, Mapping) else mapping(change, place, "it")
    return found


def _spread(whole: Mapping[str, Any], change: Mapping[str, Any], place: Location) -> dict[str, Any]:
    """Write one layer as a block config: the model's sizes, then the layer's own."""
    skipped = change.get("skip") or []
    words = (*_ATTENTION_WORDS, *_FFN_WORDS)
    if not isinstance(skipped, list) or any(word not in words for word in skipped):
        place.at(field="skip").fail(f"{short_repr(skipped)} cannot be skipped.", f"Known: {words}.")
    sizes = {**whole, **change}
    heads = sizes.get("num_key_value_heads") or sizes.get("num_attention_heads")
    attention = {
        "no_op": any(word in skipped for word in _ATTENTION_WORDS),
        "num_key_value_heads": heads,
        "sliding_window": change.get("sliding_window"),
    }
    ffn: dict[str, Any] = {"no_op": any(word in skipped for word in _FFN_WORDS)}
    if any(sizes.get(key) for key in _EXPERTS):
        ffn["moe"] = {key: sizes[key] for key in _EXPERT_FIELDS if sizes.get(key)}
        ffn["moe"].setdefault("moe_intermediate_size", sizes.get("intermediate_size"))
    else:
        ffn["intermediate_size"] = sizes.get("intermediate_size")
    return {"attention": attention, "ffn": ffn}


def _inner(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a config that says the blocks: the whole, or a multimodal model's text part."""
    parts = [p for p in (config, config.get("text_config")) if isinstance(p, Mapping)]
    said = [part for part in parts if part.get(BLOCKS) or part.get(SPARSE)]
    same = [part for part in parts if part.get(SPARSE) == {}]  # as the parent
    return next(iter([*said, *same]), {})


def _count(
    inner: Mapping[str, Any], config: Mapping[str, Any], key: str, place: Location
) -> int | None:
    return optional_count(inner.get(key) or config.get(key), place.at(field=key))


def is_plain(config: Mapping[str, Any]) -> bool:
    """Whether a config says its layers' sizes without block configs, or in a way not known here."""
    whole = whole_of(config)
    return LAYERS in whole or any(whole.get(key) for key in (*_BY_LAYER, *_UNREAD))


def whole_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config with its text part's fields, which go before its own."""
    text = config.get("text_config")
    return {**config, **text} if isinstance(text, Mapping) else dict(config)


def changes_by_layer(
    config: Mapping[str, Any], layers: int, place: Location
) -> dict[int, dict[str, Any]]:
    """Read what differs in each layer, by its number."""
    kinds = config.get("layer_types")
    mixed = isinstance(kinds, list) and not set(map(str, kinds)) <= _ATTENTION
    for field in (*_UNREAD, *(["layer_types"] if mixed else [])):
        if isinstance(config.get(field), list | str):
            place.at(field=field).fail(
                "layers are told apart by this field, which is not read here.",
                "Give a config.json with block_configs or per_layer_config.",
            )
    found: dict[int, dict[str, Any]] = {layer: {} for layer in range(layers)}
    for field, meaning in _BY_LAYER.items():
        for layer, size in enumerate(_sizes(config.get(field), layers, place.at(field=field))):
            found[layer][meaning] = size
    for field in (_WIDTH, _HEADS):
        _check_known(field, config, found, place)
    return found


def _check_known(
    field: str, config: Mapping[str, Any], found: Mapping[int, Mapping[str, Any]], place: Location
) -> None:
    usual = config.get(field) or (config.get("num_attention_heads") if field == _HEADS else None)
    if not usual and not all(change.get(field) for change in found.values()):
        place.at(field=field).fail("missing.", "Give the size of every layer's block.")


def _sizes(value: object, layers: int, place: Location) -> list[Any]:
    if not isinstance(value, list):
        return []
    if len(value) != layers:
        place.fail(f"{len(value)} sizes for {layers} layers.", "Give one for each layer.")
    wrong = next((size for size in value if isinstance(size, bool) or not isinstance(size, int)), 0)
    if wrong != 0:
        place.fail(f"{short_repr(wrong)} is not a size.", "Give whole numbers.")
    return value


def as_block_config(layer: object, config: Mapping[str, Any], place: Location) -> object:
    """Give a layer that says its type as a block config; what says none stays as it is."""
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
        f"the type {short_repr(kind)} is not supported.",
        "Supported are attention, mamba, mlp, moe.",
    )


def _renamed(sizes: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {theirs: sizes.get(ours) for ours, theirs in names.items()}


@dataclass(frozen=True)
class Mismatch:
    """A layer whose block the library does not have, or has more than once."""

    layer: LayerName
    wanted: str
    fitting: int


def match_blocks(
    library: BlockLibrary, blocks: Sequence[Block]
) -> tuple[dict[LayerName, str], tuple[Mismatch, ...]]:
    """Find each layer's block among its variants, for as many blocks as layers.

    Gives ``{layer: variant}`` as far as found, and the layers that do not match.
    """
    shape = shape_of(library)
    found: dict[LayerName, str] = {}
    wrong = []
    for layer, block in zip(library.layers, blocks, strict=True):
        names = _fitting(layer, block, shape)
        if len(names) == 1:
            found[layer.name] = names[0]
        else:
            wrong.append(Mismatch(layer.name, block.name, len(names)))
    return found, tuple(wrong)


def mismatch_words(library: BlockLibrary, wrong: Sequence[Mismatch]) -> str:
    """Name every layer that does not match, those that want the same block together."""
    groups: dict[tuple[str, int], list[LayerName]] = {}
    for one in wrong:
        groups.setdefault((one.wanted, one.fitting), []).append(one.layer)
    parts = []
    for (wanted, fitting), layers in groups.items():
        word = "layer" if len(layers) == 1 else "layers"
        count = f" fits {fitting} variants" if fitting else ""
        parts.append(f"{word} {', '.join(map(repr, layers))}: {wanted!r}{count}")
    return f"{library.name} has no such blocks: {'; '.join(parts)}."


def block_of(variant: BlockVariant, shape: Shape) -> Block | None:
    """The block that a variant is: by its config, else by its subblocks; ``None`` where unknown."""
    if variant.block_config:
        return _parsed(variant.block_config, shape)
    subblocks = (_run_subblock("attention", variant.attention), _run_subblock("ffn", variant.ffn))
    if subblocks[0] is None or subblocks[1] is None:
        return None
    return Block((("attention", subblocks[0]), ("ffn", subblocks[1])))


def _fitting(layer: Layer, wanted: Block, shape: Shape) -> list[str]:
    """Variants that are the block; where several are, those that are it in all details."""
    known = [(variant.name, block_of(variant, shape)) for variant in layer.variants]
    fitting = [(name, block) for name, block in known if block and block.fits(wanted)]
    exact = [name for name, block in fitting if block == wanted]
    return exact if len(exact) == 1 else [name for name, _ in fitting]


def shape_of(library: BlockLibrary) -> Shape:
    """Width and query heads of a library's parent, as far as its config says them."""
    if not library.parent_config:
        return Shape()
    place = Location(f"{library.name}, the parent's config")
    content = mapping(parse_json(library.parent_config.encode(), place), place, "it")
    return read_shape(content, place)


@lru_cache(maxsize=4096)
def _parsed(config: str, shape: Shape) -> Block:
    return read_block(json.loads(config), shape, Location("a block's config"))


def _run_subblock(part: str, subblock: SubBlock) -> RunSubblock | None:
    if subblock.kind in ("no_op", "linear"):
        return NO_OP if subblock.kind == "no_op" else LINEAR
    return (
        RunSubblock(part, ((_SIZE_FACTS[part], subblock.size),))
        if subblock.kind == "sized"
        else None
    )
