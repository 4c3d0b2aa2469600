"""``replacement_metrics_and_stats.json``: each block with its scores and costs in one workload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from puzzle_widgets.library.checks import Location, mapping
from puzzle_widgets.library.puzzletron.blocks import Block, Shape, read_block
from puzzle_widgets.library.puzzletron.candidate import Candidate
from puzzle_widgets.library.puzzletron.parents import parent_scores, was_corrected
from puzzle_widgets.library.puzzletron.scores import (
    config_text,
    layers_of,
    one_config,
    weight_paths_of,
)
from puzzle_widgets.library.puzzletron.values import Values, costs_of, known
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP

_FIRST_RECORD = ("block_config", "child_block_configs")


@dataclass(frozen=True)
class _Record:
    candidate: Candidate
    scores: Values


def is_records(content: object) -> bool:
    """Whether parsed JSON has this form: objects that have a block config and scores."""
    if not isinstance(content, Mapping) or not content:
        return False
    first = next(iter(content.values()))
    return (
        isinstance(first, Mapping) and "metrics" in first and any(k in first for k in _FIRST_RECORD)
    )


def read_records(
    content: object, shape: Shape, file: Location
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """Read all records, the parent's scores set right, and what has to be said."""
    found: dict[tuple[int, Block], _Record] = {}
    notices: list[str] = []
    for name, content_of_one in mapping(content, file, "the file").items():
        place = file.at(variant=name)
        record = mapping(content_of_one, place, "the record")
        layers = layers_of(record, place)
        if len(layers) > 1:
            notices.append(f"{place}: a replacement over layers {layers} at once is left out.")
            continue
        one = _read(record, layers[0], shape, place.at(layer=layers[0]))
        key = (one.candidate.layer, one.candidate.block)
        if key in found and not one.candidate.is_parent:
            notices.append(f"{place}: {one.candidate.words} is there twice; this one is left out.")
            continue
        found[key] = one
    candidates, corrected = _with_scores(list(found.values()))
    return candidates, (*notices, *corrected)


def _read(record: Mapping[str, Any], layer: int, shape: Shape, place: Location) -> _Record:
    config = one_config(record, place)
    stats = record.get("stats") or {}
    metrics = record.get("metrics") or {}
    source = record.get("layer_replacement") or record
    costs = costs_of(mapping(stats, place.at(field="stats"), "it"), place) if stats else {}
    candidate = Candidate(
        layer,
        read_block(config, shape, place),
        config_text(config, place),
        weight_paths_of(mapping(source, place, "it"), place),
        bool(record.get("is_teacher")),
        {f"{COST_GROUP}{key}": value for key, value in costs.items()},
    )
    here = place.at(field="metrics")
    return _Record(candidate, costs_of(mapping(metrics, here, "it"), here) if metrics else {})


def _with_scores(
    records: Sequence[_Record],
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    keys = list(dict.fromkeys(key for record in records for key in record.scores))
    others: dict[str, list[float]] = {}
    for record in records:
        if not record.candidate.is_parent:
            for key, value in known(record.scores):
                others.setdefault(key, []).append(value)
    candidates, corrected = [], set()
    for record in records:
        scores: Values = {key: record.scores.get(key) for key in keys}
        if record.candidate.is_parent:
            scores = parent_scores(record.scores, keys, others, zeros_stand_for_none=True)
            corrected |= {key for key in keys if was_corrected(key, record.scores, scores)}
        values = {f"{SCORE_GROUP}{key}": scores[key] for key in keys} | record.candidate.values
        candidates.append(replace(record.candidate, values=values))
    notices = [
        f"{SCORE_GROUP}{key}: the parent's own is set to the best there is, not 0."
        for key in keys
        if key in corrected
    ]
    return tuple(sorted(candidates, key=lambda c: c.layer)), tuple(notices)
