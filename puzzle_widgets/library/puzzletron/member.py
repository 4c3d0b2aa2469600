"""One directory of blocks, costs and scores: a run, or one width of it; opened by workload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import Location, long_text, mapping, parse_json
from puzzle_widgets.library.puzzletron.blocks import Block, Shape
from puzzle_widgets.library.puzzletron.entries import Entries, check_layers, read_entries
from puzzle_widgets.library.puzzletron.gaps import Usable, usable
from puzzle_widgets.library.puzzletron.joined import find_parents, join, unknown_scores
from puzzle_widgets.library.puzzletron.kv_memory import kv_notes
from puzzle_widgets.library.puzzletron.layout import Layout
from puzzle_widgets.library.puzzletron.links import behind_links
from puzzle_widgets.library.puzzletron.model_config import names_blocks, read_blocks, read_shape
from puzzle_widgets.library.puzzletron.one_minus import with_one_minus
from puzzle_widgets.library.puzzletron.profiles import Profiles, read_profiles
from puzzle_widgets.library.puzzletron.recorded import Recorded, find_recorded
from puzzle_widgets.library.puzzletron.scores import Scores, add_score, add_teacher
from puzzle_widgets.library.puzzletron.stats import Workload, WorkloadStats, read_stats

_BF16 = "bfloat16"


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
