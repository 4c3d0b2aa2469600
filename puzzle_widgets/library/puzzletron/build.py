"""Make a library of the blocks that can be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from puzzle_widgets.library.assemble import Facts, RawLayer, RawVariant, assemble
from puzzle_widgets.library.block import OTHER
from puzzle_widgets.library.checks import Location, text
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary
from puzzle_widgets.library.puzzletron.blocks import Block
from puzzle_widgets.library.puzzletron.candidate import Candidate, ranges
from puzzle_widgets.library.puzzletron.gaps import Usable
from puzzle_widgets.library.puzzletron.values import known
from puzzle_widgets.library.quantity import COST_GROUP


def build(found: Usable, facts: Facts, file: str) -> BlockLibrary:
    """Freeze the usable blocks, layer by layer.

    Raises
    ------
    LibraryError
        Naming the layers that have no block of the parent's.
    """
    layers: dict[int, list[Candidate]] = {}
    for candidate in found.candidates:
        layers.setdefault(candidate.layer, []).append(candidate)
    raw = [_layer(file, layer, here, found.keys) for layer, here in sorted(layers.items())]
    orphans = [int(layer.name) for layer in raw if layer.parent is None]
    if orphans:
        Location(file).fail(
            f"{ranges(orphans)}: no block of the parent's own.",
            "The parent's records (is_teacher) or its config are needed.",
        )
    return assemble(file, raw, facts)


def non_block_costs_of(
    non_block: Mapping[str, float | None], keys: Sequence[str]
) -> FrozenMapping[str, float]:
    """Non-block costs by their dotted keys, where there are any and blocks have them."""
    dotted = {f"{COST_GROUP}{key}": value for key, value in known(non_block)}
    return FrozenMapping({key: dotted[key] for key in keys if dotted.get(key)})


def _layer(file: str, layer: int, candidates: Sequence[Candidate], keys: Sequence[str]) -> RawLayer:
    place = Location(file).at(layer=layer)
    names = [text(name, place, "a block's name") for name in _names(candidates)]
    looks = Counter(_look(candidate.block) for candidate in candidates)
    variants = [
        _variant(name, candidate, keys, alone=looks[_look(candidate.block)] == 1)
        for name, candidate in zip(names, candidates, strict=True)
    ]
    parents = [n for n, candidate in zip(names, candidates, strict=True) if candidate.is_parent]
    return RawLayer(layer, variants, parents[0] if len(parents) == 1 else None)


def _variant(name: str, found: Candidate, keys: Sequence[str], *, alone: bool) -> RawVariant:
    """Make a variant; subblocks that do not tell it from another are known by its name only."""
    values = {key: value for key, value in known(found.values) if key in keys}
    return RawVariant(
        name,
        {key: values[key] for key in keys},
        found.block.attention.subblock if alone else OTHER,
        found.block.ffn.subblock if alone else OTHER,
        weight_paths=found.paths,
        block_config=found.config,
    )


def _look(block: Block) -> object:
    subblocks = (block.attention.subblock, block.ffn.subblock)
    return block if OTHER in subblocks else subblocks


def _names(candidates: Sequence[Candidate]) -> list[str]:
    """Name blocks by their sizes; those that share a name, by what else differs, or a number."""
    plain = Counter(candidate.block.name for candidate in candidates)
    names: list[str] = []
    for candidate in candidates:
        name = candidate.block.name
        if plain[name] > 1 and candidate.block.extra:
            name += f" ({', '.join(f'{key} {value}' for key, value in candidate.block.extra)})"
        names.append(name if name not in names else f"{name} ({len(names)})")
    return names
