"""From what a person names to files: a path or a dataset, and what of it is read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import MAX_FILE_BYTES, Location, short_repr
from puzzle_widgets.library.datasets import Dataset, list_datasets
from puzzle_widgets.library.puzzletron.layout import (
    RECORDS,
    STATS,
    TEACHER_CONFIGS,
    TEACHER_FOLDERS,
)


def find_library(source: str | os.PathLike[str]) -> Path | Dataset:
    """Find a library by its path or its name; a path that is there goes before a name.

    Raises
    ------
    LibraryError
        With the names there are.
    """
    if not isinstance(source, str | os.PathLike):
        raise LibraryError(
            f"A {type(source).__name__} cannot be opened. Give a folder, a file, the name of a "
            "dataset, or a DataFrame; bytes in hand go to load_files."
        )
    path = _existing(source)
    if path is not None:
        return path
    datasets = {dataset.name: dataset for dataset in list_datasets()}
    if str(source) in datasets:
        return datasets[str(source)]
    raise LibraryError(
        f"{str(source)!r}: no such file, folder or dataset. Datasets are: {', '.join(datasets)}."
    )


def _existing(source: str | os.PathLike[str]) -> Path | None:
    try:
        path = Path(source).expanduser()
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):  # no text for a path, or "~nobody"
        return None


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


READ = (".json", ".csv", ".tsv", ".xlsx", ".parquet", ".zip", ".tar.gz", ".tgz")
_SHEET = ("a workbook of a kind that is not read", "Save it as .xlsx ('Excel Workbook') or CSV.")
_PACKED = ("packed in a way that is not read", "Unpack it, or pack it as .zip or .tar.gz.")
_PICTURE = ("a picture or a document, and no block library", "Give the figures, as CSV or .xlsx.")
_WEIGHTS = (
    "weights or pickled objects, which are never opened",
    "Give the figures as CSV or JSON.",
)
_TEXT = ("text of a kind that is not read", "If cells are parted by commas or tabs, name it .csv.")
_LINES = (
    "lines of JSON, which are not read as they are",
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
    **dict.fromkeys((".pq", ".parq"), ("Parquet by another name", "End the name in .parquet.")),
}
_BEGINNINGS = {
    b"PK\x03\x04": ("a zip archive or a workbook", "End the name in .zip or .xlsx."),
    b"\x1f\x8b": _PACKED,
    b"\xd0\xcf\x11\xe0": _SHEET,
    b"PAR1": ("Parquet by another name", "End the name in .parquet."),
    **dict.fromkeys((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF"), _PICTURE),
}


def check_ending(file: str) -> None:
    """Refuse a file by its name.

    Raises
    ------
    LibraryError
        If files that end so are not opened.
    """
    name, suffix = file.lower(), PurePath(file).suffix.lower()
    if not suffix or name.endswith(READ):
        return
    what, fix = _WORDS.get(suffix, (f"{short_repr(suffix)} is not an ending that is read", ""))
    _refuse(file, what, fix)


def check_beginning(content: bytes, file: str) -> None:
    """Refuse what is not a text in spite of its name.

    Raises
    ------
    LibraryError
        If its first bytes are those of another kind of file.
    """
    for start, (what, fix) in _BEGINNINGS.items():
        if content.startswith(start):
            _refuse(file, what, fix)


def _refuse(file: str, what: str, fix: str) -> None:
    Location(file).fail(f"{what}.", f"{fix} Files that are read end in {', '.join(READ)}.".strip())
