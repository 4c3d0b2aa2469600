"""Which file of a Puzzletron directory is which, wherever the directory is in the input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from puzzle_widgets.library.archive import Archive
from puzzle_widgets.library.checks import Location, mapping, text

Paths = list[tuple[PurePosixPath, str]]
_SCENARIOS = "scenarios"
_WIDTH_NUMBER = re.compile(r"[0-9]{1,9}")
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
_FIX = "Pack it without links (tar -h, or zip without -y)."
_FOLDER, _WIDTHS, _SOLUTIONS = "profiles", "scenarios", "puzzle_solutions"


@dataclass(frozen=True)
class Width:
    """One width (and depth) of a run: its folder, and the run's own above all of them."""

    root: PurePosixPath
    run: PurePosixPath

    @property
    def label(self) -> str:
        """Its name, such as ``"width-0112 depth-00"``."""
        return f"{self.root.parent.name} {self.root.name}"

    @property
    def order(self) -> tuple[int, int, str]:
        """The widest first, then the deepest."""
        width, depth = (
            _WIDTH_NUMBER.search(name) for name in (self.root.parent.name, self.root.name)
        )
        return (
            -int(width.group()) if width else 0,
            int(depth.group()) if depth else 0,
            self.label,
        )


def find_widths(roots: Iterable[PurePosixPath], tops: list[PurePosixPath]) -> list[Width]:
    """Find the widths of the only run there is; none where runs are not those of widths."""
    widths = [Width(root, root.parents[2]) for root in roots if root.match(f"{_SCENARIOS}/*/*")]
    runs = {width.run for width in widths}
    within = {width.root for width in widths} | runs
    if len(runs) != 1 or not within.issuperset(tops):
        return []
    return sorted(widths, key=lambda width: width.order)


def shared_files(paths: Paths, width: Width, widths: list[Width]) -> Paths:
    """Files in the run's folder outside all widths that are a width's, or shared."""
    return [
        (pure, path)
        for pure, path in paths
        if width.run in pure.parents
        and all(other.root not in pure.parents for other in widths)
        and _owner(pure, widths) in (None, width)
    ]


def _owner(path: PurePosixPath, widths: list[Width]) -> Width | None:
    """The width whose name is in a path; where it says a depth that none has, the first."""
    mine = [width for width in widths if width.root.parent.name in path.parts]
    exact = [width for width in mine if width.root.name in path.parts]
    return next(iter([*exact, *mine]), None)


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
        Which searches' results count, of those that are there.
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

    Gives one layout, or one for each width of a run of the second version, the widest first. Where
    a library or records were asked for by name, no others are used.
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
    """Files of the only run; not those in another run's folder within it."""
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
    marked |= {path.parents[2] for path in paths if any(map(path.match, TEACHER_CONFIGS))}
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


def behind_links(files: Mapping[str, bytes], layout: Layout) -> tuple[str, ...]:
    """Say that the parent's config is behind a link, if there is no other."""
    if layout.teacher_config:
        return ()
    ends = tuple(f"/{path}" for path in (*TEACHER_FOLDERS, *TEACHER_CONFIGS, "ckpts"))
    found = [link for link in _links(files) if f"/{link}".endswith(ends)]
    return (f"{found[0]} is a symbolic link, which is not followed. {_FIX}",) if found else ()


def links_words(files: Mapping[str, bytes]) -> str:
    """What to do where a part is missing in an archive that has links in its place."""
    links = [link for link in _links(files) if "ckpts" not in link.split("/")]
    return f" {links[0]} is a symbolic link, which is not followed. {_FIX}" if links else ""


def _links(files: Mapping[str, bytes]) -> tuple[str, ...]:
    return files.links if isinstance(files, Archive) else ()


@dataclass(frozen=True)
class Profiles:
    """Names of the active profiles; ``None`` where no file says which are."""

    active: frozenset[str] | None = None

    def counts(self, path: str) -> bool:
        """Whether a file is of an active search, or of none with a profile."""
        profile = profile_of(path)
        return not profile or self.active is None or profile in self.active


def read_profiles(content: object, place: Location) -> Profiles:
    """Read the names of the active profiles."""
    found = mapping(content, place, "the file").get("profile_ids")
    here = place.at(field="profile_ids")
    if not isinstance(found, list):
        here.fail("not a list of profiles.", "Give the file as the search wrote it.")
    return Profiles(frozenset(text(name, here, "a profile") for name in found))


def profile_of(path: str) -> str:
    """Name of the profile whose search wrote a file, ``""`` where it has none."""
    parts = PurePosixPath(path).parts
    place = parts.index(_FOLDER) + 1 if _FOLDER in parts else len(parts)
    return parts[place] if place < len(parts) - 1 else ""


def search_name(path: str) -> str:
    """Name of the search that wrote a file: its profile and depth, else its folder."""
    pure, profile = PurePosixPath(path), profile_of(path)
    if not profile:
        return pure.parent.name
    parts = pure.parts[pure.parts.index(profile) :]
    within = parts[parts.index(_WIDTHS) + 1 :] if _WIDTHS in parts else ()
    end = within.index(_SOLUTIONS) if _SOLUTIONS in within else 0
    return " ".join((profile, *within[:end]))
