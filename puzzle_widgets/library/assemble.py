"""Build a library from what a reader found; every form of input passes the same checks here.

Not every cost is one: there are placeholders for "not measured", and negative amounts. A
placeholder is one figure, written wherever a block was not measured or did not fit: -1, 1e9, 1e12.
It is far outside the column's other values, and not what most of the parent's blocks have; blocks
that cost (next to) nothing are not placeholders.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from puzzle_widgets.library.checks import (
    MAX_NAME,
    Location,
    numbers,
    short_repr,
    some_of,
    text,
    tidy,
)
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import (
    BlockLibrary,
    BlockVariant,
    Layer,
    LayerName,
    Measurement,
    Part,
    Provenance,
    SubBlock,
    block_from_name,
    block_from_size,
)
from puzzle_widgets.library.quantity import (
    COST_GROUP,
    FFN_SIZE,
    KV_HEADS,
    SCORE_GROUP,
    Settled,
    converted,
    settle_all,
)

_SIZE_KEYS: dict[Part, str] = {"attention": KV_HEADS, "ffn": FFN_SIZE}
_FAR, _FAR_IF_ROUND = 1e6, 1e3
_LEAST_ROUND = 99_999
_LARGEST = (2.0**31 - 1, 2.0**31, 2.0**32 - 1, 2.0**32, 2.0**63)
_AMOUNT = re.compile(
    r"memory|param|heads|experts|intermediate_size|kv_cache|_(?:bytes|[kmgt]i?b)(?:@|$)"
)
_NEVER_BELOW = re.compile(r"metrics\.(?:kl|mse|rmse|mae|ppl|perplexity)(?![a-z])")
_Cell = tuple[Layer, str, float]
"""A layer, the name of a variant of it, and what it costs."""


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
    """Check names, keys and parents of all layers, and freeze them."""
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
        checked = numbers(converted(variant.values, settled), here)
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
            f"the parent {short_repr(layer.parent)} is not one of the layer's variants.",
            "Name one of them.",
        )
    return Layer(layer.name, variants, layer.parent)


def _freeze_variant(raw: RawVariant, keys: tuple[str, ...], place: Location) -> BlockVariant:
    if tuple(raw.values) != keys:
        _check_keys(raw.values, keys, place)
    values = FrozenMapping({key: raw.values[key] for key in keys})
    return BlockVariant(
        raw.name,
        raw.attention or _subblock("attention", raw),
        raw.ffn or _subblock("ffn", raw),
        values,
        raw.weight_paths,
        raw.block_config,
    )


def _check_keys(values: Mapping[str, float], keys: tuple[str, ...], place: Location) -> None:
    for key in keys:
        if key not in values:
            place.at(field=key).fail(
                "missing here, given in the first variant.", "Give it in every variant or in none."
            )
    for key in values:
        if key not in keys:
            place.at(field=key).fail(
                "given here, missing in the first variant.", "Give it in every variant or in none."
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
            place.fail(f"the {what} {short_repr(name)} appears twice.", "Keep one, or rename one.")
        seen.add(name)


def _no_variants(place: Location) -> NoReturn:
    place.fail("no variants here.", "Give the layer at least the parent's block.")


def check_costs(
    layers: Sequence[Layer], non_block_costs: Mapping[str, float], place: Location
) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Leave out variants whose costs are placeholders; also gives a note for each such figure."""
    notes: list[str] = []
    gone: set[tuple[object, str]] = set()
    for key in layers[0].variants[0].values:
        is_cost = key.startswith(COST_GROUP)
        if not is_cost and not _NEVER_BELOW.match(key):
            continue
        cells = [(layer, v.name, v.values[key]) for layer in layers for v in layer.variants]
        found = placeholders(
            [cost for *_, cost in cells], [la.parent_variant.values[key] for la in layers]
        )
        if not is_cost:  # a large one is never chosen, and may be so bad
            found = [value for value in found if value < 0]
        for value in found:
            here = [(layer, name, cost) for layer, name, cost in cells if cost == value]
            rest = [cost for *_, cost in cells if cost not in found]
            notes.append(_left_out(key, here, rest, place))
            gone |= {(layer.name, name) for layer, name, _ in here}
        if is_cost:
            notes += _below_zero(key, [cell for cell in cells if cell[2] not in found], place)
        if non_block_costs.get(key, 0.0) < 0:
            _refuse_amount(key, place)
    return tuple(_without(layer, gone) for layer in layers), tuple(notes)


def placeholders(values: Sequence[float], parents: Sequence[float]) -> list[float]:
    """Find the placeholders among a cost of every block, by those of the parent's own blocks.

    Examples
    --------
    >>> placeholders([10.0, 4.0, 1e12, 0.0, 9.5, 1e12], parents=[10.0, 9.5])
    [1000000000000.0]
    >>> placeholders([10.0, 4.0, -1.0], parents=[10.0])
    [-1.0]
    >>> placeholders([855e6, 16384.0, 0.0, 855e6], parents=[855e6, 855e6])
    []
    """
    counts = Counter(parents)
    usual = {value for value, count in counts.items() if count > len(parents) / 2}
    left = sorted(set(values) - {0.0}, key=abs)
    found: list[float] = []
    while (first := _first_far_out(left, usual)) < len(left):
        left, found = left[:first], [*found, *left[first:]]
    below = [value for value in left if value < 0]
    if len(below) == 1 < len(left) and _is_mark(-below[0]) and below[0] not in usual:
        found += below
    return found


def _first_far_out(sizes: Sequence[float], usual: set[float]) -> int:
    """Index from which sorted sizes are placeholders: one, or several round ones."""
    for place in reversed(range(1, len(sizes))):
        above = sizes[place:]
        alike = len(above) == 1 or all(_is_round(abs(size)) for size in above)
        if not alike or usual.intersection(above):
            break
        if _is_far(abs(sizes[place]), abs(sizes[place - 1])):
            return place
    return len(sizes)


def _is_far(size: float, following: float) -> bool:
    return size >= following * (_FAR_IF_ROUND if _is_round(size) else _FAR)


def _is_round(size: float) -> bool:
    """Whether it is a power of ten, nines only, or the greatest whole number of a type."""
    power = f"{size:.0e}".startswith("1e") and size == float(f"{size:.0e}")
    return size >= _LEAST_ROUND and (power or _is_mark(size) or size in _LARGEST)


def _is_mark(size: float) -> bool:
    """Whether it is 1, or nines only."""
    return size == int(size) and (size == 1 or set(str(int(size))) == {"9"})


def _left_out(key: str, here: Sequence[_Cell], rest: Sequence[float], place: Location) -> str:
    what = "cost" if key.startswith(COST_GROUP) else "score"
    span = f"the others are {min(rest):g} to {max(rest):g}"
    for layer, name, value in here:
        if name == layer.parent:
            place.at(layer=layer.name, variant=name, field=key).fail(
                f"{value:g} looks like a placeholder for an unknown {what} ({span}).",
                f"Give the {what} of the parent's block.",
            )
    names = some_of(
        [f"layer {short_repr(layer.name)} {short_repr(name)}" for layer, name, _ in here]
    )
    count = "1 variant was" if len(here) == 1 else f"{len(here):,} variants were"
    return (
        f"{count} left out, for {key} of {here[0][2]:g} looks like a placeholder ({span}): {names}."
    )


def _below_zero(key: str, cells: Sequence[_Cell], place: Location) -> list[str]:
    here = [(layer, name, cost) for layer, name, cost in cells if cost < 0]
    if not here:
        return []
    layer, name, _ = here[0]
    _refuse_amount(key, place.at(layer=layer.name, variant=name))
    names = some_of(
        [f"layer {short_repr(la.name)} {short_repr(name)} {cost:g}" for la, name, cost in here]
    )
    return [f"{key} is below 0, as differences of measurements may be: {names}."]


def _refuse_amount(key: str, place: Location) -> None:
    if _AMOUNT.search(key):
        place.at(field=key).fail("below 0.", "Give an amount of 0 or more.")


def _without(layer: Layer, gone: set[tuple[object, str]]) -> Layer:
    kept = tuple(v for v in layer.variants if (layer.name, v.name) not in gone)
    return layer if len(kept) == len(layer.variants) else replace(layer, variants=kept)
