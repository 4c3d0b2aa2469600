"""Puzzletron runs: the files of one search, of one width or of several, opened by workload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import MAX_NAME, Location, long_text, mapping, parse_json, tidy
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary, Measurement, Provenance
from puzzle_widgets.library.puzzletron.blocks import Block, Shape
from puzzle_widgets.library.puzzletron.candidates import (
    Usable,
    build,
    non_block_costs_of,
    usable,
    with_one_minus,
)
from puzzle_widgets.library.puzzletron.layout import (
    Layout,
    Profiles,
    behind_links,
    find_layouts,
    links_words,
    read_profiles,
)
from puzzle_widgets.library.puzzletron.model_config import names_blocks, read_blocks, read_shape
from puzzle_widgets.library.puzzletron.records import Recorded, find_recorded
from puzzle_widgets.library.puzzletron.scores import (
    Entries,
    Scores,
    add_score,
    add_teacher,
    check_layers,
    find_parents,
    join,
    read_entries,
    unknown_scores,
)
from puzzle_widgets.library.puzzletron.stats import (
    Workload,
    WorkloadStats,
    choose,
    kv_notes,
    read_stats,
)
from puzzle_widgets.library.quantity import RUNTIME

_BF16 = "bfloat16"
_NOTE = (
    "Scores: each block alone in the parent. Memory and parameters are computed from sizes. "
    "Throughput here counts prefill and generation tokens; Puzzletron's target_throughput counts "
    "generation tokens only."
)
Wanted = str | Mapping[str, Any] | None


@dataclass(frozen=True)
class Content:
    """What can be used in one workload, the non-block costs, and what has to be said."""

    usable: Usable
    non_block: Mapping[str, float | None]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Member:
    """The files of one directory of blocks, and which of them is which.

    Parameters
    ----------
    files
        Bytes by path; read when they are needed.
    layout
        Which file is which.
    """

    files: Mapping[str, bytes]
    layout: Layout

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """The workloads that costs are given for."""
        if self._joins:
            return tuple(stats.workload for stats in self._stats)
        return tuple(found.workload for found in self._recorded)

    @property
    def file(self) -> str:
        """The file that messages about the whole name."""
        return self.layout.library if self._joins else self.layout.records[0]

    def content(self, workload: Workload) -> Content:
        """Blocks with scores and costs in one of the workloads."""
        known = self._known.get(workload.name)
        if known is None:
            found = self._joined(workload) if self._joins else self._found_in_records(workload)
            kept = with_one_minus(found.usable)
            kv = kv_notes(kept.candidates, workload.args, self._parent_config)
            said = (*found.notes, *kept.notices, *kv, *self._links)
            known = self._known[workload.name] = replace(found, usable=kept, notes=said)
        return known

    def rank(self, workload: Workload) -> tuple[int, bool, bool]:
        """Least for the workload to open by default.

        Most of the run's own solutions are of it; else it has runtimes; else it is bfloat16.
        """
        timed = self._timed[workload.name]
        words = [str(workload.args.get(f"{what}_dtype", "")) for what in ("weights", "kv_cache")]
        return -self._searched[workload.name], not timed, not all(_BF16 in w for w in words)

    @property
    def solutions(self) -> tuple[str, ...]:
        """Files of solutions, those of searches that are no longer active left out."""
        return tuple(path for path in self.layout.solutions if self.profiles.counts(path))

    @cached_property
    def profiles(self) -> Profiles:
        """Which searches count, by their profile."""
        path = self.layout.profiles
        return read_profiles(self.parsed(path), Location(path)) if path else Profiles()

    @property
    def shape(self) -> Shape:
        """Width and query heads of the parent, as far as they are known."""
        config = self._parent_config
        return read_shape(config, Location(self.layout.teacher_config)) if config else Shape()

    @property
    def parent_text(self) -> str:
        """Text of the parent's config."""
        path = self.layout.teacher_config
        return long_text(self.files[path].decode("utf-8-sig"), Location(path)) if path else ""

    def parsed(self, path: str) -> Any:  # noqa: ANN401
        """Parse one of the JSON files."""
        return parse_json(self.files[path], Location(path))

    @property
    def _joins(self) -> bool:
        return bool(self.layout.library and self.layout.stats and self.layout.scores)

    @cached_property
    def _known(self) -> dict[str, Content]:
        return {}

    def _joined(self, workload: Workload) -> Content:
        stats = next(found for found in self._stats if found.workload.name == workload.name)
        read, scores, place = self._entries, self._scores, Location(self.layout.library)
        layers = [entry.layer for entry in read.found]
        check_layers(layers, len(self._teacher) or None, place, read)
        parents = find_parents(read, scores, self._teacher, place, " ".join(self._links))
        candidates, composed = join(read.found, scores, stats, parents)
        said = (*read.notices, *scores.notices, *unknown_scores(read.found, scores), *composed)
        return Content(usable(candidates, place), stats.non_block, said)

    def _found_in_records(self, workload: Workload) -> Content:
        recorded = next(r for r in self._recorded if r.workload.name == workload.name)
        place = Location(recorded.path)
        check_layers([c.layer for c in recorded.candidates], len(self._teacher) or None, place)
        return Content(usable(recorded.candidates, place), recorded.non_block, recorded.notices)

    @cached_property
    def _searched(self) -> Counter[str]:
        """How many searches there were in each workload, by its name."""
        args = [found for path in self.solutions if (found := self._args_of(path))]
        fitting = [[known.name for known in self.workloads if known.fits(one)] for one in args]
        return Counter(names[0] for names in fitting if len(names) == 1)

    def _args_of(self, path: str) -> Mapping[str, Any]:
        """Arguments of the workload that a file's solutions are of; a broken file has none."""
        try:
            content = self.parsed(path)
        except LibraryError:  # said where solutions are read
            return {}
        first = content[0] if isinstance(content, list) and content else None
        found = first.get("subblock_stats") if isinstance(first, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    @property
    def _timed(self) -> dict[str, bool]:
        if self._joins:
            return {stats.workload.name: stats.is_timed for stats in self._stats}
        return {found.workload.name: found.is_timed for found in self._recorded}

    @property
    def _links(self) -> tuple[str, ...]:
        return behind_links(self.files, self.layout)

    @cached_property
    def _stats(self) -> tuple[WorkloadStats, ...]:
        path = self.layout.stats
        return read_stats(self.parsed(path), self.shape, Location(path)) if path else ()

    @cached_property
    def _entries(self) -> Entries:
        path = self.layout.library
        return read_entries(self.parsed(path), self.shape, Location(path))

    @cached_property
    def _scores(self) -> Scores:
        scores = Scores()
        for path in self.layout.scores:
            add_score(scores, self.parsed(path), self.shape, Location(path))
        for path in self.layout.teacher_scores:
            add_teacher(scores, self.parsed(path), Location(path))
        return scores

    @cached_property
    def _recorded(self) -> tuple[Recorded, ...]:
        return find_recorded(self.layout, self.parsed, self._stats, self.shape)

    @cached_property
    def _parent_config(self) -> Mapping[str, Any]:
        path = self.layout.teacher_config
        return mapping(self.parsed(path), Location(path), "the file") if path else {}

    @cached_property
    def _teacher(self) -> list[Block]:
        config = self._parent_config
        if not names_blocks(config):
            return []
        return read_blocks(config, Location(self.layout.teacher_config))


@dataclass(frozen=True)
class Opened:
    """A workload of a run: under its name in the run, and where it is found."""

    workload: Workload
    member: Member
    own: Workload


@dataclass(frozen=True, eq=False)
class PuzzletronRun:
    """The files of one run, of one width or of several.

    Parameters
    ----------
    members
        Its widths, the widest first; most runs have one.
    name
        Title for people.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from dataclasses import replace
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> layers = [replace(layer, variants=layer.variants[:4]) for layer in library.layers]
    >>> config = {"model_type": "llama", "num_hidden_layers": 80, "hidden_size": 8192}
    >>> config |= {"num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 28672}
    >>> small = replace(library, layers=tuple(layers))
    >>> run = pw.open_run(pw.export.write_puzzletron(small, "run", parent_config=config))
    >>> [workload.measurement.batch_size for workload in run.workloads]
    [256]
    """

    members: tuple[Member, ...]
    name: str

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The workloads that costs are given for, in each width."""
        return tuple(found.workload for found in self._all)

    def find(self, workload: Wanted = None) -> Opened:
        """Find a workload by its name or by some of its arguments.

        By default it is that of the run's own solutions, else the first with runtimes, else the
        first in bfloat16.

        Raises
        ------
        LibraryError
            Naming the workloads, where none or several fit.
        """
        if workload is None:
            return min(self._all, key=lambda found: found.member.rank(found.own))
        return self._all[choose(self.workloads, workload, self.members[0].file)]

    def chosen(self, workload: Wanted = None) -> Workload:
        """Find a workload, as :meth:`find` does."""
        return self.find(workload).workload

    def library(
        self, workload: Wanted = None, measurement: Measurement | None = None
    ) -> BlockLibrary:
        """Open the library in one workload; ``notes`` say what was left out or set right.

        Raises
        ------
        LibraryError
            Naming file, layer, variant and field; or the workloads, where none or several fit.
        """
        found = self.find(workload)
        file, content = found.member.file, found.member.content(found.own)
        kept = content.usable
        facts = Facts(
            self.title(found.workload),
            measurement or found.workload.measurement,
            provenance=Provenance(_origin(kept), tidy(file, MAX_NAME), _NOTE),
            non_block_costs=non_block_costs_of(content.non_block, kept.keys),
            parent_config=found.member.parent_text,
            notes=tuple(tidy(note, MAX_NAME) for note in content.notes),
        )
        return build(kept, facts, file)

    def title(self, workload: Workload) -> str:
        """Name of the library in one workload, which tells it from the others."""
        name = tidy(self.name, MAX_NAME // 2) or "Puzzletron run"
        return name if len(self.workloads) == 1 else f"{name} ({workload.name})"

    @cached_property
    def _all(self) -> tuple[Opened, ...]:
        return tuple(
            Opened(replace(own, name=_name(member, own)), member, own)
            for member in self.members
            for own in member.workloads
        )


def open_files(files: Mapping[str, bytes], name: str, asked: str = "") -> PuzzletronRun | None:
    """Take the files of a run, ``None`` where there are no blocks; each is read when it is needed.

    ``asked`` is the file of blocks that was asked for by name, ``""`` for the whole run.
    """
    found = FrozenMapping(files) if isinstance(files, dict) else files
    layouts = [layout for layout in find_layouts(found, Location(name), asked) if layout.is_run]
    for layout in layouts:
        _check_whole(layout, found)
    members = tuple(Member(found, layout) for layout in layouts)
    return PuzzletronRun(members, name) if members else None


def _check_whole(layout: Layout, files: Mapping[str, bytes]) -> None:
    """Refuse blocks without costs or scores where no search wrote them down together."""
    if not layout.library or layout.records:
        return
    for path, words in (
        (layout.stats, "subblock_stats.json, the costs"),
        (next(iter(layout.scores), ""), "the validation files with the blocks' scores"),
    ):
        if not path:
            fix = f"Add it to the folder.{links_words(files)}"
            Location(layout.library).fail(f"without {words}.", fix)


def _name(member: Member, own: Workload) -> str:
    """Name of a workload in a run: its width, its own name, or both where there are several."""
    label = member.layout.label
    names = [label, own.name] if len(member.workloads) > 1 or not label else [label]
    return ", ".join(filter(None, names))


def _origin(found: Usable) -> Any:  # noqa: ANN401 - one of the words for an origin
    return "measured" if RUNTIME in found.keys else "unknown"
