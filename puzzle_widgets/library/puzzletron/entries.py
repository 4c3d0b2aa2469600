"""``replacement_library.json``: the blocks of each layer, joined with their scores and costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from puzzle_widgets.library.checks import Location, mapping, sequence, short_repr
from puzzle_widgets.library.order import layers_words
from puzzle_widgets.library.puzzletron.blocks import Block, Shape
from puzzle_widgets.library.puzzletron.candidates import (
    Candidate,
    Values,
    layers_of,
    read_candidate,
)
from puzzle_widgets.library.puzzletron.scores import Scores, compose, parent_scores
from puzzle_widgets.library.puzzletron.stats import WorkloadStats
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP

_KNOWN_VERSION = 2
_TEACHER_FOLDERS = ("ckpts/teacher/", "ckpts/sorted_teacher/")


@dataclass(frozen=True)
class Entries:
    """The entries of single layers, what has to be said, and the layers replaced together."""

    found: tuple[Candidate, ...]
    notices: tuple[str, ...] = ()
    together: frozenset[int] = frozenset()

    def cause(self, layers: Sequence[int]) -> str:
        """Say why layers lack a block, where entries left out are the cause."""
        mine = sorted(self.together & set(layers))
        if not mine:
            return ""
        return (
            f" An entry of {layers_words(mine)} replaces several layers at once, and is left out."
        )


def read_entries(content: object, shape: Shape, place: Location) -> Entries:
    """Read the entries of either version, and what has to be said of those left out."""
    entries: dict[tuple[int, Block], Candidate] = {}
    notices: list[str] = []
    together: set[int] = set()
    for record in _records(content, place):
        layers = layers_of(record, place)
        if len(layers) > 1:
            notices.append(f"{place}: a replacement over layers {layers} at once is left out.")
            together.update(layers)
            continue
        entry = read_candidate(record, record, layers[0], shape, place.at(layer=layers[0]))
        if entries.setdefault((entry.layer, entry.block), entry) is not entry:
            notices.append(f"{place}: layer {entry.layer} has {entry.block.name!r} twice.")
    if not entries:
        place.fail("no single-layer blocks.", "Is it the library of a finished run?")
    found = sorted(entries.values(), key=lambda entry: entry.layer)
    return Entries(tuple(found), tuple(notices), frozenset(together))


def check_layers(
    layers: Sequence[int], known: int | None, place: Location, entries: Entries | None = None
) -> None:
    """Refuse a library that lacks whole layers: its totals would be of a smaller model."""
    count = max(max(layers) + 1, known or 0)
    there = set(layers)
    if count > len(there):
        missing = [layer for layer in range(min(count, 10_000)) if layer not in there]
        cause = entries.cause(missing) if entries else ""
        place.fail(
            f"no blocks of {layers_words(missing)}.{cause}", "Give the library of the whole model."
        )


def _parent(entries: Sequence[Candidate], teacher: Sequence[Block], scores: Scores) -> Block | None:
    layer, folder = entries[0].layer, scores.teacher_folder
    if layer < len(teacher):
        return next(_best_fit(entries, teacher[layer]), None)
    in_folder = [e.block for e in entries if e.paths and all(_inside(p, folder) for p in e.paths)]
    for blocks in (in_folder, [e.block for e in entries if (layer, e.block) not in scores.blocks]):
        if len(blocks) == 1:
            return blocks[0]
    return None


def _best_fit(entries: Sequence[Candidate], wanted: Block) -> Iterator[Block]:
    yield from (entry.block for entry in entries if entry.block == wanted)
    yield from (entry.block for entry in entries if entry.block.fits(wanted))


def _inside(path: str, folder: str) -> bool:
    """Whether weights lie in the parent's folder, on whichever machine that was."""
    posix = path.replace("\\", "/")
    if folder and PurePosixPath(posix).is_relative_to(folder.replace("\\", "/")):
        return True
    return any(known in posix for known in _TEACHER_FOLDERS)


def _records(content: object, place: Location) -> list[Mapping[str, Any]]:
    if isinstance(content, Mapping):
        if content.get("version") != _KNOWN_VERSION:
            place.at(field="version").fail(
                f"version {short_repr(content.get('version'))} is not supported.",
                "Supported are a list of entries, and version 2.",
            )
        content = content.get("entries")
    return [mapping(r, place, "an entry") for r in sequence(content, place, "the entries")]


def find_parents(
    entries: Entries, scores: Scores, teacher: Sequence[Block], place: Location, links: str
) -> dict[int, Block]:
    """Find the parent's block of each layer; ``links`` say what lies behind one.

    It is the one of the parent's config; without a config, the one whose weights all lie in the
    parent's folder; else the only one that was never scored.
    """
    layers: dict[int, list[Candidate]] = {}
    for entry in entries.found:
        layers.setdefault(entry.layer, []).append(entry)
    blocks = {layer: _parent(here, teacher, scores) for layer, here in layers.items()}
    found = {layer: block for layer, block in blocks.items() if block is not None}
    missing = sorted(layers.keys() - found.keys())
    if missing:
        place.fail(
            f"{layers_words(missing)}: none of the blocks is known to be the parent's."
            f"{entries.cause(missing)}",
            "Give the parent's own block of each layer alone, and its config, "
            f"ckpts/teacher/config.json. {links}".rstrip(),
        )
    return found


def join(
    entries: Sequence[Candidate], scores: Scores, stats: WorkloadStats, parents: dict[int, Block]
) -> tuple[tuple[Candidate, ...], list[str]]:
    """Give each entry its scores and its costs, and say how many scores are composed of parts'."""
    metrics = scores.metrics
    own = parent_scores(scores.own, metrics, scores.by_metric, zeros_stand_for_none=False)
    whole = {entry.layer: entry for entry in entries if parents[entry.layer] == entry.block}
    baseline = {**own, **scores.baseline}
    composed = 0

    def scored(entry: Candidate) -> Values:
        nonlocal composed
        if entry is whole[entry.layer]:
            return own
        exact = scores.blocks.get((entry.layer, entry.block))
        if exact is not None or not scores.parts:
            return exact or {}
        composed += 1
        parent = whole[entry.layer].config
        return compose(scores.parts, baseline, entry.layer, entry.config, parent)

    def candidate(entry: Candidate) -> Candidate:
        found = scored(entry)
        values = {f"{SCORE_GROUP}{key}": found.get(key) for key in metrics}
        costs = stats.costs(entry.block, entry.layer).items()
        values |= {f"{COST_GROUP}{key}": value for key, value in costs}
        return replace(entry, is_parent=entry is whole[entry.layer], values=values)

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


def unknown_scores(entries: Sequence[Candidate], scores: Scores) -> list[str]:
    """Say how many scores belong to no block of the library."""
    there = {(entry.layer, entry.block) for entry in entries}
    strange = [key for key in scores.blocks if key not in there]
    if not strange:
        return []
    layer, block = strange[0]
    said = f"{len(strange):,} scores are of no block of the library and are left out; the first is"
    return [f"{said} of layer {layer}, {block.name!r}."]
