"""From what a person names to files, opened once: a path, a dataset's name, or bytes in hand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import NoReturn

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.archive import Archive, LazyFiles, archive_stem, is_archive
from puzzle_widgets.library.checks import Location, check_bytes, short_repr
from puzzle_widgets.library.datasets import Dataset, list_datasets
from puzzle_widgets.library.json_forms import LIBRARY_FILE, SIDECARS
from puzzle_widgets.library.puzzletron import PuzzletronRun, open_files
from puzzle_widgets.library.puzzletron.layout import (
    RECORDS,
    RUN_FILES,
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

READ = (".json", ".csv", ".tsv", ".xlsx", ".parquet", ".zip", ".tar.gz", ".tgz")
_SHEET = ("a workbook of a kind that is not read", "Save it as .xlsx ('Excel Workbook') or CSV.")
_PACKED = ("packed in a way that is not read", "Unpack it, or pack it as .zip or .tar.gz.")
_PICTURE = ("a picture or a document, not a block library", "Give the figures, as CSV or .xlsx.")
_WEIGHTS = (
    "weights or pickled objects, which are never opened",
    "Give the figures as CSV or JSON.",
)
_TEXT = (
    "text of a kind that is not read",
    "If cells are separated by commas or tabs, name it .csv.",
)
_LINES = (
    "JSON lines, which are not read directly",
    "Give load_library the frame that pandas.read_json(path, lines=True) makes of it, or save CSV.",
)
_WORDS = {
    **dict.fromkeys((".xls", ".xlsm", ".xlsb", ".xltx", ".xltm", ".ods", ".numbers"), _SHEET),
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".lz4"), _PACKED),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".pdf", ".docx"), _PICTURE),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".pth", ".bin", ".npz", ".npy", ".h5"), _WEIGHTS),
    **dict.fromkeys((".safetensors", ".gguf", ".onnx"), _WEIGHTS),
    **dict.fromkeys((".txt", ".dat", ".log", ".md"), _TEXT),
    **dict.fromkeys((".jsonl", ".ndjson"), _LINES),
    **dict.fromkeys((".pq", ".parq"), ("Parquet by another name", "Rename it to end in .parquet.")),
}
_BEGINNINGS = {
    b"PK\x03\x04": ("a zip archive or a workbook", "Rename it to end in .zip or .xlsx."),
    b"\x1f\x8b": _PACKED,
    b"\xd0\xcf\x11\xe0": _SHEET,
    b"PAR1": ("Parquet by another name", "Rename it to end in .parquet."),
    **dict.fromkeys((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF"), _PICTURE),
}


@dataclass(frozen=True)
class Source:
    """What was named, opened once; its files are read when they are asked for.

    Parameters
    ----------
    files
        Bytes by path, among which those of a run may be.
    library
        Bytes by name of the files of a library: one, and its companions.
    title
        A title from its name, ``""`` without one.
    asked
        The file of a run that was asked for by name, ``""`` for the whole run.
    """

    files: Mapping[str, bytes]
    library: Mapping[str, bytes]
    title: str
    asked: str = ""

    def run(self, name: str | None) -> PuzzletronRun | None:
        """The Puzzletron run that it is, if it is one."""
        return open_files(self.files, name or self.title or "Puzzletron run", self.asked)

    @property
    def library_file(self) -> str:
        """Name of the one file of a library."""
        if isinstance(self.files, Archive) and not self.files:
            Location(self.files.name).fail(
                "0 library files in the archive.",
                "Pack the library's files themselves, not in a further archive.",
            )
        found = [name for name in self.library if PurePath(name).name not in SIDECARS]
        if len(found) != 1:
            raise LibraryError(
                f"{', '.join(self.library) or 'no files'}: {len(found)} library files where one is "
                f"needed. Give one, with {' and '.join(SIDECARS)} if you have them."
            )
        return found[0]

    def read_library(self) -> dict[str, bytes]:
        """Read all files of the library, each within the size limit."""
        found = dict(self.library)
        for name, content in found.items():
            check_bytes(len(content), Location(name), fix="split it")
        return found


def find_library(source: str | os.PathLike[str]) -> Path | Dataset:
    """Find a library by its path or its name; an existing path wins over a name."""
    if not isinstance(source, str | os.PathLike):
        refuse_source(source)
    path = _existing(source)
    if path is not None:
        return path
    datasets = {dataset.name: dataset for dataset in list_datasets()}
    if str(source) in datasets:
        return datasets[str(source)]
    raise LibraryError(
        f"{str(source)!r}: no such file, folder or dataset. Datasets are: {', '.join(datasets)}."
    )


def refuse_source(source: object) -> NoReturn:
    """Refuse what is neither a path nor a name."""
    raise LibraryError(
        f"A {type(source).__name__} cannot be opened. Give a folder, a file, the name of a "
        "dataset, or a DataFrame; pass bytes to load_files."
    )


def _existing(source: str | os.PathLike[str]) -> Path | None:
    try:
        path = Path(source).expanduser()
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):  # no text for a path, or "~nobody"
        return None


def source_at(path: Path) -> Source:
    """Open what is at a path: a folder, an archive or a file."""
    if path.is_dir():
        return Source(_run_folder(path), _files_of(path / LIBRARY_FILE), path.resolve().name)
    if is_archive(path.name):
        return _source_of_archive(path.name, read_bytes(path))
    library = _files_of(path)
    if path.name in RUN_FILES:
        folder = path.resolve().parent
        return Source(_run_folder(path.parent), library, folder.name, path.name)
    return Source(library, library, path.stem)


def source_of(files: Mapping[str, bytes]) -> Source:
    """Open bytes in hand: files by path, or one archive."""
    names = list(files)
    if len(names) != 1:
        return Source(files, files, _folder_of(names))
    if is_archive(names[0]):
        return _source_of_archive(names[0], files[names[0]])
    return Source(files, files, archive_stem(names[0]))


def _source_of_archive(name: str, content: bytes) -> Source:
    archive = Archive(content, name)
    return Source(archive, _library_folder(archive), archive_stem(name))


def _library_folder(files: Archive) -> LazyFiles:
    """Files of an archive's folder that has a library, by their bare names."""
    paths = {path: PurePosixPath(path) for path in files}
    tops = [pure for pure in paths.values() if pure.name == LIBRARY_FILE] or list(paths.values())
    top = min(tops, key=lambda pure: len(pure.parts), default=PurePosixPath("x")).parent
    return LazyFiles(
        {
            pure.name: partial(files.__getitem__, path)
            for path, pure in paths.items()
            if pure.parent == top
        }
    )


def _folder_of(paths: list[str]) -> str:
    """Name of the folder that all files of an upload are in, ``""`` without one."""
    tops = {PurePosixPath(path).parts[0] for path in paths if len(PurePosixPath(path).parts) > 1}
    return tops.pop() if len(tops) == 1 else ""


def _files_of(library: Path) -> LazyFiles:
    """A library's file, and its companions in the published form."""
    names = SIDECARS if library.name == LIBRARY_FILE else ()
    found = [path for name in names if (path := library.with_name(name)).exists()]
    return _on_disk({path.name: path for path in (library, *found)})


def _on_disk(paths: Mapping[str, Path]) -> LazyFiles:
    return LazyFiles({name: partial(read_bytes, path) for name, path in paths.items()})


def _run_folder(path: Path) -> LazyFiles:
    """JSON and CSV files below a folder; for that of one search, some above it too.

    Folders of weights and logs, hidden ones and those that are links are ignored; of the
    checkpoints only the parent's config is read. What a search's folder lacks is the costs and the
    parent's config.
    """
    paths = _above_search(path) if (path / RECORDS).is_file() else {}
    for found in _texts(path, path, _DEPTH):
        paths[found.relative_to(path).as_posix()] = found
        if len(paths) > MAX_FILES:
            Location(path.name).fail(
                f"more than {MAX_FILES:,} files.", "Give the folder of one run."
            )
    return _on_disk(paths)


def _above_search(path: Path) -> dict[str, Path]:
    for above in list(path.resolve().parents)[:_ABOVE]:
        wanted = {name: above / name for name in (STATS, *TEACHER_CONFIGS)}
        found = {name: file for name, file in wanted.items() if file.is_file()}
        if found:
            return found
    return {}


def read_bytes(path: Path) -> bytes:
    """Read one file within the size limit."""
    place = Location(path.name)
    try:
        check_bytes(path.stat().st_size, place, fix="split it")
        if not path.is_file():
            place.fail("not a regular file.", "Give a JSON file, a table, or a library's folder.")
        return path.read_bytes()
    except FileNotFoundError:
        place.fail(f"missing in the folder {path.parent.name!r}.", "Give a block library's folder.")
    except OSError as error:
        place.fail(f"cannot be read ({error.strerror}).", "Give a file that can be read.")


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


def check_ending(file: str) -> None:
    """Refuse a file by its name."""
    name, suffix = file.lower(), PurePath(file).suffix.lower()
    if not suffix or name.endswith(READ):
        return
    what, fix = _WORDS.get(suffix, (f"{short_repr(suffix)} is not an ending that is read", ""))
    _refuse(file, what, fix)


def check_beginning(content: bytes, file: str) -> None:
    """Refuse what is not a text in spite of its name."""
    for start, (what, fix) in _BEGINNINGS.items():
        if content.startswith(start):
            _refuse(file, what, fix)


def _refuse(file: str, what: str, fix: str) -> None:
    Location(file).fail(f"{what}.", f"{fix} Files that are read end in {', '.join(READ)}.".strip())
