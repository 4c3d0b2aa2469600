"""Open a block library: a folder, a file, uploaded bytes, a table, or one by its name."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from puzzle_widgets.deferred import is_frame, pd
from puzzle_widgets.library.agreements import ask_for, has_agreed, remember
from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import Location, mapping, parse_json, short_repr
from puzzle_widgets.library.datasets import (
    Dataset,
    Progress,
    find_dataset,
    list_datasets,
    read_files,
)
from puzzle_widgets.library.json_forms import (
    FORMAT,
    read_native,
    read_published,
)
from puzzle_widgets.library.model import BlockLibrary, Measurement, Provenance
from puzzle_widgets.library.order import in_order
from puzzle_widgets.library.puzzletron import PuzzletronRun, Wanted, open_files
from puzzle_widgets.library.puzzletron.layout import RECORDS
from puzzle_widgets.library.puzzletron.records import is_records
from puzzle_widgets.library.readings import READINGS, read_readings, with_readings
from puzzle_widgets.library.source import (
    Source,
    check_beginning,
    check_ending,
    find_library,
    refuse_source,
    source_at,
    source_of,
)
from puzzle_widgets.library.tables import Marks, TableRun, is_table, open_frame, open_table
from puzzle_widgets.resources import data_folder

_NO_WORKLOADS = "no workloads here."
_WHAT_HAS = "Only a Puzzletron run has them, or a table with rows for several batch sizes."
Place = str | os.PathLike[str] | Mapping[str, bytes]
Run = PuzzletronRun | TableRun
Found: TypeAlias = "pd.DataFrame | Dataset | Source"


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

    def facts(self, title: str) -> Facts:
        """What is known of a library where its file does not say it."""
        return Facts(self.name or title, self.measurement or Measurement())

    def told(self, table: TableRun) -> TableRun:
        """A table, with what the caller says of it."""
        return replace(table, name=self.name, allow_gaps=self.allow_gaps)


def load_library(
    source: str | os.PathLike[str] | pd.DataFrame,
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
        which is the one read (records of a search, say, though the run's own files are next to it);
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
        Whether numbered layers may be missing. Numbered layers are put in order;
        where numbers are missing the library is refused unless this is set.
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
    BlockLibrary('Llama-3.3-70B (modeled)': 80 layers, 4320 variants, 20 scores and costs)
    >>> library.layer(0).parent_variant.label
    '8 KV heads, FFN width 28,672'
    """
    if isinstance(source, Mapping):
        refuse_source(source)
    asked = _Asked(name, measurement, workload, allow_gaps, Marks(decimal, thousands))
    return _library(_resolve(source), asked)


def open_run(
    source: Place,
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
    asked = _Asked(name, allow_gaps=allow_gaps, marks=Marks(decimal, thousands))
    found = _resolve(source)
    run = _run_in(found, asked) if isinstance(found, Source) else None
    return None if isinstance(run, TableRun) and not run.workloads else run


def open_source(
    source: Place | pd.DataFrame,
    *,
    allow_gaps: bool = False,
    decimal: str | None = None,
    thousands: str | None = None,
) -> BlockLibrary | Run:
    """Open what has workloads, or else a library; arguments are those of :func:`load_library`."""
    opened = _open(_resolve(source), _Asked(allow_gaps=allow_gaps, marks=Marks(decimal, thousands)))
    if isinstance(opened, TableRun) and not opened.workloads:
        return opened.library()
    return opened


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
    if not agree and not has_agreed(dataset):
        raise ask_for(dataset)
    if agree:
        remember(dataset)
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
    asked = _Asked(name, measurement, workload, allow_gaps, Marks(decimal, thousands))
    return _library(source_of(files), asked)


def _resolve(source: Place | pd.DataFrame) -> Found:
    """One way from what is named to what is there, whoever asks."""
    if is_frame(source):
        return source
    if isinstance(source, Mapping):
        return source_of(source)
    found = find_library(source)
    return found if isinstance(found, Dataset) else source_at(found)


def _open(found: Found, asked: _Asked) -> BlockLibrary | Run:
    """Open a run or a table where it is one, else the library."""
    if isinstance(found, Dataset):
        asked.refuse_workload(found.name)
        return _with_words(load_dataset(found.name), asked.name, asked.measurement)
    if is_frame(found):
        return asked.told(open_frame(found, "DataFrame", asked.facts("DataFrame"), asked.marks))
    return _run_in(found, asked) or _read_json(found, asked)


def _library(found: Found, asked: _Asked) -> BlockLibrary:
    opened = _open(found, asked)
    if isinstance(opened, BlockLibrary):
        return opened
    return opened.library(asked.workload, asked.measurement)


def _run_in(found: Source, asked: _Asked) -> Run | None:
    """The run or the table that it is, if it is one."""
    run = found.run(asked.name)
    if run is not None or not is_table(file := found.library_file):
        return run
    facts = asked.facts(found.title or Path(file).stem)
    return asked.told(open_table(found.read_library()[file], file, facts, asked.marks))


def _read_json(source: Source, asked: _Asked) -> BlockLibrary:
    """Read what is no table: a library in either JSON form, or the records of a search."""
    file = source.library_file
    check_ending(file)
    files = source.read_library()
    asked.refuse_workload(file)
    check_beginning(files[file], file)
    library = _of_json(files, file, asked.facts(source.title or Path(file).stem), asked)
    return in_order(library, file, allow_gaps=asked.allow_gaps)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python not look for garbage meanwhile: what is read is many objects, all of them kept."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_uncollected()
def _of_json(files: Mapping[str, bytes], file: str, facts: Facts, asked: _Asked) -> BlockLibrary:
    sidecars = {Path(other).name: content for other, content in files.items() if other != file}
    place = Location(file)
    content = mapping(parse_json(files[file], place), place, "the file")
    if is_records(content):
        run = open_files({RECORDS: files[file], **sidecars}, facts.name)
        if run is not None:
            return run.library(None, asked.measurement)
    if content.get("format") == READINGS:
        return _with_words(_of_readings(content, file), asked.name, asked.measurement)
    if content.get("format") == FORMAT:
        return _with_words(read_native(content, file), asked.name, asked.measurement)
    return read_published(content, file, sidecars, facts)


def _of_readings(content: Mapping[str, object], file: str) -> BlockLibrary:
    """Make a library of runtimes and of the modeled one that they name, and of no other."""
    found = read_readings(content, file)
    modeled = [one.name for one in list_datasets() if one.embedded and one.origin == "modeled"]
    if found.base not in modeled:
        fix = f"One of {', '.join(modeled)} is needed."
        Location(file, field="library").fail(f"{short_repr(found.base)} has no scores for it.", fix)
    return with_readings(load_dataset(found.base), found, file)


def _with_words(
    library: BlockLibrary, name: str | None, measurement: Measurement | None
) -> BlockLibrary:
    """The caller's facts override the file's."""
    return replace(
        library, name=name or library.name, measurement=measurement or library.measurement
    )
