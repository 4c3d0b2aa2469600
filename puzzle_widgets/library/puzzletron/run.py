"""A Puzzletron run as it lies on disk, in an archive or in an upload: open it, scenario by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import MAX_NAME, Place, long_text, mapping, parse_json, tidy
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary, Measurement, Provenance
from puzzle_widgets.library.puzzletron.blocks import Block, Shape
from puzzle_widgets.library.puzzletron.build import build, offsets_of
from puzzle_widgets.library.puzzletron.entries import Entries, check_layers, read_entries
from puzzle_widgets.library.puzzletron.gaps import Usable, usable
from puzzle_widgets.library.puzzletron.joined import find_parents, join, unknown_scores
from puzzle_widgets.library.puzzletron.layout import Layout, find_layout
from puzzle_widgets.library.puzzletron.model_config import names_blocks, read_blocks, read_shape
from puzzle_widgets.library.puzzletron.recorded import Recorded, find_recorded
from puzzle_widgets.library.puzzletron.scores import Scores, add_score
from puzzle_widgets.library.puzzletron.stats import (
    ScenarioStats,
    StatsScenario,
    choose,
    read_stats,
)
from puzzle_widgets.library.puzzletron.values import averages
from puzzle_widgets.library.quantity import RUNTIME

MAX_TOTAL_BYTES = 512 * 2**20
_NOTE = (
    "Scores: each block alone in the parent. Memory and parameters are reckoned from sizes. "
    "Throughput here counts prefill and generation tokens; Puzzletron's target_throughput counts "
    "generation tokens only."
)
Wanted = str | Mapping[str, Any] | None


@dataclass(frozen=True, eq=False)
class PuzzletronRun:
    """The files of one run.

    Parameters
    ----------
    files
        Bytes by path; read when they are needed.
    name
        Title for people.
    asked
        The file of blocks that was asked for by name, ``""`` for the whole run.
    """

    files: Mapping[str, bytes]
    name: str
    asked: str = ""

    @cached_property
    def layout(self) -> Layout:
        """Which file is which."""
        return find_layout(self.files, Place(self.name), self.asked)

    @property
    def scenarios(self) -> tuple[StatsScenario, ...]:
        """The scenarios that costs are given for, the first being the usual one."""
        if self._joins:
            return tuple(stats.scenario for stats in self._stats)
        return tuple(found.scenario for found in self._recorded)

    def chosen(self, scenario: Wanted = None) -> StatsScenario:
        """Find a scenario by its name or by some of its arguments; the first by default."""
        return self.scenarios[choose(self.scenarios, scenario, self._file)]

    def library(
        self, scenario: Wanted = None, measurement: Measurement | None = None
    ) -> BlockLibrary:
        """Open the library in one scenario.

        Raises
        ------
        LibraryError
            Naming file, layer, variant and field; or the scenarios, where none or several fit.
        """
        chosen = self.chosen(scenario)
        found, outside = self._usable(chosen)
        notices = self.notices(chosen.name)
        facts = Facts(
            self.title(chosen),
            measurement or chosen.measurement,
            provenance=Provenance(_origin(found), tidy(self._file, MAX_NAME), _note(notices)),
            offsets=offsets_of(outside, found.keys),
            parent_config=self._parent_text,
        )
        return build(found, facts, self._file)

    def title(self, scenario: StatsScenario) -> str:
        """Name of the library in one scenario, which tells it from the others."""
        name = tidy(self.name, MAX_NAME // 2) or "Puzzletron run"
        return name if len(self.scenarios) == 1 else f"{name} ({scenario.name})"

    def notices(self, scenario: Wanted = None) -> tuple[str, ...]:
        """What was left out or set right, a sentence each."""
        found, _ = self._usable(self.chosen(scenario))
        return found.notices

    @property
    def shape(self) -> Shape:
        """Width and query heads of the parent, as far as they are known."""
        config = self._parent_config
        return read_shape(config, Place(self.layout.teacher_config)) if config else Shape()

    def parsed(self, path: str) -> Any:  # noqa: ANN401
        """Parse one of the JSON files."""
        return parse_json(self.files[path], Place(path))

    @property
    def _joins(self) -> bool:
        return bool(self.layout.library and self.layout.stats and self.layout.scores)

    @property
    def _file(self) -> str:
        """The file that messages about the whole name."""
        return self.layout.library if self._joins else self.layout.records[0]

    def _usable(self, scenario: StatsScenario) -> tuple[Usable, Mapping[str, float | None]]:
        """What can be used in a scenario, and its costs outside the blocks."""
        known = self._known.get(scenario.name)
        if known is None:
            known = self._joined(scenario) if self._joins else self._found_in_records(scenario)
            self._known[scenario.name] = known
        return known

    @cached_property
    def _known(self) -> dict[str, tuple[Usable, Mapping[str, float | None]]]:
        return {}

    def _joined(self, scenario: StatsScenario) -> tuple[Usable, Mapping[str, float | None]]:
        stats = next(found for found in self._stats if found.scenario.name == scenario.name)
        read, place = self._entries, Place(self.layout.library)
        entries = read.found
        layers = [entry.layer for entry in entries]
        check_layers(layers, len(self._teacher) or None, place, read)
        parents = find_parents(read, self._scores, self._teacher, self._teacher_folder, place)
        candidates = join(entries, self._scores, stats, parents)
        found = usable(candidates, place)
        said = (*read.notices, *self._scores.notices, *unknown_scores(entries, self._scores))
        return replace(found, notices=(*said, *found.notices)), stats.outside

    def _found_in_records(
        self, scenario: StatsScenario
    ) -> tuple[Usable, Mapping[str, float | None]]:
        recorded = next(r for r in self._recorded if r.scenario.name == scenario.name)
        place = Place(recorded.path)
        check_layers([c.layer for c in recorded.candidates], len(self._teacher) or None, place)
        found = usable(recorded.candidates, place)
        notices = (*recorded.notices, *found.notices)
        return replace(found, notices=notices), recorded.outside

    @cached_property
    def _stats(self) -> tuple[ScenarioStats, ...]:
        path = self.layout.stats
        return read_stats(self.parsed(path), self.shape, Place(path)) if path else ()

    @cached_property
    def _entries(self) -> Entries:
        path = self.layout.library
        return read_entries(self.parsed(path), self.shape, Place(path))

    @cached_property
    def _scores(self) -> Scores:
        scores = Scores()
        for path in self.layout.scores:
            add_score(scores, self.parsed(path), self.shape, Place(path))
        if path := self.layout.teacher_scores:
            scores.parent = averages(self._teacher_report, Place(path))
        return scores

    @cached_property
    def _teacher_report(self) -> Mapping[str, Any]:
        path = self.layout.teacher_scores
        return mapping(self.parsed(path), Place(path), "the file") if path else {}

    @property
    def _teacher_folder(self) -> str:
        args = self._teacher_report.get("args")
        folder = args.get("teacher_dir") if isinstance(args, Mapping) else None
        return folder if isinstance(folder, str) else ""

    @cached_property
    def _recorded(self) -> tuple[Recorded, ...]:
        return find_recorded(self.layout, self.parsed, self._stats, self.shape)

    @cached_property
    def _parent_config(self) -> Mapping[str, Any]:
        path = self.layout.teacher_config
        return mapping(self.parsed(path), Place(path), "the file") if path else {}

    @property
    def _parent_text(self) -> str:
        path = self.layout.teacher_config
        return long_text(self.files[path].decode("utf-8-sig"), Place(path)) if path else ""

    @cached_property
    def _teacher(self) -> list[Block]:
        config = self._parent_config
        if not names_blocks(config):
            return []
        return read_blocks(config, Place(self.layout.teacher_config))


def open_files(files: Mapping[str, bytes], name: str, asked: str = "") -> PuzzletronRun:
    """Take the files of a run; what stands in them is read when it is asked for.

    Raises
    ------
    LibraryError
        Where a part that is needed is missing, or there are several runs.
    """
    run = PuzzletronRun(FrozenMapping(files) if isinstance(files, dict) else files, name, asked)
    found = run.layout
    if found.library and not found.records:
        for path, words in (
            (found.stats, "subblock_stats.json, the costs"),
            (next(iter(found.scores), ""), "the validation files with the blocks' scores"),
        ):
            if not path:
                Place(found.library).fail(f"without {words}.", "Add it to the folder.")
    return run


def _note(notices: tuple[str, ...]) -> str:
    return tidy(" ".join([_NOTE, *notices]), MAX_NAME)


def _origin(found: Usable) -> Any:  # noqa: ANN401 - one of the words for an origin
    return "measured" if RUNTIME in found.keys else "unknown"
