"""Open a block library: a folder, a file, uploaded bytes, a table, or an embedded one by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import MAX_FILE_BYTES, Place, mapping, parse_json
from puzzle_widgets.library.model import BlockLibrary, Measurement
from puzzle_widgets.library.native import FORMAT, read_native
from puzzle_widgets.library.published import (
    LIBRARY_FILE,
    MEASUREMENT_FILE,
    PARENT_FILE,
    read_published,
)
from puzzle_widgets.library.tables import read_csv, read_frame, read_parquet, read_xlsx
from puzzle_widgets.resources import data_folder

_SIDECARS = (MEASUREMENT_FILE, PARENT_FILE)
_TABLES = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".xlsx": read_xlsx,
    ".parquet": read_parquet,
}


def load_library(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    name: str | None = None,
    measurement: Measurement | None = None,
) -> BlockLibrary:
    """Open a block library.

    Parameters
    ----------
    source
        A directory in the published three-file form; one file, JSON, CSV, Parquet or xlsx; a
        tidy DataFrame (see :func:`puzzle_widgets.to_frame`); or the name of an embedded library
        (``embedded_libraries()``).
    name
        Title for people; by default what the file says, else the folder's or file's name.
    measurement
        Batch size, sequence length, GPU and dtype, for input that does not say them; without
        the first two there is no throughput.

    Raises
    ------
    LibraryError
        Naming file, layer, variant, field and the mend.
    """
    if isinstance(source, pd.DataFrame):
        found = read_frame(source, "DataFrame", _facts(name or "DataFrame", measurement))
        return _with_words(found, name, measurement)
    path = _find(source)
    library_file = path / LIBRARY_FILE if path.is_dir() else path
    files = {library_file.name: _read_bytes(library_file)}
    if library_file.name == LIBRARY_FILE:
        files |= _sidecars_of(library_file.parent)
    title = path.name if path.is_dir() else path.stem
    return _read(files, name, title, measurement)


def load_files(
    files: Mapping[str, bytes], *, name: str | None = None, measurement: Measurement | None = None
) -> BlockLibrary:
    """Open a library from bytes in hand, such as uploaded files.

    Parameters
    ----------
    files
        Bytes by file name: one library file, with ``measurement_info.json`` and
        ``parent_block_stats.json`` beside it where there are any.
    name, measurement
        As for :func:`load_library`.
    """
    return _read(files, name, None, measurement)


def _read(
    files: Mapping[str, bytes],
    name: str | None,
    title: str | None,
    measurement: Measurement | None,
) -> BlockLibrary:
    """Read files; ``title`` is the name where neither the caller nor the file gives one."""
    file = _library_file(files)
    _check_sizes(files)
    facts = _facts(name or title or Path(file).stem, measurement)
    sidecars = {Path(other).name: content for other, content in files.items() if other != file}
    read_table = _TABLES.get(Path(file).suffix.lower())
    if read_table is not None:
        return _with_words(read_table(files[file], file, facts), name, measurement)
    place = Place(file)
    content = mapping(parse_json(files[file], place), place, "the file")
    if content.get("format") == FORMAT:
        return _with_words(read_native(content, file), name, measurement)
    return read_published(content, file, sidecars, facts)


def _with_words(
    library: BlockLibrary, name: str | None, measurement: Measurement | None
) -> BlockLibrary:
    """What the caller says goes before what the file says."""
    return replace(
        library, name=name or library.name, measurement=measurement or library.measurement
    )


def embedded_libraries() -> tuple[str, ...]:
    """Names of the libraries that ship with the package."""
    return tuple(sorted(path.stem for path in data_folder().glob("*.json")))


def _facts(name: str, measurement: Measurement | None) -> Facts:
    return Facts(name, measurement or Measurement())


def _find(source: str | os.PathLike[str]) -> Path:
    try:
        path = Path(source).expanduser()
        if path.exists():
            return path
    except (OSError, ValueError, RuntimeError):  # no text for a path, or "~nobody"
        pass
    if str(source) in embedded_libraries():
        return data_folder() / f"{source}.json"
    raise LibraryError(
        f"{str(source)!r}: no such file, folder or embedded library. "
        f"Embedded are: {', '.join(embedded_libraries()) or 'none'}."
    )


def _read_bytes(path: Path) -> bytes:
    place = Place(path.name)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            _too_large(place, path.stat().st_size)
        if not path.is_file():
            place.fail("no ordinary file.", "Give a JSON file, a table, or a library's folder.")
        return path.read_bytes()
    except FileNotFoundError:
        place.fail(f"missing in the folder {path.parent.name!r}.", "Give a block library's folder.")
    except OSError as error:
        place.fail(f"cannot be read ({error.strerror}).", "Give a file that can be read.")


def _sidecars_of(folder: Path) -> dict[str, bytes]:
    return {name: _read_bytes(folder / name) for name in _SIDECARS if (folder / name).exists()}


def _library_file(files: Mapping[str, bytes]) -> str:
    candidates = [name for name in files if Path(name).name not in _SIDECARS]
    if len(candidates) != 1:
        raise LibraryError(
            f"{', '.join(files) or 'no files'}: {len(candidates)} library files where one is "
            f"needed. Give one, with {' and '.join(_SIDECARS)} if you have them."
        )
    return candidates[0]


def _check_sizes(files: Mapping[str, bytes]) -> None:
    for file, content in files.items():
        if len(content) > MAX_FILE_BYTES:
            _too_large(Place(file), len(content))


def _too_large(place: Place, size: int) -> None:
    place.fail(
        f"{size / 2**20:,.1f} MiB.", f"At most {MAX_FILE_BYTES // 2**20} MiB are read; split it."
    )
