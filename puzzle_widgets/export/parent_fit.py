"""Whether a ``config.json`` is that of the library's parent: no child's, and of the same sizes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from puzzle_widgets.export.blocks import PARTS, SIZE_FIELD
from puzzle_widgets.export.findings import Finding
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.model import Part
from puzzle_widgets.library.quantity import COST_GROUP

_CHILDREN = ("nemotron-nas", "deci", "nemotron_h_puzzle")
# Norms and biases are small beside the matrices; another hidden size is not.
_CLOSE = 0.05
_OWN = "Give the configuration of the library's own parent."


def check_fit(parent: ParentConfig, library: BlockLibrary) -> list[Finding]:
    """Refuse a child's configuration, and sizes unlike the parent's; warn of unlike parameters."""
    why = _child_signs(parent, library)
    if why:
        words = f"{parent.source} is a child's configuration: {why}. Give the parent's config.json."
        return [Finding("error", words)]
    errors = [*_layers_unlike(parent, library), *_sizes_unlike(parent, library)]
    if errors:
        return [Finding("error", words) for words in errors]
    return [Finding("warning", words) for words in _parameters_unlike(parent, library)]


def _child_signs(parent: ParentConfig, library: BlockLibrary) -> str:
    """Say by what a configuration is a compressed child's; empty where it is a parent's.

    ModelOpt's teachers have block configurations too: equal ones, unless the parent's own layers
    are unlike each other.
    """
    if parent.model_type in _CHILDREN:
        return f"its type is {parent.model_type!r}"
    if parent.content.get("per_layer_config"):
        return "its per_layer_config tells layers apart"
    configs = parent.content.get("block_configs")
    unlike = isinstance(configs, list) and len({_text(config) for config in configs}) > 1
    own = {(v.attention, v.ffn, v.block_config) for v in _parents(library)}
    return "its block_configs differ between layers" if unlike and len(own) == 1 else ""


def _text(config: object) -> str:
    return json.dumps(config, sort_keys=True)


def _parents(library: BlockLibrary) -> list[BlockVariant]:
    return [layer.parent_variant for layer in library.layers]


def _layers_unlike(parent: ParentConfig, library: BlockLibrary) -> Iterator[str]:
    if parent.layers != len(library.layers):
        yield (
            f"{parent.source} has {parent.layers} layers, {library.name} has "
            f"{len(library.layers)}. {_OWN}"
        )


def _sizes_unlike(parent: ParentConfig, library: BlockLibrary) -> Iterator[str]:
    given = {"attention": parent.kv_heads, "ffn": parent.width}
    for part in PARTS:
        own = _size(library, part)
        if own is not None and given[part] not in (None, own):
            yield (
                f"{parent.source} says {SIZE_FIELD[part]} {given[part]:,}, the parent's blocks in "
                f"{library.name} have {own:,}. {_OWN}"
            )


def _size(library: BlockLibrary, part: Part) -> int | None:
    """Size of the parent's subblock where it is the same in every layer."""
    sizes = {getattr(block, part).size for block in _parents(library)}
    return next(iter(sizes)) if len(sizes) == 1 else None


def _parameters_unlike(parent: ParentConfig, library: BlockLibrary) -> Iterator[str]:
    expected: dict[Part, Callable[[ParentConfig, int], list[int]]] = {
        "attention": _attention_parameters,
        "ffn": _ffn_parameters,
    }
    for part in PARTS:
        size, own = _size(library, part), _parents(library)[0]
        known = own.values.get(f"{COST_GROUP}{part}_num_params", 0.0)
        if size is None or known <= 0:
            continue
        ought = expected[part](parent, size)
        if all(abs(known - one) > _CLOSE * known for one in ought):
            yield (
                f"By {parent.source} the parent's {part} has about {ought[0]:,} parameters, in "
                f"{library.name} it has {known:,.0f}: hidden size {parent.hidden:,} or "
                f"{parent.heads} attention heads may be another model's."
            )


def _attention_parameters(parent: ParentConfig, kv_heads: int) -> list[int]:
    """Four matrices: queries and output of all heads, keys and values of the KV heads."""
    head = parent.head_size or parent.hidden // max(parent.heads, 1)
    return [2 * parent.hidden * head * (parent.heads + kv_heads)]


def _ffn_parameters(parent: ParentConfig, width: int) -> list[int]:
    """Three matrices with a gate, two without."""
    return [matrices * parent.hidden * width for matrices in (3, 2)]
