"""Which file of a Puzzletron directory is which, wherever the directory stands in the input."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

LIBRARY = "replacement_library.json"
STATS = "subblock_stats.json"
RECORDS = "replacement_metrics_and_stats.json"
SOLUTIONS = "solutions.json"
SWEEP = "mip_sweep_results.csv"
TEACHER = "teacher.json"
TEACHER_CONFIG = "ckpts/teacher/config.json"
RUN_FILES = (LIBRARY, RECORDS)
_SCORE = re.compile(r".*solution_?\d+.*\.json", re.IGNORECASE)
_VALIDATED = "solutions--validation"
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Layout:
    """Paths by their part in the directory; empty where a part is missing.

    Parameters
    ----------
    library, stats, teacher_config
        Blocks, costs of parts, and the parent's config.
    scores, teacher_scores
        What each block scores alone in the parent, and what the parent scores.
    records
        Blocks with scores and costs, as one search had them.
    solutions
        Architectures that a search found.
    validated
        Measured scores of whole architectures and of the parent.
    sweeps
        Tables of measured architectures.
    """

    library: str = ""
    stats: str = ""
    teacher_config: str = ""
    scores: tuple[str, ...] = ()
    teacher_scores: str = ""
    records: tuple[str, ...] = ()
    solutions: tuple[str, ...] = ()
    validated: tuple[str, ...] = ()
    sweeps: tuple[str, ...] = ()

    @property
    def is_run(self) -> bool:
        """Whether there are blocks to open."""
        return bool(self.library or self.records)


def find_layout(paths: Iterable[str]) -> Layout:
    """Sort the paths of a directory, an archive or an upload by their part."""
    ordered = sorted(paths, key=natural)
    named = [(PurePosixPath(path), path) for path in ordered]
    scored = [path for pure, path in named if _is_score(pure)]
    return Layout(
        library=_shallowest(named, LIBRARY),
        stats=_shallowest(named, STATS),
        teacher_config=_teacher_config(named),
        scores=tuple(path for path in scored if PurePosixPath(path).name != TEACHER),
        teacher_scores=_shallowest([(PurePosixPath(p), p) for p in scored], TEACHER),
        records=tuple(path for pure, path in named if pure.name == RECORDS),
        solutions=tuple(path for pure, path in named if pure.name == SOLUTIONS),
        validated=tuple(
            path
            for pure, path in named
            if pure.parent.name == _VALIDATED and pure.suffix.lower() == ".json"
        ),
        sweeps=tuple(path for pure, path in named if pure.name == SWEEP),
    )


def natural(path: str) -> tuple[tuple[int, int, str], ...]:
    """Order in which ``solution_10`` comes after ``solution_9``."""
    pieces = _DIGITS.split(path)
    return tuple((1, int(p), "") if p.isdecimal() and p.isascii() else (0, 0, p) for p in pieces)


def beside(path: str, name: str) -> str:
    """Path of a file in the same folder."""
    return str(PurePosixPath(path).with_name(name))


def _is_score(path: PurePosixPath) -> bool:
    """A score of one block: flat, or in a validation folder that is not of whole solutions."""
    if path.name != TEACHER and not _SCORE.fullmatch(path.name):
        return False
    folder = path.parent.name
    return folder != _VALIDATED and (not folder or folder.endswith("--validation"))


def _shallowest(named: list[tuple[PurePosixPath, str]], name: str) -> str:
    found = [(len(pure.parts), path) for pure, path in named if pure.name == name]
    return min(found, default=(0, ""))[1]


def _teacher_config(named: list[tuple[PurePosixPath, str]]) -> str:
    found = [path for pure, path in named if f"/{pure}".endswith(f"/{TEACHER_CONFIG}")]
    flat = [path for pure, path in named if str(pure) == "config.json"]
    return next(iter([*found, *flat]), "")
