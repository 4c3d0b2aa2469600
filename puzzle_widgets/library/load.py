"""Open a block library: a folder, a file, uploaded bytes, a table, or one by its name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import pandas as pd

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.archive import Archive, archive_stem, is_archive
from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import MAX_FILE_BYTES, Location, mapping, parse_json
from puzzle_widgets.library.datasets import (
    Dataset,
    Progress,
    ask_for,
    cache_folder,
    find_dataset,
    has_agreed,
    read_files,
    remember,
)
from puzzle_widgets.library.json_forms import (
    FORMAT,
    LIBRARY_FILE,
    MEASUREMENT_FILE,
    PARENT_FILE,
    read_native,
    read_published,
)
from puzzle_widgets.library.model import BlockLibrary, Measurement, Provenance
from puzzle_widgets.library.order import in_order
from puzzle_widgets.library.puzzletron import PuzzletronRun, Wanted, open_files
from puzzle_widgets.library.puzzletron.layout import RECORDS, RUN_FILES
from puzzle_widgets.library.puzzletron.records import is_records
from puzzle_widgets.library.source import (
    check_beginning,
    check_ending,
    find_library,
    read_bytes,
    run_folder,
    too_large,
)
from puzzle_widgets.library.tables import Marks, TableRun, is_table, open_frame, open_table
from puzzle_widgets.resources import data_folder

_SIDECARS = (MEASUREMENT_FILE, PARENT_FILE)
_NO_WORKLOADS = "no workloads here."
_WHAT_HAS = "Only a Puzzletron run has them, or a table with rows for several batch sizes."
Source = str | os.PathLike[str] | pd.DataFrame
Run = PuzzletronRun | TableRun


@dataclass(frozen=True)
class _Asked:
    """What the caller says beside the files."""

    name: str | None = None
    measurement: Measurement | None = None
    workload: Wanted = None
    allow_gaps: bool = False
    marks: Marks = field(default_factory=Marks)

    def refuse_workload(self, file: str) -> None:
        if self.workload is not None:
            Location(file).fail(_NO_WORKLOADS, _WHAT_HAS)


def load_library(
    source: Source,
    *,
    name: str | None = None,
    measurement: Measurement | None = None,
    workload: Wanted = None,
    allow_gaps: bool = False,
    decimal: str | None = None,
    thousands: str | None = None,
) -> BlockLibrary:
    """Open a block library.

    Parameters
    ----------
    source
        A directory in the published three-file form; the directory of one Puzzletron run, or one
        of its searches; an archive of either, zip or tar.gz; one file, JSON, CSV, Parquet or xlsx,
        which is the one read (records of a search, say, though the run's own files lie beside it);
        a tidy DataFrame (see :func:`puzzle_widgets.to_frame`); or a name of
        :func:`list_datasets`.
    name
        Title for people; by default what the file says, else the folder's or file's name.
    measurement
        Batch size, sequence length, GPU and dtype, for input that does not say them; without
        the first two there is no throughput.
    workload
        For a Puzzletron run with costs for several, or a table with rows for several batch sizes:
        the name of one, as :func:`open_run` lists them, or arguments that only one has, such as
        ``{"batch_size": 96}``; by default that of a run which was searched, else its first with
        runtimes, and the first of a table.
    allow_gaps
        Whether numbered layers may be missing. Layers that carry numbers stand in their order,
        whatever the file's; where numbers are missing the library is refused unless this is said.
    decimal, thousands
        Marks of figures that are text, as for :func:`pandas.read_csv`: ``","`` and ``"."`` for
        1.416,5. By default the table's own figures tell them; what can be read in two ways, as
        1.416 alone can, is refused.

    Raises
    ------
    LibraryError
        Naming file, layer, variant, field and the fix.
    DatasetError
        If the name is that of a dataset whose license is not agreed to yet, which
        :func:`load_dataset` does, or which cannot be fetched.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> library
    BlockLibrary('Llama-3.3-70B (modeled)': 80 layers, 4320 variants, 13 scores and costs)
    >>> library.layer(0).parent_variant.label
    '8 KV heads, FFN width 28,672'
    """
    asked = _Asked(name, measurement, workload, allow_gaps, Marks(decimal, thousands))
    if isinstance(source, pd.DataFrame):
        return _frame_table(source, asked).library(workload, measurement)
    path = find_library(source)
    if isinstance(path, Dataset):
        asked.refuse_workload(path.name)
        return _with_words(load_dataset(path.name), name, measurement)
    run = _run_at(path, name)
    if run is not None:
        return run.library(workload, measurement)
    return _read(*_files_at(path), asked)


def open_run(
    source: str | os.PathLike[str] | Mapping[str, bytes],
    *,
    name: str | None = None,
    allow_gaps: bool = False,
    decimal: str | None = None,
    thousands: str | None = None,
) -> Run | None:
    """Open what has workloads, to choose among them.

    Parameters
    ----------
    source
        The directory of a Puzzletron run, that of one of its searches, an archive, a table with
        rows for several batch sizes, or bytes by path.
    name
        Title for people; by default the folder's or file's name.
    allow_gaps, decimal, thousands
        As for :func:`load_library`.

    Returns
    -------
    PuzzletronRun, TableRun or None
        ``None`` where the source is neither.

    Raises
    ------
    LibraryError
        Where a part is missing that is needed, or the source cannot be read.

    Examples
    --------
    >>> from dataclasses import replace
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> layers = tuple(replace(layer, variants=layer.variants[:4]) for layer in library.layers)
    >>> config = {"model_type": "llama", "num_hidden_layers": 80, "hidden_size": 8192}
    >>> config |= {"num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 28672}
    >>> small = replace(library, layers=layers)
    >>> folder = pw.export.write_puzzletron(small, "run", parent_config=config)
    >>> run = pw.open_run(folder)
    >>> [dict(workload.args)["batch_size"] for workload in run.workloads]
    [256]
    >>> run.library(run.workloads[0].name)
    BlockLibrary('run': 80 layers, 320 variants, 19 scores and costs)
    >>> reports = pw.read_reports(run, run.library())  # solutions and measurements that it holds
    >>> len(reports.scenarios)
    0
    """
    run = _run_in(source, name)
    if run is not None:
        return run
    asked = _Asked(name, allow_gaps=allow_gaps, marks=Marks(decimal, thousands))
    table = _table_in(source, asked)
    return table if table is not None and table.workloads else None


def open_source(
    source: Source | Mapping[str, bytes],
    *,
    allow_gaps: bool = False,
    decimal: str | None = None,
    thousands: str | None = None,
) -> BlockLibrary | Run:
    """Open what has workloads, to choose among them, or else a library.

    Parameters
    ----------
    source
        As for :func:`load_library`, or bytes by path.
    allow_gaps, decimal, thousands
        As for :func:`load_library`.
    """
    run = None if isinstance(source, pd.DataFrame) else _run_in(source, None)
    if run is not None:
        return run
    table = _table_in(source, _Asked(allow_gaps=allow_gaps, marks=Marks(decimal, thousands)))
    if table is not None:
        return table if table.workloads else table.library()
    if isinstance(source, Mapping):
        return load_files(source, allow_gaps=allow_gaps)
    return load_library(source, allow_gaps=allow_gaps)


def load_dataset(
    name: str, *, agree: bool = False, progress: Progress | None = None
) -> BlockLibrary:
    """Open a dataset; what does not ship with the package is fetched the first time.

    Parameters
    ----------
    name
        One of :func:`list_datasets`.
    agree
        Whether you agree to its license; asked for once, and remembered in the cache folder.
    progress
        Called with (bytes here, bytes in all) during a fetch; whatever it raises ends the fetch.

    Raises
    ------
    DatasetError
        If there is no such dataset, its license is not agreed to, or it cannot be fetched.

    Notes
    -----
    ``PUZZLE_WIDGETS_DATA`` names a folder or the address of a mirror to take the files from,
    ``PUZZLE_WIDGETS_CACHE`` the folder to keep them in. Either way a file counts only with the
    published file's SHA-256.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.load_dataset("stdlib-2m-measured")
    BlockLibrary('stdlib-2m-measured': 8 layers, 432 variants, 18 scores and costs)
    """
    dataset = find_dataset(name)
    if dataset.embedded:
        return load_library(data_folder() / f"{dataset.name}.json")
    folder = cache_folder()
    if not agree and not has_agreed(dataset, folder):
        raise ask_for(dataset)
    if agree:
        remember(dataset, folder)
    library = load_files(read_files(dataset, progress), name=dataset.title)
    note = f"{dataset.license.name}. {dataset.license.summary}"
    return replace(library, provenance=Provenance(dataset.origin, dataset.source, note))


def load_files(
    files: Mapping[str, bytes],
    *,
    name: str | None = None,
    measurement: Measurement | None = None,
    workload: Wanted = None,
    allow_gaps: bool = False,
    decimal: str | None = None,
    thousands: str | None = None,
) -> BlockLibrary:
    """Open a library from bytes in hand, such as uploaded files.

    Parameters
    ----------
    files
        Bytes by file name: one library file, with ``measurement_info.json`` and
        ``parent_block_stats.json`` beside it where there are any; the files of a Puzzletron run;
        or one archive, zip or tar.gz.
    name, measurement, workload, allow_gaps, decimal, thousands
        As for :func:`load_library`.

    Examples
    --------
    >>> from pathlib import Path
    >>> import puzzle_widgets as pw
    >>> pw.write_library(pw.random_library(2, 3), "mine.json")
    >>> pw.load_files({"mine.json": Path("mine.json").read_bytes()})
    BlockLibrary('Random 2 x 3 (seed 0)': 2 layers, 6 variants, 3 scores and costs)
    """
    unpacked = _unpacked(files)
    run = open_files(unpacked, name or _title(files))
    if run is not None:
        return run.library(workload, measurement)
    asked = _Asked(name, measurement, workload, allow_gaps, Marks(decimal, thousands))
    return _read(*_files_in(files, unpacked), asked)


def _run_in(
    source: str | os.PathLike[str] | Mapping[str, bytes], name: str | None
) -> PuzzletronRun | None:
    if isinstance(source, Mapping):
        return open_files(_unpacked(source), name or _title(source))
    path = find_library(source)
    return None if isinstance(path, Dataset) else _run_at(path, name)


def _table_in(source: Source | Mapping[str, bytes], asked: _Asked) -> TableRun | None:
    """The table that a source is, if it is one."""
    if isinstance(source, pd.DataFrame):
        return _frame_table(source, asked)
    if isinstance(source, Mapping):
        files, title = _files_in(source, _unpacked(source))
    else:
        path = find_library(source)
        if isinstance(path, Dataset) or not (is_table(path.name) or is_archive(path.name)):
            return None
        files, title = _files_at(path)
    file = _library_file(files)
    return _table(files, file, title, asked) if is_table(file) else None


def _files_at(path: Path) -> tuple[Mapping[str, bytes], str]:
    """The files of a library on disk, and its title."""
    if path.is_file():
        check_ending(path.name)
    if is_archive(path.name):
        packed = {path.name: read_bytes(path)}
        return _files_in(packed, _unpacked(packed))
    library_file = path / LIBRARY_FILE if path.is_dir() else path
    files = {library_file.name: read_bytes(library_file)}
    if library_file.name == LIBRARY_FILE:
        files |= _sidecars_of(library_file.parent)
    return files, path.name if path.is_dir() else path.stem


def _files_in(
    files: Mapping[str, bytes], unpacked: Mapping[str, bytes]
) -> tuple[Mapping[str, bytes], str]:
    """The files of a library in hand, unpacked, and its title, ``""`` where none is told."""
    if unpacked is files:
        return files, ""
    if not unpacked:
        Location(next(iter(files))).fail(
            "0 library files in the archive.",
            "Pack the library's files themselves, not in a further archive.",
        )
    return _library_folder(unpacked), _title(files)


def _run_at(path: Path, name: str | None) -> PuzzletronRun | None:
    title = name or path.resolve().name
    if path.is_dir():
        return open_files(run_folder(path), title)
    if path.name in RUN_FILES:
        title = name or path.resolve().parent.name
        return open_files(run_folder(path.parent), title, path.name)
    if is_archive(path.name):
        archive = Archive(read_bytes(path), path.name)
        return open_files(archive, name or archive_stem(path.name))
    return None


def _unpacked(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The files in an archive that comes alone; other files as they are."""
    if len(files) == 1 and is_archive(next(iter(files))):
        ((file, content),) = files.items()
        return Archive(content, file)
    return files


def _library_folder(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files of an archive's folder that has a library, by their bare names."""
    paths = {path: PurePosixPath(path) for path in files}
    tops = [pure for pure in paths.values() if pure.name == LIBRARY_FILE] or list(paths.values())
    top = min(tops, key=lambda pure: len(pure.parts), default=PurePosixPath("x")).parent
    return {pure.name: files[path] for path, pure in paths.items() if pure.parent == top}


def _title(files: Mapping[str, bytes]) -> str:
    """Name of an upload: its only file's, or that of the folder that all its files are in."""
    names = list(files)
    if len(names) == 1:
        return archive_stem(names[0])
    tops = {PurePosixPath(name).parts[0] for name in names if len(PurePosixPath(name).parts) > 1}
    return tops.pop() if len(tops) == 1 else "Puzzletron run"


def _read(files: Mapping[str, bytes], title: str, asked: _Asked) -> BlockLibrary:
    """Read files; ``title`` is the name where neither the caller nor the file gives one."""
    file = _library_file(files)
    check_ending(file)
    _check_sizes(files)
    if is_table(file):
        return _table(files, file, title, asked).library(asked.workload, asked.measurement)
    asked.refuse_workload(file)
    check_beginning(files[file], file)
    return in_order(_read_json(files, file, title, asked), file, allow_gaps=asked.allow_gaps)


def _table(files: Mapping[str, bytes], file: str, title: str, asked: _Asked) -> TableRun:
    _check_sizes(files)
    facts = _facts(asked.name or title or Path(file).stem, asked.measurement)
    table = open_table(files[file], file, facts, asked.marks)
    return replace(table, name=asked.name, allow_gaps=asked.allow_gaps)


def _frame_table(frame: pd.DataFrame, asked: _Asked) -> TableRun:
    facts = _facts(asked.name or "DataFrame", asked.measurement)
    table = open_frame(frame, "DataFrame", facts, asked.marks)
    return replace(table, name=asked.name, allow_gaps=asked.allow_gaps)


def _read_json(files: Mapping[str, bytes], file: str, title: str, asked: _Asked) -> BlockLibrary:
    facts = _facts(asked.name or title or Path(file).stem, asked.measurement)
    sidecars = {Path(other).name: content for other, content in files.items() if other != file}
    place = Location(file)
    content = mapping(parse_json(files[file], place), place, "the file")
    if is_records(content):
        run = open_files({RECORDS: files[file], **sidecars}, facts.name)
        if run is not None:
            return run.library(None, asked.measurement)
    if content.get("format") == FORMAT:
        return _with_words(read_native(content, file), asked.name, asked.measurement)
    return read_published(content, file, sidecars, facts)


def _with_words(
    library: BlockLibrary, name: str | None, measurement: Measurement | None
) -> BlockLibrary:
    """What the caller says goes before what the file says."""
    return replace(
        library, name=name or library.name, measurement=measurement or library.measurement
    )


def _facts(name: str, measurement: Measurement | None) -> Facts:
    return Facts(name, measurement or Measurement())


def _sidecars_of(folder: Path) -> dict[str, bytes]:
    return {name: read_bytes(folder / name) for name in _SIDECARS if (folder / name).exists()}


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
            too_large(Location(file), len(content))
