"""The JSON forms of a library: the published one of three files, and the project's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any, get_args

from puzzle_widgets.library.assemble import Facts, RawLayer, RawVariant, assemble
from puzzle_widgets.library.checks import (
    Location,
    long_text,
    mapping,
    number,
    numbers,
    optional_count,
    optional_text,
    parse_json,
    sequence,
    short_repr,
    text,
)
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import (
    KINDS,
    BlockLibrary,
    BlockVariant,
    Layer,
    LayerName,
    Measurement,
    Origin,
    Part,
    Provenance,
    SubBlock,
    once_per_library,
)
from puzzle_widgets.version import __version__

LIBRARY_FILE = "block_library.json"
MEASUREMENT_FILE = "measurement_info.json"
PARENT_FILE = "parent_block_stats.json"
SIDECARS = (MEASUREMENT_FILE, PARENT_FILE)

_LAYER_NUMBER = re.compile(r"(?:layer|block)?[_\s-]*(\d{1,9})", re.IGNORECASE)
_PARENT_SHARE = re.compile(r"parent\s*\*\s*100\s*%")
_BOTH_HALVES = 2
FORMAT = "puzzle-widgets/block-library"
VERSION = 1


def read_published(
    content: Mapping[str, Any], file: str, sidecars: Mapping[str, bytes], facts: Facts
) -> BlockLibrary:
    """Read the published form: parsed ``block_library.json``, and the bytes of those beside it.

    The caller's facts override those of files next to it.
    """
    place, empty = Location(file), _never_measured(content)
    named = [(_published_name(name, place), variants) for name, variants in content.items()]
    found = [(name, _published_variants(rows, empty, place.at(layer=name))) for name, rows in named]
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
        *(f"{key} is in {PARENT_FILE} only, and was ignored." for key in surplus),
    )
    return assemble(file, layers, replace(_with_measurement(facts, sidecars), notes=notes))


def read_measurement(content: Mapping[str, Any], place: Location) -> Measurement:
    """Read batch size, sequence length, GPU and dtype; any may be missing."""
    return Measurement(
        optional_count(content.get("batch_size"), place.at(field="batch_size")),
        optional_count(content.get("sequence_length"), place.at(field="sequence_length")),
        optional_text(content.get("gpu"), place.at(field="gpu"), "the GPU"),
        optional_text(content.get("dtype"), place.at(field="dtype"), "the dtype"),
        optional_count(content.get("prefill_length"), place.at(field="prefill_length")),
        optional_count(content.get("prefill_queue"), place.at(field="prefill_queue")) or 0,
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
    """Keys whose value is always null."""
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


def _published_name(name: str, place: Location) -> LayerName:
    match = _LAYER_NUMBER.fullmatch(name)
    return int(match[1]) if match else text(name, place, "a layer's name")


def _published_variants(content: object, empty: set[str], layer: Location) -> list[RawVariant]:
    found = mapping(content, layer, "the layer")
    return [_published_variant(name, values, empty, layer) for name, values in found.items()]


def _published_variant(name: str, content: object, empty: set[str], layer: Location) -> RawVariant:
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
        without = f" ({', '.join(surplus)} ignored: no variant has them)" if surplus else ""
        place.fail(
            f"{len(same)} variants have the stats of {PARENT_FILE}{without}.",
            "Exactly one must be the parent's block.",
        )
    return same[0]


def dump_library(library: BlockLibrary) -> str:
    """Give a library's JSON text, without the weighted sums that follow from its scores."""
    library = library.plain
    head = {**dump_head(library), "keys": list(library.keys)}
    layers = ",\n".join(_dump_layer(layer) for layer in library.layers)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "layers": [\n{layers}\n]}}\n'


@once_per_library
def library_digest(library: BlockLibrary) -> str:
    """SHA-256 of a library's layers and figures, whatever its title, origin and notes."""
    bare = replace(library, name="", notes=(), provenance=Provenance())
    return sha256(dump_library(bare).encode("utf-8", "surrogatepass")).hexdigest()


def named_content(library: BlockLibrary) -> dict[str, Any]:
    """Name a library in a file: its title, hash and workload, and this package's version."""
    return {
        "library": library.name,
        "library_sha256": library_digest(library),
        "workload": vars(library.measurement),
        "puzzle_widgets": __version__,
    }


def dump_head(library: BlockLibrary) -> dict[str, Any]:
    """Give all that is known of a library as a whole, as JSON values."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": library.name,
        "measurement": _dump_measurement(library.measurement),
        "units": dict(library.units),
        "provenance": asdict(library.provenance),
        **_outside(library),
    }


def _dump_measurement(measurement: Measurement) -> dict[str, Any]:
    """Write a measurement; what came later only where it is known, for digests to stay."""
    found = asdict(measurement)
    return {name: one for name, one in found.items() if one or not name.startswith("prefill_")}


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
            f"version {short_repr(content.get('version'))} is not supported.",
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
    return FrozenMapping(numbers(found, place))


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
    values = record.get("values")
    if not isinstance(values, list) or not values:
        values = sequence(values, place.at(field="values"), "'values'")
    if len(values) != len(keys):
        place.fail(f"{len(values)} values for {len(keys)} keys.", "Give one value for each key.")
    found = numbers(dict(zip(keys, values, strict=True)), place)
    subblocks = [_read_subblock(record.get(part), place, part) for part in ("attention", "ffn")]
    paths, config = record.get("weight_paths"), record.get("block_config")
    return RawVariant(
        name,
        found,
        *subblocks,
        weight_paths=read_paths(paths, place.at(field="weight_paths")) if paths is not None else (),
        block_config=long_text(config, place.at(field="block_config"))
        if config is not None
        else "",
    )


def read_paths(content: object, place: Location) -> tuple[str, ...]:
    """Read a list of weight files; it may be missing."""
    if content in (None, []):
        return ()
    return tuple(text(path, place, "a path") for path in sequence(content, place, "it"))


def _read_subblock(content: object, variant: Location, part: Part) -> SubBlock | None:
    if content is None:
        return None
    place = variant.at(field=part)
    record = mapping(content, place, "the subblock")
    kind, size = record.get("kind"), optional_count(record.get("size"), place)
    if kind not in KINDS or (kind == "sized") != (size is not None):
        place.fail(
            f"{short_repr(dict(record))} is not a subblock of a block.",
            f"'kind' is one of {', '.join(KINDS)}; only a sized one has a 'size'.",
        )
    return SubBlock(kind, size)
