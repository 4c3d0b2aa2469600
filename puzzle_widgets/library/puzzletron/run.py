"""A Puzzletron run as it lies on disk, in an archive or in an upload: open it, scenario by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import MAX_NAME, Place, tidy
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary, Measurement, Provenance
from puzzle_widgets.library.puzzletron.build import build, offsets_of
from puzzle_widgets.library.puzzletron.gaps import Usable
from puzzle_widgets.library.puzzletron.layout import Layout, find_layouts
from puzzle_widgets.library.puzzletron.links import mend_links
from puzzle_widgets.library.puzzletron.member import Member
from puzzle_widgets.library.puzzletron.stats import StatsScenario, choose
from puzzle_widgets.library.quantity import RUNTIME

_NOTE = (
    "Scores: each block alone in the parent. Memory and parameters are reckoned from sizes. "
    "Throughput here counts prefill and generation tokens; Puzzletron's target_throughput counts "
    "generation tokens only."
)
Wanted = str | Mapping[str, Any] | None


@dataclass(frozen=True)
class Opened:
    """A scenario of a run: under its name in the run, and where it is found."""

    scenario: StatsScenario
    member: Member
    own: StatsScenario


@dataclass(frozen=True, eq=False)
class PuzzletronRun:
    """The files of one run, of one width or of several.

    Parameters
    ----------
    members
        Its widths, the widest first; most runs have one.
    name
        Title for people.
    """

    members: tuple[Member, ...]
    name: str

    @property
    def scenarios(self) -> tuple[StatsScenario, ...]:
        """The scenarios that costs are given for, in each width."""
        return tuple(found.scenario for found in self._all)

    def find(self, scenario: Wanted = None) -> Opened:
        """Find a scenario by its name or by some of its arguments.

        By default it is that of the run's own solutions, else the first with runtimes, else the
        first in bfloat16.

        Raises
        ------
        LibraryError
            Naming the scenarios, where none or several fit.
        """
        if scenario is None:
            return min(self._all, key=lambda found: found.member.rank(found.own))
        return self._all[choose(self.scenarios, scenario, self.members[0].file)]

    def chosen(self, scenario: Wanted = None) -> StatsScenario:
        """Find a scenario, as :meth:`find` does."""
        return self.find(scenario).scenario

    def library(
        self, scenario: Wanted = None, measurement: Measurement | None = None
    ) -> BlockLibrary:
        """Open the library in one scenario; ``notes`` say what was left out or set right.

        Raises
        ------
        LibraryError
            Naming file, layer, variant and field; or the scenarios, where none or several fit.
        """
        found = self.find(scenario)
        file, content = found.member.file, found.member.content(found.own)
        kept = content.usable
        facts = Facts(
            self.title(found.scenario),
            measurement or found.scenario.measurement,
            provenance=Provenance(_origin(kept), tidy(file, MAX_NAME), _NOTE),
            offsets=offsets_of(content.outside, kept.keys),
            parent_config=found.member.parent_text,
            notes=tuple(tidy(note, MAX_NAME) for note in content.notes),
        )
        return build(kept, facts, file)

    def title(self, scenario: StatsScenario) -> str:
        """Name of the library in one scenario, which tells it from the others."""
        name = tidy(self.name, MAX_NAME // 2) or "Puzzletron run"
        return name if len(self.scenarios) == 1 else f"{name} ({scenario.name})"

    @cached_property
    def _all(self) -> tuple[Opened, ...]:
        return tuple(
            Opened(replace(own, name=_name(member, own)), member, own)
            for member in self.members
            for own in member.scenarios
        )


def open_files(files: Mapping[str, bytes], name: str, asked: str = "") -> PuzzletronRun | None:
    """Take the files of a run; what stands in them is read when it is asked for.

    Parameters
    ----------
    files
        Bytes by path.
    name
        Title for people.
    asked
        The file of blocks that was asked for by name, ``""`` for the whole run.

    Returns
    -------
    PuzzletronRun or None
        ``None`` where there are no blocks.

    Raises
    ------
    LibraryError
        Where a part that is needed is missing, or there are several runs.
    """
    found = FrozenMapping(files) if isinstance(files, dict) else files
    layouts = [layout for layout in find_layouts(found, Place(name), asked) if layout.is_run]
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
            mend = f"Add it to the folder.{mend_links(files)}"
            Place(layout.library).fail(f"without {words}.", mend)


def _name(member: Member, own: StatsScenario) -> str:
    """Name of a scenario in a run: its width, its own name, or both where there are several."""
    label = member.layout.label
    names = [label, own.name] if len(member.scenarios) > 1 or not label else [label]
    return ", ".join(filter(None, names))


def _origin(found: Usable) -> Any:  # noqa: ANN401 - one of the words for an origin
    return "measured" if RUNTIME in found.keys else "unknown"
