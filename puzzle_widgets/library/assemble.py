"""Build a library from what a reader found; every form of input passes the same checks here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from puzzle_widgets.library.block import Part, SubBlock, block_from_name, block_from_size
from puzzle_widgets.library.checks import MAX_NAME, Location, number, short_repr, text, tidy
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import (
    BlockLibrary,
    BlockVariant,
    Layer,
    LayerName,
    Measurement,
    Provenance,
)
from puzzle_widgets.library.plausible import check_costs
from puzzle_widgets.library.quantity import COST_GROUP, FFN_SIZE, KV_HEADS, SCORE_GROUP
from puzzle_widgets.library.units import Settled, converted, settle_all

_SIZE_KEYS: dict[Part, str] = {"attention": KV_HEADS, "ffn": FFN_SIZE}


@dataclass(frozen=True)
class RawVariant:
    """A variant as found: checked numbers, subblocks only where the file states them."""

    name: str
    values: dict[str, float]
    attention: SubBlock | None = None
    ffn: SubBlock | None = None
    weight_paths: tuple[str, ...] = field(default=(), kw_only=True)
    block_config: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class RawLayer:
    """A layer as found; ``parent`` is ``None`` where no variant is the parent's."""

    name: LayerName
    variants: Sequence[RawVariant]
    parent: str | None


@dataclass(frozen=True)
class Facts:
    """What is known of the library as a whole."""

    name: str
    measurement: Measurement = Measurement()
    units: FrozenMapping[str, str] = FrozenMapping()
    provenance: Provenance = Provenance()
    non_block_costs: FrozenMapping[str, float] = FrozenMapping()
    parent_config: str = ""
    notes: tuple[str, ...] = ()


def assemble(file: str, layers: Sequence[RawLayer], facts: Facts) -> BlockLibrary:
    """Check names, keys and parents of all layers, and freeze them.

    Raises
    ------
    LibraryError
        Naming file, layer, variant, field and the fix.
    """
    place = Location(file)
    if not layers:
        place.fail("no layers here.", "A block library needs at least one layer.")
    _check_unique([layer.name for layer in layers], place, "layer")
    keys = _keys_of(layers[0], place)
    frozen = tuple(_freeze_layer(layer, keys, place.at(layer=layer.name)) for layer in layers)
    _check_non_block_costs(facts.non_block_costs, keys, place)
    settled, units = settle_all(keys, facts.units, place)
    frozen = tuple(_in_units(layer, settled, place) for layer in frozen)
    non_block_costs = FrozenMapping(converted(facts.non_block_costs, settled))
    frozen, costs = check_costs(frozen, non_block_costs, place)
    notes = tuple(found.note for found in settled.values() if found.note)
    return BlockLibrary(
        facts.name,
        frozen,
        facts.measurement,
        FrozenMapping(units),
        facts.provenance,
        non_block_costs,
        facts.parent_config,
        tuple(tidy(note, MAX_NAME) for note in (*facts.notes, *notes, *costs)),
    )


def _in_units(layer: Layer, settled: Mapping[str, Settled], place: Location) -> Layer:
    """Give every figure in the unit that its key says."""
    if all(found.factor == 1 and key == found.key for key, found in settled.items()):
        return layer
    variants = []
    for variant in layer.variants:
        here = place.at(layer=layer.name, variant=variant.name)
        values = converted(variant.values, settled)
        checked = {key: number(value, here.at(field=key)) for key, value in values.items()}
        variants.append(replace(variant, values=FrozenMapping(checked)))
    return replace(layer, variants=tuple(variants))


def _check_non_block_costs(
    non_block_costs: FrozenMapping[str, float], keys: tuple[str, ...], place: Location
) -> None:
    for key in non_block_costs:
        if key not in keys:
            place.at(field=key).fail(
                "a non-block cost that no block has.",
                "Give it in every variant, or leave it out.",
            )


def _keys_of(layer: RawLayer, place: Location) -> tuple[str, ...]:
    if not layer.variants:
        _no_variants(place.at(layer=layer.name))
    keys = tuple(layer.variants[0].values)
    for key in keys:
        text(key, place.at(field=key), "the field's name")
        if not key.startswith((SCORE_GROUP, COST_GROUP)):
            place.at(field=key).fail(
                "neither a score nor a cost.", f"Name it {SCORE_GROUP}… or {COST_GROUP}…"
            )
    if not keys:
        place.at(layer=layer.name, variant=layer.variants[0].name).fail(
            "no scores and no costs.", "Give each variant metrics and stats."
        )
    return keys


def _freeze_layer(layer: RawLayer, keys: tuple[str, ...], place: Location) -> Layer:
    if not layer.variants:
        _no_variants(place)
    _check_unique([variant.name for variant in layer.variants], place, "variant")
    variants = tuple(
        _freeze_variant(variant, keys, place.at(variant=variant.name)) for variant in layer.variants
    )
    if layer.parent is None:
        place.fail("no parent here.", "Mark the variant that the parent has in this layer.")
    if layer.parent not in {variant.name for variant in variants}:
        place.fail(
            f"the parent {short_repr(layer.parent)} is none of the layer's variants.",
            "Name one of them.",
        )
    return Layer(layer.name, variants, layer.parent)


def _freeze_variant(raw: RawVariant, keys: tuple[str, ...], place: Location) -> BlockVariant:
    for key in keys:
        if key not in raw.values:
            place.at(field=key).fail(
                "missing here, given in the first variant.", "Give it in every variant or in none."
            )
    for key in raw.values:
        if key not in keys:
            place.at(field=key).fail(
                "given here, missing in the first variant.", "Give it in every variant or in none."
            )
    values = FrozenMapping({key: raw.values[key] for key in keys})
    return BlockVariant(
        raw.name,
        raw.attention or _subblock("attention", raw),
        raw.ffn or _subblock("ffn", raw),
        values,
        raw.weight_paths,
        raw.block_config,
    )


def _subblock(part: Part, raw: RawVariant) -> SubBlock:
    size = raw.values.get(_SIZE_KEYS[part])
    if size is None:
        return block_from_name(part, raw.name)
    return block_from_size(part, size, raw.name)


def _check_unique(names: Sequence[LayerName], place: Location, what: str) -> None:
    seen: set[LayerName] = set()
    for name in names:
        if name in seen:
            place.fail(f"the {what} {short_repr(name)} is there twice.", "Keep one, or rename one.")
        seen.add(name)


def _no_variants(place: Location) -> NoReturn:
    place.fail("no variants here.", "Give the layer at least the parent's block.")
