"""The blocks of a whole model, from any ``config.json`` that tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from puzzle_widgets.library.checks import Location, mapping, optional_count, sequence, short_repr
from puzzle_widgets.library.puzzletron.blocks import Block, Shape, read_block
from puzzle_widgets.library.puzzletron.hybrid_config import as_block_config
from puzzle_widgets.library.puzzletron.plain_config import (
    LAYERS,
    changes_by_layer,
    is_plain,
    whole_of,
)

BLOCKS, SPARSE = "block_configs", "per_layer_config"
MAX_LAYERS = 10_000
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")
_EXPERT_FIELDS = (*_EXPERTS, "num_experts_per_tok", "moe_intermediate_size")
_DIGITS = re.compile(r"[0-9]{1,9}")
_ATTENTION_WORDS, _FFN_WORDS = ("attention",), ("mlp", "ffn")


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
    """Read the block of every layer.

    Parameters
    ----------
    content
        Parsed ``config.json``, in which a multimodal model's text part may stand within.

    Raises
    ------
    LibraryError
        Naming file, layer and field.
    """
    config = mapping(content, place, "the file")
    found = _inner(config)
    if not found and is_plain(config):
        return _read_plain(whole_of(config), place)
    if not found:
        place.fail(
            "no architecture with its own block in each layer.",
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
                f"layer {layer} is there twice, as {short_repr(named[layer])} "
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
