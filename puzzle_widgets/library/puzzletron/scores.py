"""What each block scores alone in the parent: the validation files of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from puzzle_widgets.library.checks import Place, long_text, mapping, sequence, shown, text
from puzzle_widgets.library.puzzletron.blocks import Block, Shape, canonical, read_block
from puzzle_widgets.library.puzzletron.stats import layer_number
from puzzle_widgets.library.puzzletron.values import Values, averages

_ONE = "single_sequence_replacement"


@dataclass
class Scores:
    """Scores by block and layer, those of the parent, and what had to be said on the way."""

    blocks: dict[tuple[int, Block], Values] = field(default_factory=dict)
    parent: Values = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def add_score(scores: Scores, content: object, shape: Shape, place: Place) -> None:
    """Read one ``solution_….json`` into the scores."""
    found = mapping(content, place, "the file")
    solution = mapping(found.get("puzzle_solution"), place.at(field="puzzle_solution"), "it")
    one = mapping(solution.get(_ONE), place.at(field=_ONE), "it")
    layers = layers_of(one, place)
    if len(layers) > 1:
        scores.notices.append(f"{place}: a replacement over layers {layers} at once; left out.")
        return
    config = one_config(one, place.at(layer=layers[0]))
    key = (layers[0], read_block(config, shape, place.at(layer=layers[0])))
    if key in scores.blocks:
        scores.notices.append(f"{place}: layer {key[0]}, {key[1].name}: scored before; left out.")
        return
    scores.blocks[key] = averages(found, place)


def layers_of(entry: Mapping[str, Any], place: Place) -> list[int]:
    """Read ``parent_layer_indices``: a list, or one number; ``block_idx`` in its stead."""
    found = entry.get("parent_layer_indices", entry.get("block_idx"))
    here = place.at(field="parent_layer_indices")
    numbers = found if isinstance(found, list) else [found]
    return [layer_number(n, here) for n in sequence(numbers, here, "it")]


def one_config(entry: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """Read the one block config of an entry, which is given bare or as a list of one."""
    found = next(
        (entry[key] for key in ("child_block_configs", "block_config") if entry.get(key)), None
    )
    if isinstance(found, list):
        if len(found) != 1:
            place.at(field="child_block_configs").fail(
                f"{len(found)} blocks for one layer.", "Only one is known here."
            )
        found = found[0]
    return mapping(found, place.at(field="child_block_configs"), "it")


def weight_paths_of(entry: Mapping[str, Any], place: Place) -> tuple[str, ...]:
    """Read where the weights lie, as the file says it; often on another machine."""
    found = entry.get("weight_paths") or []
    here = place.at(field="weight_paths")
    if not isinstance(found, list):
        here.fail(f"{shown(found)} are no paths.", "Give a list of text.")
    return tuple(text(path, here, "a path") for path in found)


def config_text(config: object, place: Place) -> str:
    """Text of a block's config, to be kept with the block."""
    return long_text(canonical(config), place)
