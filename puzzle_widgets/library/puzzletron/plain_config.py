"""Sizes of each layer in a config without block configs: one for all, or a list by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from puzzle_widgets.library.checks import Location, short_repr

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
    """Read what each layer has of its own, by its number.

    Raises
    ------
    LibraryError
        Naming a field that tells layers apart in a way that is not read here.
    """
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
