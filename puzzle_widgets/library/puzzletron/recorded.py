"""The workloads of a run that has only the records of its searches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.puzzletron.blocks import Shape
from puzzle_widgets.library.puzzletron.candidate import Candidate
from puzzle_widgets.library.puzzletron.layout import Layout, beside
from puzzle_widgets.library.puzzletron.records import read_records
from puzzle_widgets.library.puzzletron.stats import Workload, WorkloadStats, name_workloads
from puzzle_widgets.library.puzzletron.values import known
from puzzle_widgets.library.quantity import COST_GROUP, RUNTIME

_CLOSE = 1e-9


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

    The workload is told by the solutions beside the records, else by the costs themselves. The
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
        names = [_folder(recorded.path) for recorded in found]
    return tuple(
        replace(recorded, workload=replace(recorded.workload, name=name))
        for recorded, name in zip(found, names, strict=True)
    )


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)
