"""The blocks that a run has of each layer: which of them can be used, and the library they make."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from puzzle_widgets.library.assemble import Facts, RawLayer, RawVariant, assemble
from puzzle_widgets.library.checks import (
    Location,
    long_text,
    mapping,
    number,
    sequence,
    short_repr,
    some_of,
    text,
)
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import OTHER, BlockLibrary
from puzzle_widgets.library.order import layers_words
from puzzle_widgets.library.puzzletron.blocks import Block, Shape, canonical, read_block
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP

Values = dict[str, float | None]
_NO_COSTS = ("parent_layer_index", "latency_difference_negative")  # of the block or of a subblock
_AVERAGE = "avg"
_FIRST = ("kl_div", "cosine_embedding_loss_hidden_states", "lm_loss")
_SCORE_SHARE, _COST_SHARE = 0.5, 0.9
_PREFIX = f"{SCORE_GROUP}one_minus_"


def value_of(found: object, place: Location) -> float | None:
    """Read a number; ``None`` where it is not known."""
    if found is None or (isinstance(found, float) and not math.isfinite(found)):
        return None
    return number(found, place)


def costs_of(record: Mapping[str, Any], place: Location) -> Values:
    """Read every cost of a record by its name; texts, configs and places are none."""
    return {
        key: value_of(value, place.at(field=key))
        for key, value in record.items()
        if not key.endswith(_NO_COSTS) and not isinstance(value, str | Mapping | list)
    }


def averages(content: Mapping[str, Any], place: Location) -> Values:
    """Read the averages of all metrics in a validation file."""
    return {
        key: value_of(metric[_AVERAGE], place.at(field=key))
        for key, metric in content.items()
        if isinstance(metric, Mapping) and _AVERAGE in metric
    }


def known(values: Mapping[str, float | None]) -> Iterator[tuple[str, float]]:
    """Go through what is known."""
    return ((key, value) for key, value in values.items() if value is not None)


@dataclass(frozen=True)
class Candidate:
    """One block of one layer, with all that was found of it.

    Parameters
    ----------
    layer
        Number of the layer in the parent.
    block, config
        The block, and the text of its config.
    paths
        Files of its weights.
    is_parent
        Whether it is the parent's own block.
    values
        Scores (``metrics.``) and costs (``stats.``) by dotted key; ``None`` where not known.
    """

    layer: int
    block: Block
    config: str
    paths: tuple[str, ...]
    is_parent: bool = False
    values: Values = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Layer and block, for a notice."""
        return f"layer {self.layer} {self.block.name!r}"


@dataclass(frozen=True)
class Usable:
    """Keys that all the blocks kept have, those blocks, and what was left out."""

    keys: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    notices: tuple[str, ...]


def usable(candidates: Sequence[Candidate], place: Location) -> Usable:
    """Decide which scores and costs to use, and which blocks lack one of them.

    A score is used that at least half as many blocks have as have the commonest one, a cost that
    nine in ten have; the parent's own blocks need all of them. Blocks that lack one are left out,
    and said. A layer of which nothing but the parent's block is left stays, and is named.
    """
    keys = list(dict.fromkeys(key for found in candidates for key in found.values))
    scores, left_scores = _scores(candidates, keys, place)
    costs, left_costs = _costs(candidates, keys)
    wanted = [*scores, *costs]
    kept = [c for c in candidates if all(c.values.get(key) is not None for key in wanted)]
    notices = [*left_scores, *left_costs, *_left_out(candidates, kept, wanted)]
    return Usable(tuple(wanted), tuple(kept), tuple(notices))


def _scores(
    candidates: Sequence[Candidate], keys: list[str], place: Location
) -> tuple[list[str], list[str]]:
    others = [found for found in candidates if not found.is_parent]
    found = [key for key in keys if key.startswith(SCORE_GROUP)]
    counts = {key: _count(others, key) for key in found}
    most = max(counts.values(), default=0)
    if others and not most:
        place.fail(
            f"no block of {layers_words([c.layer for c in others])} has a score.",
            "Give the validation files of the blocks, solution_0.json and so on.",
        )
    fit = [key for key in found if counts[key] >= _SCORE_SHARE * most and _whole(candidates, key)]
    if others and not fit:
        place.fail(
            f"the parent's own {' and '.join(found)} is not known in every layer.",
            "Give the validation file teacher.json.",
        )
    unfit = {key: count for key, count in counts.items() if key not in fit}
    return sorted(fit, key=_rank), _said(unfit, candidates, len(others))


def _costs(candidates: Sequence[Candidate], keys: list[str]) -> tuple[list[str], list[str]]:
    found = [key for key in keys if key.startswith(COST_GROUP)]
    counts = {key: _count(candidates, key) for key in found}
    fit = [
        key
        for key in found
        if counts[key] >= _COST_SHARE * len(candidates) and _whole(candidates, key)
    ]
    unfit = {key: count for key, count in counts.items() if key not in fit}
    return fit, _said(unfit, candidates, len(candidates))


def _whole(candidates: Sequence[Candidate], key: str) -> bool:
    """Whether the parent's own block has it in every layer."""
    return all(c.values.get(key) is not None for c in candidates if c.is_parent)


def _count(candidates: Sequence[Candidate], key: str) -> int:
    return sum(found.values.get(key) is not None for found in candidates)


def _said(counts: Mapping[str, int], candidates: Sequence[Candidate], whole: int) -> list[str]:
    """Say which keys are left out, and why; keys that no block has are not mentioned."""
    return [_why(key, candidates, count, whole) for key, count in counts.items() if count]


def _why(key: str, candidates: Sequence[Candidate], count: int, whole: int) -> str:
    if not _whole(candidates, key):
        first = _first_without(key, [c for c in candidates if c.is_parent])
        return f"{key} is left out: the parent's own is not known in every layer, first in {first}."
    others = [c for c in candidates if not c.is_parent or key.startswith(COST_GROUP)]
    first = _first_without(key, others)
    return f"{key} is left out: only {count:,} of {whole:,} blocks have it; not {first}."


def _first_without(key: str, candidates: Sequence[Candidate]) -> str:
    return next((c.words for c in candidates if c.values.get(key) is None), "all of them")


def _left_out(
    candidates: Sequence[Candidate], kept: Sequence[Candidate], wanted: list[str]
) -> list[str]:
    places = {id(found) for found in kept}
    gone = [found for found in candidates if id(found) not in places]
    if not gone:
        return []
    missing = [key for key in wanted if any(c.values.get(key) is None for c in gone)]
    named = some_of([found.words for found in gone])
    lacks = _lacks(missing, wanted)
    count = f"{len(gone):,} of {len(candidates):,}"
    said = [f"Left out: {count} blocks without {lacks}: {named}."]
    alone = _only_parent(candidates, kept)
    if alone:
        said.append(
            f"{layers_words(alone).capitalize()}: no block but the parent's has all scores and "
            "costs, so it stays in every architecture."
        )
    return said


def _lacks(missing: list[str], wanted: list[str]) -> str:
    """Name what is missing; where no score is there at all, in one word."""
    scores = [key for key in wanted if key.startswith(SCORE_GROUP)]
    if missing == scores:
        return "any score" if len(scores) > 1 else scores[0]
    return " or ".join(missing)


def _only_parent(candidates: Sequence[Candidate], kept: Sequence[Candidate]) -> list[int]:
    had = {found.layer for found in candidates if not found.is_parent}
    have = {found.layer for found in kept if not found.is_parent}
    return sorted(had - have)


def _rank(key: str) -> int:
    name = key.removeprefix(SCORE_GROUP)
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def with_one_minus(found: Usable) -> Usable:
    """Add 1 - score for each score that has it not yet, the parent's own from its own score."""
    scores = [
        key for key in found.keys if key.startswith(SCORE_GROUP) and not key.startswith(_PREFIX)
    ]
    names = {f"{_PREFIX}{key.removeprefix(SCORE_GROUP)}": key for key in scores}
    derived = {name: key for name, key in names.items() if name not in found.keys}
    candidates = tuple(_with_derived(candidate, derived) for candidate in found.candidates)
    last = max((found.keys.index(key) for key in scores), default=-1) + 1
    keys = (*found.keys[:last], *derived, *found.keys[last:])
    return replace(found, keys=keys, candidates=candidates)


def _with_derived(found: Candidate, derived: dict[str, str]) -> Candidate:
    own = {name: found.values[key] for name, key in derived.items()}
    values = {name: None if value is None else 1.0 - value for name, value in own.items()}
    return replace(found, values={**found.values, **values})


def build(found: Usable, facts: Facts, file: str) -> BlockLibrary:
    """Freeze the usable blocks, layer by layer."""
    layers: dict[int, list[Candidate]] = {}
    for candidate in found.candidates:
        layers.setdefault(candidate.layer, []).append(candidate)
    raw = [_layer(file, layer, here, found.keys) for layer, here in sorted(layers.items())]
    orphans = [int(layer.name) for layer in raw if layer.parent is None]
    if orphans:
        Location(file).fail(
            f"{layers_words(orphans)}: no block of the parent's own.",
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


def layer_number(value: object, place: Location) -> int:
    """Read a layer's number, from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**9:
        place.fail(
            f"{short_repr(value)} is not a number of a layer.", "Layers are numbered from 0."
        )
    return value


def layers_of(entry: Mapping[str, Any], place: Location) -> list[int]:
    """Read ``parent_layer_indices``: a list, or one number; or ``block_idx``."""
    found = entry.get("parent_layer_indices", entry.get("block_idx"))
    here = place.at(field="parent_layer_indices")
    numbers = found if isinstance(found, list) else [found]
    return [layer_number(n, here) for n in sequence(numbers, here, "it")]


def one_config(entry: Mapping[str, Any], place: Location) -> Mapping[str, Any]:
    """Read the one block config of an entry, which is given bare or as a list of one."""
    found = next(
        (entry[key] for key in ("child_block_configs", "block_config") if entry.get(key)), None
    )
    if isinstance(found, list):
        if len(found) != 1:
            place.at(field="child_block_configs").fail(
                f"{len(found)} blocks for one layer.", "Only one is supported."
            )
        found = found[0]
    return mapping(found, place.at(field="child_block_configs"), "it")


def weight_paths_of(entry: Mapping[str, Any], place: Location) -> tuple[str, ...]:
    """Read the paths of the weights as given; often on another machine."""
    found = entry.get("weight_paths") or []
    here = place.at(field="weight_paths")
    if not isinstance(found, list):
        here.fail(f"{short_repr(found)} are not paths.", "Give a list of text.")
    return tuple(text(path, here, "a path") for path in found)


def read_candidate(
    record: Mapping[str, Any], source: Mapping[str, Any], layer: int, shape: Shape, place: Location
) -> Candidate:
    """Read the block that a record is of; ``source`` has the paths of its weights."""
    config = one_config(record, place)
    block = read_block(config, shape, place)
    return Candidate(
        layer, block, long_text(canonical(config), place), weight_paths_of(source, place)
    )
