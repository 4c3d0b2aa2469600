"""Read and write the project's own JSON form; what is written reads back as an equal library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

from puzzle_widgets.library.assemble import Facts, RawLayer, RawVariant, assemble
from puzzle_widgets.library.block import KINDS, SubBlock
from puzzle_widgets.library.checks import (
    Location,
    long_text,
    mapping,
    number,
    optional_count,
    optional_text,
    sequence,
    short_repr,
    text,
)
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import (
    BlockLibrary,
    BlockVariant,
    Layer,
    LayerName,
    Origin,
    Provenance,
)
from puzzle_widgets.library.published import read_measurement

FORMAT = "puzzle-widgets/block-library"
VERSION = 1


def dump_library(library: BlockLibrary) -> str:
    """Give a library's JSON text."""
    head = {**dump_head(library), "keys": list(library.keys)}
    layers = ",\n".join(_dump_layer(layer) for layer in library.layers)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "layers": [\n{layers}\n]}}\n'


def dump_head(library: BlockLibrary) -> dict[str, Any]:
    """Give all that is known of a library as a whole, as JSON values."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": library.name,
        "measurement": asdict(library.measurement),
        "units": dict(library.units),
        "provenance": asdict(library.provenance),
        **_outside(library),
    }


def _outside(library: BlockLibrary) -> dict[str, Any]:
    """What is known beside the blocks; nothing where there is nothing."""
    found = {
        "non_block_costs": dict(library.non_block_costs),
        "parent_config": library.parent_config,
        "notes": list(library.notes),
    }
    return {name: value for name, value in found.items() if value}


def _dump_layer(layer: Layer) -> str:
    head = json.dumps({"layer": layer.name, "parent": layer.parent}, ensure_ascii=False)
    variants = ",\n".join(
        json.dumps(_variant_record(variant), ensure_ascii=False) for variant in layer.variants
    )
    return f'{head[:-1]}, "variants": [\n{variants}\n]}}'


def _variant_record(variant: BlockVariant) -> dict[str, Any]:
    found = {"weight_paths": list(variant.weight_paths), "block_config": variant.block_config}
    return {
        "name": variant.name,
        "attention": asdict(variant.attention),
        "ffn": asdict(variant.ffn),
        "values": list(variant.values.values()),
        **{name: value for name, value in found.items() if value},
    }


def read_native(content: Mapping[str, Any], file: str) -> BlockLibrary:
    """Read parsed JSON of this form."""
    place = Location(file)
    if content.get("version") != VERSION:
        place.at(field="version").fail(
            f"version {short_repr(content.get('version'))} is not known here.",
            f"This program reads version {VERSION}; a newer program may have written it.",
        )
    keys = _read_keys(content, place)
    layers = [
        _read_layer(record, keys, place)
        for record in sequence(content.get("layers"), place, "'layers'")
    ]
    return assemble(file, layers, read_head(content, place))


def _read_keys(content: Mapping[str, Any], place: Location) -> list[str]:
    here = place.at(field="keys")
    keys = [text(key, here, "a key") for key in sequence(content.get("keys"), here, "'keys'")]
    if len(set(keys)) < len(keys):
        here.fail("a key is given twice.", "Keep one.")
    return keys


def read_head(content: Mapping[str, Any], place: Location) -> Facts:
    """Read what a file of this form says of the library as a whole."""
    here = place.at(field="measurement")
    measurement = read_measurement(mapping(content.get("measurement"), here, "it"), here)
    return Facts(
        text(content.get("name"), place.at(field="name"), "the library's name"),
        measurement,
        read_units(content.get("units"), place.at(field="units")),
        _read_provenance(content.get("provenance"), place.at(field="provenance")),
        _read_non_block_costs(content.get("non_block_costs"), place.at(field="non_block_costs")),
        long_text(content.get("parent_config"), place.at(field="parent_config")),
        _read_notes(content.get("notes"), place.at(field="notes")),
    )


def read_units(content: object, place: Location) -> FrozenMapping[str, str]:
    """Read units by key; there may be none."""
    if content in (None, {}):
        return FrozenMapping()
    units = mapping(content, place, "it")
    return FrozenMapping({key: optional_text(unit, place, "a unit") for key, unit in units.items()})


def _read_non_block_costs(content: object, place: Location) -> FrozenMapping[str, float]:
    if content in (None, {}):
        return FrozenMapping()
    found = mapping(content, place, "it")
    return FrozenMapping({key: number(value, place.at(field=key)) for key, value in found.items()})


def _read_notes(content: object, place: Location) -> tuple[str, ...]:
    if content in (None, []):
        return ()
    return tuple(text(note, place, "a note") for note in sequence(content, place, "it"))


def _read_provenance(content: object, place: Location) -> Provenance:
    found = mapping(content, place, "it")
    origin: Any = found.get("origin")
    if origin not in get_args(Origin):
        place.fail(
            f"origin {short_repr(origin)}.", f"One of {', '.join(get_args(Origin))} is needed."
        )
    return Provenance(
        origin,
        optional_text(found.get("source"), place, "the source"),
        optional_text(found.get("note"), place, "the note"),
    )


def _read_layer(content: object, keys: list[str], file: Location) -> RawLayer:
    record = mapping(content, file, "a layer")
    name = _layer_name(record.get("layer"), file)
    place = file.at(layer=name)
    variants = [
        _read_variant(variant, keys, place)
        for variant in sequence(record.get("variants"), place, "'variants'")
    ]
    parent = record.get("parent")
    return RawLayer(name, variants, parent if isinstance(parent, str) else None)


def _layer_name(value: object, place: Location) -> LayerName:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return text(value, place, "a layer's name")


def _read_variant(content: object, keys: list[str], layer: Location) -> RawVariant:
    record = mapping(content, layer, "a variant")
    name = text(record.get("name"), layer, "a variant's name")
    place = layer.at(variant=name)
    values = sequence(record.get("values"), place.at(field="values"), "'values'")
    if len(values) != len(keys):
        place.fail(f"{len(values)} values for {len(keys)} keys.", "Give one value for each key.")
    numbers = {
        key: number(value, place.at(field=key)) for key, value in zip(keys, values, strict=True)
    }
    subblocks = [
        _read_subblock(record.get(part), place.at(field=part)) for part in ("attention", "ffn")
    ]
    return RawVariant(
        name,
        numbers,
        *subblocks,
        weight_paths=read_paths(record.get("weight_paths"), place.at(field="weight_paths")),
        block_config=long_text(record.get("block_config"), place.at(field="block_config")),
    )


def read_paths(content: object, place: Location) -> tuple[str, ...]:
    """Read a list of weight files; it may be missing."""
    if content in (None, []):
        return ()
    return tuple(text(path, place, "a path") for path in sequence(content, place, "it"))


def _read_subblock(content: object, place: Location) -> SubBlock | None:
    if content is None:
        return None
    record = mapping(content, place, "the subblock")
    kind, size = record.get("kind"), optional_count(record.get("size"), place)
    if kind not in KINDS or (kind == "sized") != (size is not None):
        place.fail(
            f"{short_repr(dict(record))} is not a subblock of a block.",
            f"'kind' is one of {', '.join(KINDS)}; only a sized one has a 'size'.",
        )
    return SubBlock(kind, size)
