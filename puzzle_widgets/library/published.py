"""Read the published three-file form of a block library.

``block_library.json`` is ``{layer: {variant: {"stats": {...}, "metrics": {...}}}}``;
``measurement_info.json`` and ``parent_block_stats.json`` may stand beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from puzzle_widgets.library.assemble import Facts, RawLayer, RawVariant, assemble
from puzzle_widgets.library.checks import (
    Location,
    mapping,
    number,
    optional_count,
    optional_text,
    parse_json,
    text,
)
from puzzle_widgets.library.model import BlockLibrary, LayerName, Measurement, Provenance

LIBRARY_FILE = "block_library.json"
MEASUREMENT_FILE = "measurement_info.json"
PARENT_FILE = "parent_block_stats.json"

_LAYER_NUMBER = re.compile(r"(?:layer|block)?[_\s-]*(\d{1,9})", re.IGNORECASE)
_PARENT_SHARE = re.compile(r"parent\s*\*\s*100\s*%")
_BOTH_HALVES = 2


def read_published(
    content: Mapping[str, Any], file: str, sidecars: Mapping[str, bytes], facts: Facts
) -> BlockLibrary:
    """Read the published form.

    Parameters
    ----------
    content
        Parsed ``block_library.json``.
    file
        Its name, for messages.
    sidecars
        Bytes of the files beside it, by name; those missing are done without.
    facts
        What the caller says of the library; a measurement file fills what is left open.
    """
    place, empty = Location(file), _never_measured(content)
    named = [(_layer_name(name, place), variants) for name, variants in content.items()]
    found = [(name, _read_variants(rows, empty, place.at(layer=name))) for name, rows in named]
    stats = _parent_stats(sidecars, empty)
    known = {key for _, variants in found for variant in variants for key in variant.values}
    surplus = sorted(set(stats or ()) - known)
    same = None if stats is None else {key: stats[key] for key in stats if key in known}
    layers = [
        RawLayer(name, variants, _find_parent(variants, same, surplus, place.at(layer=name)))
        for name, variants in found
    ]
    notes = (
        *(f"{key} is null in every variant, and was left out." for key in sorted(empty)),
        *(f"{key} stands in {PARENT_FILE} only, and was passed by." for key in surplus),
    )
    return assemble(file, layers, replace(_with_measurement(facts, sidecars), notes=notes))


def read_measurement(content: Mapping[str, Any], place: Location) -> Measurement:
    """Read batch size, sequence length, GPU and dtype; any may be missing."""
    return Measurement(
        optional_count(content.get("batch_size"), place.at(field="batch_size")),
        optional_count(content.get("sequence_length"), place.at(field="sequence_length")),
        optional_text(content.get("gpu"), place.at(field="gpu"), "the GPU"),
        optional_text(content.get("dtype"), place.at(field="dtype"), "the dtype"),
    )


def _with_measurement(facts: Facts, sidecars: Mapping[str, bytes]) -> Facts:
    measurement = facts.measurement
    if measurement == Measurement() and MEASUREMENT_FILE in sidecars:
        place = Location(MEASUREMENT_FILE)
        found = parse_json(sidecars[MEASUREMENT_FILE], place)
        measurement = read_measurement(mapping(found, place, "the file"), place)
    provenance = Provenance("measured" if measurement.gpu else "unknown", facts.name)
    return Facts(facts.name, measurement, facts.units, provenance)


def _never_measured(content: Mapping[str, Any]) -> set[str]:
    """Keys whose value is null wherever they stand."""
    values: dict[str, bool] = {}
    for variants in content.values():
        for groups in variants.values() if isinstance(variants, Mapping) else ():
            for group, found in groups.items() if isinstance(groups, Mapping) else ():
                for key, value in found.items() if isinstance(found, Mapping) else ():
                    name = f"{group}.{key}"
                    values[name] = values.get(name, True) and value is None
    return {name for name, empty in values.items() if empty}


def _parent_stats(sidecars: Mapping[str, bytes], empty: set[str]) -> dict[str, float] | None:
    if PARENT_FILE not in sidecars:
        return None
    place = Location(PARENT_FILE)
    found = mapping(parse_json(sidecars[PARENT_FILE], place), place, "the file")
    return _flatten({"stats": found.get("stats")}, empty, place)


def _layer_name(name: str, place: Location) -> LayerName:
    match = _LAYER_NUMBER.fullmatch(name)
    return int(match[1]) if match else text(name, place, "a layer's name")


def _read_variants(content: object, empty: set[str], layer: Location) -> list[RawVariant]:
    found = mapping(content, layer, "the layer")
    return [_read_variant(name, values, empty, layer) for name, values in found.items()]


def _read_variant(name: str, content: object, empty: set[str], layer: Location) -> RawVariant:
    place = layer.at(variant=text(name, layer, "a variant's name"))
    return RawVariant(name, _flatten(mapping(content, place, "the variant"), empty, place))


def _flatten(groups: Mapping[str, Any], empty: set[str], place: Location) -> dict[str, float]:
    """Turn ``{"stats": {"memory_mib": 1}}`` into ``{"stats.memory_mib": 1.0}``, scores first."""
    return {
        f"{group}.{key}": number(value, place.at(field=f"{group}.{key}"))
        for group in sorted(groups)
        for key, value in mapping(groups[group], place.at(field=group), "the group").items()
        if f"{group}.{key}" not in empty
    }


def _find_parent(
    variants: list[RawVariant], parent: dict[str, float] | None, surplus: list[str], place: Location
) -> str | None:
    if parent is None:
        named = [v.name for v in variants if len(_PARENT_SHARE.findall(v.name)) == _BOTH_HALVES]
        if variants and len(named) != 1:
            place.fail(
                f"no parent here: {len(named)} variants are named as its block.",
                f"Put {PARENT_FILE} beside the file, or name one variant 'parent * 100%' twice.",
            )
        return named[0] if named else None
    same = [v.name for v in variants if parent.items() <= v.values.items()]
    if len(same) != 1:
        without = f" ({', '.join(surplus)} left aside, which no variant has)" if surplus else ""
        place.fail(
            f"{len(same)} variants have the stats of {PARENT_FILE}{without}.",
            "Exactly one must be the parent's block.",
        )
    return same[0]
