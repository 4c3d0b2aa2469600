"""Which file of a Puzzletron directory is which, wherever the directory stands in the input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.puzzletron.widths import Paths, Width, find_widths, shared_files

LIBRARY = "replacement_library.json"
STATS = "subblock_stats.json"
RECORDS = "replacement_metrics_and_stats.json"
SOLUTIONS = ("solutions.json", "homogeneous_solutions.json")
PROFILES = "active_profiles.json"
SWEEP = "mip_sweep_results.csv"
TEACHER = "teacher.json"
# The second version sorts the parent's weights first, and searches that copy.
TEACHER_FOLDERS = ("ckpts/sorted_teacher", "ckpts/teacher")
TEACHER_CONFIGS = tuple(f"{folder}/config.json" for folder in TEACHER_FOLDERS)
RUN_FILES = (LIBRARY, RECORDS)
_SCORE = re.compile(r".*solution_?\d+.*\.json", re.IGNORECASE)
_VALIDATED = "solutions--validation"
_DIGITS = re.compile(r"(\d+)")
_SEARCHES = "mip"
_NAMED = 10


@dataclass(frozen=True)
class Layout:
    """Paths by their part in the directory; empty where a part is missing.

    Parameters
    ----------
    library, stats, teacher_config
        Blocks, costs of parts, and the parent's config.
    scores, teacher_scores
        What each block, or part of one, scores alone in the parent, and what the parent scores.
    records
        Blocks with scores and costs, as one search had them.
    solutions
        Architectures that a search found.
    validated
        Measured scores of whole architectures and of the parent.
    sweeps
        Tables of measured architectures.
    profiles
        Which searches' results count, of those that lie there.
    label
        What tells it from the other widths of its run, ``""`` where there are none.
    """

    library: str = ""
    stats: str = ""
    teacher_config: str = ""
    scores: tuple[str, ...] = ()
    teacher_scores: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    solutions: tuple[str, ...] = ()
    validated: tuple[str, ...] = ()
    sweeps: tuple[str, ...] = ()
    profiles: str = ""
    label: str = ""

    @property
    def is_run(self) -> bool:
        """Whether there are blocks to open."""
        return bool(self.library or self.records)


def find_layouts(paths: Iterable[str], place: Location, asked: str = "") -> tuple[Layout, ...]:
    """Sort the paths of a directory, an archive or an upload by their part.

    Parameters
    ----------
    paths
        All of them.
    place
        Where they are, for messages.
    asked
        The library or the records that were asked for by name: no others are then used.

    Returns
    -------
    tuple of Layout
        One, or one for each width of a run of the second version, the widest first.

    Raises
    ------
    LibraryError
        Naming the folders, where there are several runs.
    """
    whole = [(PurePosixPath(path), path) for path in sorted(paths, key=natural)]
    roots = _roots([pure for pure, _ in whole], asked)
    widths = [] if asked else find_widths(roots, _uppermost(roots))
    if widths:
        return _of_widths(whole, widths)
    named = _of_one_run(whole, roots, place, asked)
    if asked:
        named = [(pure, p) for pure, p in named if pure.name not in RUN_FILES or p == asked]
    return (_layout(named),)


def _of_widths(whole: Paths, widths: list[Width]) -> tuple[Layout, ...]:
    """Lay out every width: its own files, and its searches' in the folder above all widths."""
    found = []
    for width in widths:
        own = [(pure, path) for pure, path in whole if width.root in pure.parents]
        above = shared_files(whole, width, widths)
        mine = _layout(own)
        shared = _layout([pair for pair in above if _SEARCHES in pair[0].parts])
        found.append(
            replace(
                mine,
                teacher_config=mine.teacher_config or _teacher_config(above),
                records=mine.records + shared.records,
                solutions=mine.solutions + shared.solutions,
                validated=mine.validated + shared.validated,
                profiles=shared.profiles or mine.profiles,
                label=width.label if len(widths) > 1 else "",
            )
        )
    return tuple(found)


def _layout(named: Paths) -> Layout:
    scored = _of_one_folder([pair for pair in named if _is_score(pair[0])])
    return Layout(
        library=_shallowest(named, LIBRARY),
        stats=_shallowest(named, STATS),
        teacher_config=_teacher_config(named),
        scores=tuple(path for pure, path in scored if pure.name != TEACHER),
        teacher_scores=tuple(path for pure, path in scored if pure.name == TEACHER),
        records=tuple(path for pure, path in named if pure.name == RECORDS),
        solutions=tuple(path for pure, path in named if pure.name in SOLUTIONS),
        validated=tuple(
            path
            for pure, path in named
            if pure.parent.name == _VALIDATED and pure.suffix.lower() == ".json"
        ),
        sweeps=tuple(path for pure, path in named if pure.name == SWEEP),
        profiles=_shallowest(named, PROFILES),
    )


def natural(path: str) -> tuple[tuple[int, int, str], ...]:
    """Order in which ``solution_10`` comes after ``solution_9``."""
    pieces = _DIGITS.split(path)
    return tuple((1, int(p), "") if p.isdecimal() and p.isascii() else (0, 0, p) for p in pieces)


def beside(path: str, name: str) -> str:
    """Path of a file in the same folder."""
    return str(PurePosixPath(path).with_name(name))


def _of_one_run(paths: Paths, roots: set[PurePosixPath], place: Location, asked: str) -> Paths:
    """Files of the only run; what lies in another's folder within it is not its own."""
    tops = [PurePosixPath(asked).parent] if asked else _uppermost(roots)
    if len(tops) > 1:
        names = ", ".join(str(top) for top in tops[:_NAMED])
        count = "two" if len(tops) == 2 else f"{len(tops):,}"
        place.fail(f"{count} runs here: {names}.", "Name one: give its folder, or pack it alone.")
    within = roots - set(tops)
    return [
        (pure, path)
        for pure, path in paths
        if all(top in pure.parents for top in tops) and within.isdisjoint(pure.parents)
    ]


def _roots(paths: Sequence[PurePosixPath], asked: str) -> set[PurePosixPath]:
    """Folders of all runs that have blocks, in a library or in records of a search."""
    libraries = {path.parent for path in paths if path.name == LIBRARY}
    marked = libraries | {path.parent for path in paths if path.name == STATS}
    marked |= {path.parents[2] for path in paths if _is_teacher_config(path)}
    records = [path for path in paths if path.name == RECORDS]
    found = {path.parent: _root_of(path, marked) for path in records}
    known = libraries | {root for root in found.values() if root is not None}
    loose = {folder for folder, root in found.items() if root is None}
    if loose and not known and not asked:  # searches side by side
        return {_common(sorted(loose))}
    return known | loose


def _root_of(records: PurePosixPath, marked: set[PurePosixPath]) -> PurePosixPath | None:
    """Folder of the run that has a search; ``None`` where nothing tells it."""
    for folder in records.parents:
        if folder in marked:
            return folder
    return next((f.parent for f in records.parents if f.name == _SEARCHES), None)


def _common(folders: Sequence[PurePosixPath]) -> PurePosixPath:
    first = folders[0]
    shared = (f for f in (first, *first.parents) if all(f in (o, *o.parents) for o in folders))
    return next(shared, PurePosixPath())


def _uppermost(roots: set[PurePosixPath]) -> list[PurePosixPath]:
    return sorted(root for root in roots if roots.isdisjoint(root.parents))


def _of_one_folder(scored: Paths) -> Paths:
    """Scores of the uppermost place only: those of an older run within are not mixed in."""
    places = [pure.parent.parent for pure, _ in scored]
    top = min(places, key=lambda place: len(place.parts), default=None)
    return [pair for pair, place in zip(scored, places, strict=True) if place == top]


def _is_score(path: PurePosixPath) -> bool:
    """A score of one block: flat, or in a validation folder that is not of whole solutions."""
    if path.name != TEACHER and not _SCORE.fullmatch(path.name):
        return False
    folder = path.parent.name
    return folder != _VALIDATED and (not folder or folder.endswith("--validation"))


def _shallowest(named: Paths, name: str) -> str:
    found = [(len(pure.parts), path) for pure, path in named if pure.name == name]
    return min(found, default=(0, ""))[1]


def _teacher_config(named: Paths) -> str:
    for config in TEACHER_CONFIGS:
        found = [pair for pair in named if f"/{pair[0]}".endswith(f"/{config}")]
        if found:
            return _shallowest(found, "config.json")
    return next((path for pure, path in named if str(pure) == "config.json"), "")


def _is_teacher_config(path: PurePosixPath) -> bool:
    return any(path.match(config) for config in TEACHER_CONFIGS)
