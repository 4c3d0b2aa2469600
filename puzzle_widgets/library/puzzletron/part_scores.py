"""Scores of one part of a block each, and those of whole blocks that are composed of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.puzzletron.blocks import canonical
from puzzle_widgets.library.puzzletron.values import Values

PartName = tuple[str, str]
PartKey = tuple[int, PartName, str]
_PARTS = "subblock_configs"
_KEPT_OF_NO_OP = ("kind", "name", "no_op")


def part_name(config: Mapping[str, Any]) -> PartName:
    """Kind and name, which tell a part from the others of its block."""
    return str(config.get("kind")), str(config.get("name"))


def part_key(layer: int, name: PartName, config: Mapping[str, Any], place: Location) -> PartKey:
    """Key of the part that was scored, by the block that it stands in."""
    parts = _parts(config)
    if name not in parts:
        place.fail(
            f"the part {short_repr(' '.join(name))} that was scored is not in the block.",
            "Give the file as the run wrote it.",
        )
    return layer, name, parts[name]


def compose(
    parts: Mapping[PartKey, Values], baseline: Values, layer: int, config: str, parent: str
) -> Values:
    """Score of a block: the parent's, and what each part that is not the parent's changes.

    Parameters
    ----------
    parts
        Scores of parts, each alone in the parent.
    baseline
        Scores of the parent that they were measured beside.
    layer
        Number of the layer.
    config, parent
        Texts of the block's config and of the parent's block.

    Returns
    -------
    dict
        Empty where a part was not scored, or the parent's block has other parts.
    """
    mine, theirs = _parts(json.loads(config)), _parts(json.loads(parent))
    if mine.keys() != theirs.keys():
        return {}
    changed = [(layer, name, mine[name]) for name in theirs if mine[name] != theirs[name]]
    if any(key not in parts for key in changed):
        return {}
    return {
        key: _sum(value, [parts[part].get(key) for part in changed])
        for key, value in baseline.items()
    }


def _sum(baseline: float | None, parts: list[float | None]) -> float | None:
    if baseline is None:
        return None
    found = baseline
    for part in parts:
        if part is None:
            return None
        found += part - baseline
    return found


def _parts(block: Mapping[str, Any]) -> dict[PartName, str]:
    """Texts of a block's parts by name, the same for the same part however it was written."""
    found = block.get(_PARTS)
    configs = [part for part in found if isinstance(part, Mapping)] if found else []
    return {part_name(config): _text(config) for config in configs}


def _text(config: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in config.items() if value is not None}
    if not kept.setdefault("no_op", False):
        return canonical(kept)
    return canonical({key: kept[key] for key in _KEPT_OF_NO_OP if key in kept})
