"""``replacement_metrics_and_stats.json``: blocks with scores and costs as searches had them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from puzzle_widgets.library.checks import Location, mapping
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.puzzletron.blocks import Block, Shape
from puzzle_widgets.library.puzzletron.candidates import (
    Candidate,
    Values,
    costs_of,
    known,
    layers_of,
    read_candidate,
)
from puzzle_widgets.library.puzzletron.layout import Layout, beside
from puzzle_widgets.library.puzzletron.scores import parent_scores, was_corrected
from puzzle_widgets.library.puzzletron.stats import Workload, WorkloadStats, name_workloads
from puzzle_widgets.library.quantity import COST_GROUP, RUNTIME, SCORE_GROUP

_FIRST_RECORD = ("block_config", "child_block_configs")
_CLOSE = 1e-9


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
            notices.append(f"{place}: {one.candidate.words} appears twice; this one is left out.")
            continue
        found[key] = one
    candidates, corrected = _with_scores(list(found.values()))
    return candidates, (*notices, *corrected)


def _read(record: Mapping[str, Any], layer: int, shape: Shape, place: Location) -> _Record:
    stats = record.get("stats") or {}
    metrics = record.get("metrics") or {}
    source = mapping(record.get("layer_replacement") or record, place, "it")
    costs = costs_of(mapping(stats, place.at(field="stats"), "it"), place) if stats else {}
    candidate = replace(
        read_candidate(record, source, layer, shape, place),
        is_parent=bool(record.get("is_teacher")),
        values={f"{COST_GROUP}{key}": value for key, value in costs.items()},
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


@dataclass(frozen=True)
class Recorded:
    """One file of records: its blocks, the workload they are of, the non-block costs."""

    path: str
    candidates: tuple[Candidate, ...]
    notices: tuple[str, ...]
    workload: Workload
    non_block: Mapping[str, float | None]

    @property
    def is_timed(self) -> bool:
        """Whether any block has a runtime."""
        return any(found.values.get(RUNTIME) is not None for found in self.candidates)


def find_recorded(
    layout: Layout,
    parsed: Callable[[str], Any],
    stats: Sequence[WorkloadStats],
    shape: Shape,
) -> tuple[Recorded, ...]:
    """Read every file of records; those that repeat another's blocks and values go.

    The workload is known from the solutions next to the records, else by the costs themselves. The
    non-block costs come from ``subblock_stats.json``, else from what a solution's totals
    have more than its blocks.
    """
    found: list[Recorded] = []
    for path in layout.records:
        candidates, notices = read_records(parsed(path), shape, Location(path))
        if any(_same(candidates, other.candidates) for other in found):
            continue
        solution = _solution_beside(path, layout, parsed)
        found.append(_with_workload(path, candidates, notices, solution, stats))
    return _named(found)


def non_block_of(solution: Mapping[str, Any]) -> dict[str, float | None]:
    """Costs that a solution's totals have beyond its blocks'."""
    totals, chosen = solution.get("total_costs"), solution.get("chosen_replacements")
    if not isinstance(totals, Mapping) or not isinstance(chosen, list):
        return {}
    found: dict[str, float | None] = {}
    for key, total in totals.items():
        name = str(key).removeprefix(COST_GROUP)
        values = [_stat(record, name) for record in chosen]
        if str(key).startswith(COST_GROUP) and _is_number(total) and all(map(_is_number, values)):
            rest = total - sum(values)
            found[name] = rest if abs(rest) > _CLOSE * max(abs(total), 1.0) else 0.0
    return found


def _stat(record: object, name: str) -> Any:  # noqa: ANN401
    stats = record.get("stats") if isinstance(record, Mapping) else None
    return stats.get(name) if isinstance(stats, Mapping) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18


def _solution_beside(path: str, layout: Layout, parsed: Callable[[str], Any]) -> Mapping[str, Any]:
    other = beside(path, "solutions.json")
    if other not in layout.solutions:
        return {}
    content = parsed(other)
    first = content[0] if isinstance(content, list) and content else {}
    return first if isinstance(first, Mapping) else {}


def _with_workload(
    path: str,
    candidates: tuple[Candidate, ...],
    notices: tuple[str, ...],
    solution: Mapping[str, Any],
    stats: Sequence[WorkloadStats],
) -> Recorded:
    args = solution.get("subblock_stats")
    args = args if isinstance(args, Mapping) else {}
    match = _matching(candidates, args, stats)
    if match is not None:
        return Recorded(path, candidates, notices, match.workload, match.non_block)
    non_block = non_block_of(solution)
    if not any(value for _, value in known(non_block)):
        notices = (
            *notices,
            "Non-block costs (embeddings, head) are not known; totals leave them out.",
        )
    return Recorded(path, candidates, notices, Workload("", FrozenMapping(args)), non_block)


def _matching(
    candidates: Sequence[Candidate], args: Mapping[str, Any], stats: Sequence[WorkloadStats]
) -> WorkloadStats | None:
    fitting = [found for found in stats if args and found.workload.fits(args)]
    if not fitting:
        fitting = [found for found in stats if _costs_agree(candidates, found)]
    return fitting[0] if len(fitting) == 1 else None


def _costs_agree(candidates: Sequence[Candidate], stats: WorkloadStats) -> bool:
    """Whether the records have a workload's costs, by those of the last block of each layer."""
    last = {candidate.layer: candidate for candidate in candidates}
    for candidate in last.values():
        for key, value in known(stats.costs(candidate.block, candidate.layer)):
            own = candidate.values.get(f"{COST_GROUP}{key}")
            if own is not None and abs(own - value) > _CLOSE * max(abs(value), 1.0):
                return False
    return True


def _same(one: Sequence[Candidate], other: Sequence[Candidate]) -> bool:
    def content(candidates: Sequence[Candidate]) -> dict[Any, Any]:
        return {(c.layer, c.block): c.values for c in candidates}

    return content(one) == content(other)


def _named(found: Sequence[Recorded]) -> tuple[Recorded, ...]:
    """Name workloads by their arguments; where these do not tell them apart, by their folders."""
    names = name_workloads([recorded.workload.args for recorded in found])
    args = {str(sorted(map(str, recorded.workload.args.items()))) for recorded in found}
    if len(args) < len(found):
        names = [str(PurePosixPath(recorded.path).parent) for recorded in found]
    return tuple(
        replace(recorded, workload=replace(recorded.workload, name=name))
        for recorded, name in zip(found, names, strict=True)
    )
