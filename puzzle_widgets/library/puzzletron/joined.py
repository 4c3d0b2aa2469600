"""Join blocks, scores and costs of a run on block and layer."""

from __future__ import annotations

from collections.abc import Sequence

from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.puzzletron.blocks import Block
from puzzle_widgets.library.puzzletron.candidate import Candidate, ranges
from puzzle_widgets.library.puzzletron.entries import Entries, Entry, parents_of
from puzzle_widgets.library.puzzletron.parents import parent_scores
from puzzle_widgets.library.puzzletron.part_scores import compose
from puzzle_widgets.library.puzzletron.scores import Scores
from puzzle_widgets.library.puzzletron.stats import WorkloadStats
from puzzle_widgets.library.puzzletron.values import Values
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP


def find_parents(
    entries: Entries, scores: Scores, teacher: Sequence[Block], place: Location, links: str
) -> dict[int, Block]:
    """Find every layer's own block in the parent; ``links`` say what lies behind one.

    Raises
    ------
    LibraryError
        Naming the layers without one.
    """
    found = parents_of(entries.found, teacher, scores.teacher_folder, set(scores.blocks))
    missing = sorted({entry.layer for entry in entries.found} - set(found))
    if missing:
        place.fail(
            f"{ranges(missing)}: none of the blocks is known to be the parent's."
            f"{entries.cause(missing)}",
            "Give the parent's own block of each layer alone, and its config, "
            f"ckpts/teacher/config.json. {links}".rstrip(),
        )
    return found


def join(
    entries: Sequence[Entry], scores: Scores, stats: WorkloadStats, parents: dict[int, Block]
) -> tuple[tuple[Candidate, ...], list[str]]:
    """Give each entry its scores and its costs, and say how many scores are composed of parts'."""
    metrics = scores.metrics
    own = parent_scores(scores.own, metrics, scores.by_metric, zeros_stand_for_none=False)
    whole = {entry.layer: entry for entry in entries if parents[entry.layer] == entry.block}
    baseline = {**own, **scores.baseline}
    composed = 0

    def scored(entry: Entry) -> Values:
        nonlocal composed
        if entry is whole[entry.layer]:
            return own
        exact = scores.blocks.get((entry.layer, entry.block))
        if exact is not None or not scores.parts:
            return exact or {}
        composed += 1
        parent = whole[entry.layer].config
        return compose(scores.parts, baseline, entry.layer, entry.config, parent)

    def candidate(entry: Entry) -> Candidate:
        found = scored(entry)
        values = {f"{SCORE_GROUP}{key}": found.get(key) for key in metrics}
        costs = stats.costs(entry.block, entry.layer).items()
        values |= {f"{COST_GROUP}{key}": value for key, value in costs}
        is_parent = entry is whole[entry.layer]
        return Candidate(entry.layer, entry.block, entry.config, entry.paths, is_parent, values)

    found = tuple(candidate(entry) for entry in entries)
    return found, _composed_words(composed, len(entries))


def _composed_words(composed: int, whole: int) -> list[str]:
    if not composed:
        return []
    said = (
        f"Scores of {composed:,} of {whole:,} blocks are sums: the parent's score, and for each "
        "part that is not the parent's, what that part alone changes."
    )
    return [said]


def unknown_scores(entries: Sequence[Entry], scores: Scores) -> list[str]:
    """Say how many scores belong to no block of the library."""
    there = {(entry.layer, entry.block) for entry in entries}
    strange = [key for key in scores.blocks if key not in there]
    if not strange:
        return []
    layer, block = strange[0]
    said = f"{len(strange):,} scores are of no block of the library and are left out; the first is"
    return [f"{said} of layer {layer}, {block.name!r}."]
