"""``replacement_library.json``: the blocks of a run, with what each, or a part, scores alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, TypeVar

from puzzle_widgets.library.checks import Location, mapping, sequence, short_repr
from puzzle_widgets.library.order import layers_words
from puzzle_widgets.library.puzzletron.blocks import Block, Shape, canonical, read_block
from puzzle_widgets.library.puzzletron.candidates import (
    Candidate,
    Values,
    averages,
    known,
    layers_of,
    one_config,
    read_candidate,
    value_of,
)
from puzzle_widgets.library.puzzletron.stats import WorkloadStats
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP
from puzzle_widgets.library.sense import sense_of_name

_ONE_MINUS = "one_minus_"
_SIMILARITIES = ("kl_div", "js_div", "tv_dist", "hidden_states", "logits", "greedy_teacher")
_MEASURED = ("lm_loss", "token_accuracy")
PartName = tuple[str, str]
PartKey = tuple[int, PartName, str]
_PARTS = "subblock_configs"
_KEPT_OF_NO_OP = ("kind", "name", "no_op")
_ONE, _PART = "single_sequence_replacement", "subblock_replacement"
_SLICED = "sliced_teacher_baseline"
Key = TypeVar("Key")
_KNOWN_VERSION = 2
_TEACHER_FOLDERS = ("ckpts/teacher/", "ckpts/sorted_teacher/")


def parent_scores(
    own: Values,
    keys: Iterable[str],
    others: Mapping[str, list[float]],
    *,
    zeros_stand_for_none: bool,
) -> Values:
    """Give the parent's score for each metric, by bare names; ``None`` where it is not known.

    ``own`` is what the input says of the parent, and ``others`` what the other blocks score.
    Records of a search write 0 where nothing was measured, too (``zeros_stand_for_none``).
    """
    return {key: _score(key, own, others, zeros=zeros_stand_for_none) for key in keys}


def was_corrected(key: str, own: Values, scores: Values) -> bool:
    """Whether the input says another number for the parent than is used."""
    return own.get(key) is not None and scores.get(key) != own[key]


def _score(
    key: str, own: Values, others: Mapping[str, list[float]], *, zeros: bool
) -> float | None:
    if key.startswith(_ONE_MINUS):
        base = _score(key.removeprefix(_ONE_MINUS), own, others, zeros=zeros)
        return None if base is None else 1.0 - base
    value = own.get(key)
    measured = value is not None and (value != 0 or not zeros)
    if measured or any(word in key for word in _MEASURED):
        return value
    gain = sense_of_name(key) == "maximize"
    if gain and (value is not None or _is_similarity(key)):
        return max(1.0, *others.get(key, [1.0]))
    return 0.0 if _is_similarity(key) else value


def _is_similarity(key: str) -> bool:
    return any(word in key for word in _SIMILARITIES)


def part_name(config: Mapping[str, Any]) -> PartName:
    """Kind and name, which tell a part from the others of its block."""
    return str(config.get("kind")), str(config.get("name"))


def part_key(layer: int, name: PartName, config: Mapping[str, Any], place: Location) -> PartKey:
    """Key of the part that was scored, by its block."""
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

    Parts were scored each alone in the parent, beside ``baseline``; configs are texts. Empty where
    a part was not scored, or the parent's block has other parts.
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


@dataclass
class Scores:
    """Scores of a run as found, and what had to be said on the way.

    Parameters
    ----------
    blocks
        By layer and block.
    parts
        By layer, name of the part, and text of its config.
    baseline, parent
        Of the parent: as it was sliced for the scores of blocks, and as a file of its own says it.
    teacher_folder
        Folder of the parent's weights.
    """

    blocks: dict[tuple[int, Block], Values] = field(default_factory=dict)
    parts: dict[PartKey, Values] = field(default_factory=dict)
    baseline: Values = field(default_factory=dict)
    parent: Values = field(default_factory=dict)
    teacher_folder: str = ""
    notices: list[str] = field(default_factory=list)

    @property
    def own(self) -> Values:
        """What is known of the parent's own scores."""
        return {**self.baseline, **self.parent}

    @property
    def metrics(self) -> list[str]:
        """Names of all scores that any block or part has."""
        found = (*self.blocks.values(), *self.parts.values())
        return list(dict.fromkeys(key for values in found for key in values))

    @property
    def by_metric(self) -> dict[str, list[float]]:
        """What all blocks and parts score, by the name of the score."""
        found: dict[str, list[float]] = {}
        for values in (*self.blocks.values(), *self.parts.values()):
            for key, value in known(values):
                found.setdefault(key, []).append(value)
        return found


def add_score(scores: Scores, content: object, shape: Shape, place: Location) -> None:
    """Read one ``solution_….json``, of a block or of one part of it, into the scores."""
    found = mapping(content, place, "the file")
    solution = mapping(found.get("puzzle_solution"), place.at(field="puzzle_solution"), "it")
    one = mapping(solution.get(_ONE), place.at(field=_ONE), "it")
    layers = layers_of(one, place)
    _take_teacher_folder(scores, found)
    if len(layers) > 1:
        scores.notices.append(f"{place}: a replacement over layers {layers} at once; left out.")
        return
    if not scores.baseline:
        scores.baseline = _baseline(found.get(_SLICED), place.at(field=_SLICED))
    here = place.at(layer=layers[0])
    config = one_config(one, here)
    block = read_block(config, shape, here)
    here = here.at(variant=block.name)
    part = solution.get(_PART)
    if part is None:
        scores.notices += _put(scores.blocks, (layers[0], block), found, here)
        return
    name = part_name(mapping(part, here.at(field=_PART), "it"))
    key = part_key(layers[0], name, config, here)
    scores.notices += _put(scores.parts, key, found, here)


def add_teacher(scores: Scores, content: object, place: Location) -> None:
    """Read what the parent scores, ``teacher.json``, into the scores."""
    found = mapping(content, place, "the file")
    _take_teacher_folder(scores, found)
    scores.parent |= averages(found, place)


def _put(
    taken: dict[Key, Values], key: Key, content: Mapping[str, Any], place: Location
) -> list[str]:
    """Take the scores of a block or part; where it has some, leave these out and say so."""
    if key in taken:
        return [f"{place}: scored before; left out."]
    taken[key] = averages(content, place)
    return []


def _baseline(content: object, place: Location) -> Values:
    """Scores of the parent beside a block's, as averages or as bare numbers."""
    if not isinstance(content, Mapping):
        return {}
    bare = {
        key: value_of(value, place.at(field=key))
        for key, value in content.items()
        if not isinstance(value, Mapping | list | str | bool)
    }
    return {**bare, **averages(content, place)}


def _take_teacher_folder(scores: Scores, content: Mapping[str, Any]) -> None:
    args = content.get("args")
    folder = args.get("teacher_dir") if isinstance(args, Mapping) else None
    if isinstance(folder, str) and not scores.teacher_folder:
        scores.teacher_folder = folder


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
    """Whether weights are in the parent's folder, on any machine."""
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
    """Find the parent's block of each layer; ``links`` say what is behind one.

    It is the one of the parent's config; without a config, the one whose weights are all in the
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
