"""A Puzzletron run as it lies on disk, in an archive or in an upload: open it, workload by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import MAX_NAME, Location, tidy
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary, Measurement, Provenance
from puzzle_widgets.library.puzzletron.build import build, non_block_costs_of
from puzzle_widgets.library.puzzletron.gaps import Usable
from puzzle_widgets.library.puzzletron.layout import Layout, find_layouts
from puzzle_widgets.library.puzzletron.links import links_words
from puzzle_widgets.library.puzzletron.member import Member
from puzzle_widgets.library.puzzletron.stats import Workload, choose
from puzzle_widgets.library.quantity import RUNTIME

_NOTE = (
    "Scores: each block alone in the parent. Memory and parameters are computed from sizes. "
    "Throughput here counts prefill and generation tokens; Puzzletron's target_throughput counts "
    "generation tokens only."
)
Wanted = str | Mapping[str, Any] | None


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
