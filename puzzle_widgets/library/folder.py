"""Folders and files on disk, read within bounds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from puzzle_widgets.library.checks import MAX_FILE_BYTES, Location
from puzzle_widgets.library.puzzletron.layout import (
    RECORDS,
    STATS,
    TEACHER_CONFIGS,
    TEACHER_FOLDERS,
)

MAX_FILES = 50_000
_DEPTH = 12
_ABOVE = 10
_HEAVY = (
    "pruning",
    "hydra_logs",
    "subblocks_safetensors",
    "node_modules",
    "solutions--checkpoints",
    "checkpoints",
)
_TEXTS = (".json", ".csv")


class Folder(Mapping[str, bytes]):
    """JSON and CSV files beneath a folder by their path in it; each is read when asked for.

    Folders of weights and logs, hidden ones and those that are links are passed by; of the
    checkpoints only the parent's config is read.

    Parameters
    ----------
    path
        The folder.
    beside
        Further files by the path that they stand for.

    Raises
    ------
    LibraryError
        Where there are too many files.
    """

    def __init__(self, path: Path, beside: Mapping[str, Path] | None = None) -> None:
        self._paths: dict[str, Path] = dict(beside or {})
        for found in _texts(path, path, _DEPTH):
            self._paths[found.relative_to(path).as_posix()] = found
            if len(self._paths) > MAX_FILES:
                Location(path.name).fail(
                    f"more than {MAX_FILES:,} files.", "Give the folder of one run."
                )

    def __getitem__(self, path: str) -> bytes:
        return read_bytes(self._paths[path])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def run_folder(path: Path) -> Folder:
    """A folder of a run; for that of one search, the costs and the parent's config above it too."""
    beside: dict[str, Path] = {}
    if (path / RECORDS).is_file():
        for above in list(path.resolve().parents)[:_ABOVE]:
            found = {name: above / name for name in (STATS, *TEACHER_CONFIGS)}
            beside = {name: file for name, file in found.items() if file.is_file()}
            if beside:
                break
    return Folder(path, beside)


def read_bytes(path: Path) -> bytes:
    """Read one file of a sensible size.

    Raises
    ------
    LibraryError
        Where it is missing, too large, no ordinary file or cannot be read.
    """
    place = Location(path.name)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            too_large(place, path.stat().st_size)
        if not path.is_file():
            place.fail("no ordinary file.", "Give a JSON file, a table, or a library's folder.")
        return path.read_bytes()
    except FileNotFoundError:
        place.fail(f"missing in the folder {path.parent.name!r}.", "Give a block library's folder.")
    except OSError as error:
        place.fail(f"cannot be read ({error.strerror}).", "Give a file that can be read.")


def too_large(place: Location, size: int) -> None:
    """Refuse a file by its size in bytes."""
    place.fail(
        f"{size / 2**20:,.1f} MiB.", f"At most {MAX_FILE_BYTES // 2**20} MiB are read; split it."
    )


def _texts(root: Path, folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if depth and not entry.name.startswith(".") and entry.name not in _HEAVY:
                yield from _of_folder(root, path, depth)
        elif path.suffix.lower() in _TEXTS and path.is_file():
            yield path


def _of_folder(root: Path, path: Path, depth: int) -> Iterator[Path]:
    if path.name != "ckpts":
        yield from _texts(root, path, depth - 1)
    else:
        configs = (path / Path(folder).name / "config.json" for folder in TEACHER_FOLDERS)
        yield from (config for config in configs if config.is_file())
