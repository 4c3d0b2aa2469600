"""Costs of a library by subblocks, as Puzzletron's ``subblock_stats.json`` has them."""

from __future__ import annotations

import math
from typing import Any

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.anymodel import written
from puzzle_widgets.export.blocks import PARTS
from puzzle_widgets.export.puzzletron import parent_index
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.quantity import COST_GROUP

_CLASSES = {"attention": "AttentionConfig", "ffn": "FFNConfig"}
_DTYPES = ("weights_dtype", "activations_dtype", "kv_cache_dtype")
_USUAL = ("runtime_ms", "memory_mib", "num_params")
# Of the same subblock beside others, and of a sum: published runtimes are rounded (3e-5 apart).
_CLOSE, _CLOSE_SUM = 1e-6, 1e-3


def subblock_stats(library: BlockLibrary, generated: int | None = None) -> dict[str, Any]:
    """Give the one workload of a library: arguments, non-block costs, costs of subblocks.

    Parameters
    ----------
    library
        With costs of attention and FFN apart.
    generated
        Tokens of a sequence that are generated; all of them by default.

    Raises
    ------
    ExportError
        If costs are not told by subblocks, do not add up to a thousandth, or differ for the same
        subblock of a layer.
    """
    keys = _keys(library)
    outside = {key: library.non_block_cost(f"{COST_GROUP}{key}") for key in keys}
    return {
        "args": _args(library, generated),
        "non_block": outside,
        "subblocks": _rows(library, keys),
    }


def _keys(library: BlockLibrary) -> list[str]:
    """Costs that both subblocks have of their own."""
    bare = [key.removeprefix(COST_GROUP) for key in library.costs]
    keys = [k for k in bare if all(f"{part}_{k}" in bare for part in PARTS)]
    if not keys:
        raise ExportError(
            f"{library.name}: no cost is told for attention and FFN apart. Puzzletron needs "
            "columns such as stats.attention_memory_mib and stats.ffn_memory_mib."
        )
    return keys


def _args(library: BlockLibrary, generated: int | None) -> dict[str, Any]:
    """Puzzletron's throughput counts generated tokens only: by default it is the library's."""
    measured = library.measurement
    whole = measured.sequence_length or 0
    if generated is not None and not 0 < generated <= whole:
        raise ExportError(
            f"{generated} generated tokens: sequences of {library.name} have {whole:,} in all."
        )
    after = whole if generated is None else generated
    return {
        "gpu": measured.gpu,
        "batch_size": measured.batch_size,
        "prefill_seq_len": whole - after,
        "generation_seq_len": after,
        **dict.fromkeys(_DTYPES, measured.dtype),
    }


def _rows(library: BlockLibrary, keys: list[str]) -> list[dict[str, Any]]:
    rows: dict[tuple[int, str, str], dict[str, Any]] = {}
    for place, layer in enumerate(library.layers):
        for variant in layer.variants:
            _check_sums(layer.name, variant, keys)
            config = written(variant)
            for part in PARTS:
                index = parent_index(library, place)
                row = _row(variant, part, keys, config[part], index)
                known = rows.setdefault((index, part, repr(config[part])), row)
                _check_same(known, row, layer.name, variant, keys)
    return list(rows.values())


def _row(
    variant: BlockVariant, part: str, keys: list[str], config: dict[str, Any], index: int
) -> dict[str, Any]:
    costs = {key: variant.values[f"{COST_GROUP}{part}_{key}"] for key in keys}
    return {
        "subblock_config": config,
        "subblock_config_class": _CLASSES[part],
        **dict.fromkeys(_USUAL),
        **costs,
        "parent_layer_index": index,
    }


def _check_sums(layer: object, variant: BlockVariant, keys: list[str]) -> None:
    for key in keys:
        whole = variant.values[f"{COST_GROUP}{key}"]
        subblocks = sum(variant.values[f"{COST_GROUP}{part}_{key}"] for part in PARTS)
        if not math.isclose(whole, subblocks, rel_tol=_CLOSE_SUM, abs_tol=_CLOSE):
            raise ExportError(
                f"Layer {layer!r}, variant {variant.name!r}: {key} is {whole:g}, attention and "
                f"FFN together {subblocks:g}. Puzzletron adds subblocks up; fix the library."
            )


def _check_same(
    known: dict[str, Any],
    row: dict[str, Any],
    layer: object,
    variant: BlockVariant,
    keys: list[str],
) -> None:
    for key in keys:
        if not math.isclose(known[key], row[key], rel_tol=_CLOSE, abs_tol=_CLOSE):
            raise ExportError(
                f"Layer {layer!r}, variant {variant.name!r}: {key} of one subblock is {row[key]:g} "
                f"here and {known[key]:g} with another subblock beside it. Puzzletron knows one "
                "cost for each subblock of a layer."
            )
