"""Join blocks, scores and costs of a run on block and layer."""

from __future__ import annotations

from collections.abc import Sequence

from puzzle_widgets.library.checks import Place
from puzzle_widgets.library.puzzletron.blocks import Block
from puzzle_widgets.library.puzzletron.candidate import Candidate, ranges
from puzzle_widgets.library.puzzletron.entries import Entries, Entry, parents_of
from puzzle_widgets.library.puzzletron.parents import parent_scores
from puzzle_widgets.library.puzzletron.scores import Scores
from puzzle_widgets.library.puzzletron.stats import ScenarioStats
from puzzle_widgets.library.puzzletron.values import Values, known
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP


def find_parents(
    entries: Entries, scores: Scores, teacher: Sequence[Block], folder: str, place: Place
) -> dict[int, Block]:
    """Find every layer's own block in the parent.

    Raises
    ------
    LibraryError
        Naming the layers without one.
    """
    found = parents_of(entries.found, teacher, folder, set(scores.blocks))
    missing = sorted({entry.layer for entry in entries.found} - set(found))
    if missing:
        place.fail(
            f"{ranges(missing)}: none of the blocks is known to be the parent's."
            f"{entries.cause(missing)}",
            "Give the parent's own block of each layer alone, and its config, "
            "ckpts/teacher/config.json.",
        )
    return found


def join(
    entries: Sequence[Entry], scores: Scores, stats: ScenarioStats, parents: dict[int, Block]
) -> tuple[Candidate, ...]:
    """Give each entry its scores and its costs."""
    metrics = list(dict.fromkeys(key for values in scores.blocks.values() for key in values))
    others: dict[str, list[float]] = {}
    for values in scores.blocks.values():
        for key, value in known(values):
            others.setdefault(key, []).append(value)
    own = parent_scores(scores.parent, metrics, others, zeros_stand_for_none=False)

    def values_of(entry: Entry, *, is_parent: bool) -> Values:
        scored = own if is_parent else scores.blocks.get((entry.layer, entry.block), {})
        costs = stats.costs(entry.block, entry.layer)
        return {f"{SCORE_GROUP}{key}": scored.get(key) for key in metrics} | {
            f"{COST_GROUP}{key}": value for key, value in costs.items()
        }

    def candidate(entry: Entry) -> Candidate:
        is_parent = parents[entry.layer] == entry.block
        values = values_of(entry, is_parent=is_parent)
        return Candidate(entry.layer, entry.block, entry.config, entry.paths, is_parent, values)

    return tuple(candidate(entry) for entry in entries)


def unknown_scores(entries: Sequence[Entry], scores: Scores) -> list[str]:
    """Say how many scores belong to no block of the library."""
    there = {(entry.layer, entry.block) for entry in entries}
    strange = [key for key in scores.blocks if key not in there]
    if not strange:
        return []
    layer, block = strange[0]
    said = f"{len(strange):,} scores are of no block of the library and are left out; the first is"
    return [f"{said} of layer {layer}, {block.name!r}."]
