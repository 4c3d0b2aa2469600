"""Tables that were understood, and the libraries that they say, in one workload or in several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePath
from typing import Any

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.assemble import Facts, RawLayer, RawVariant, assemble
from puzzle_widgets.library.checks import Location, short_repr, some_of
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary, LayerName, Measurement
from puzzle_widgets.library.order import in_order
from puzzle_widgets.library.puzzletron.stats import Workload, choose, name_workloads
from puzzle_widgets.library.source import check_beginning
from puzzle_widgets.library.tables.cells import (
    Marks,
    NumberStyle,
    is_blank,
)
from puzzle_widgets.library.tables.csv_text import read_csv
from puzzle_widgets.library.tables.frame import facts_of_frame, read_parquet, sheet_of_frame
from puzzle_widgets.library.tables.headings import FACTS, NON_BLOCK_NAMES, WORKLOAD
from puzzle_widgets.library.tables.rows import RowReader, facts_of, read_count, style_of
from puzzle_widgets.library.tables.sheet import Columns, Sheet, check_size, find_columns
from puzzle_widgets.library.tables.xlsx import read_xlsx

Wanted = Any
_COUNTED = ("batch_size", "sequence_length")
_SHEETS = {".csv": read_csv, ".tsv": read_csv, ".xlsx": read_xlsx}
_PARQUET = ".parquet"


@dataclass(frozen=True)
class WorkloadRows:
    """Workloads with the rows of each; none where all rows are of one."""

    workloads: tuple[Workload, ...] = ()
    rows: tuple[tuple[int, ...], ...] = ()


def find_workloads(
    sheet: Sheet, columns: Mapping[str, int], named: Sequence[int], style: NumberStyle | None
) -> WorkloadRows:
    """Find the workloads of a table.

    It has several where a block is in several rows that differ in batch size, sequence
    length, GPU or dtype. ``named`` are the columns of layer and variant.
    """
    differing = {
        name: column
        for name, column in columns.items()
        if len({str(row[column]) for row in sheet.rows if not is_blank(row[column])}) > 1
    }
    if not differing or not _is_long(sheet, named):
        return WorkloadRows()
    found: dict[tuple[object, ...], list[int]] = {}
    shared: list[int] = []
    for row, cells in enumerate(sheet.rows):
        if is_blank(cells[named[1]]) and all(is_blank(cells[at]) for at in differing.values()):
            shared.append(row)  # a blank row, or non-block costs that hold for all
            continue
        said = [_read(sheet, row, name, at, style) for name, at in differing.items()]
        found.setdefault(tuple(said), []).append(row)
    args = [dict(zip(differing, said, strict=True)) for said in found]
    workloads = (
        Workload(name, FrozenMapping(given))
        for name, given in zip(name_workloads(args), args, strict=True)
    )
    rows = (tuple(sorted([*own, *shared])) for own in found.values())
    return WorkloadRows(tuple(workloads), tuple(rows))


def _is_long(sheet: Sheet, named: Sequence[int]) -> bool:
    """Whether any block is in several rows."""
    blocks = [tuple(str(row[at]).strip() for at in named) for row in sheet.rows]
    told = [block for block in blocks if all(block)]
    return len(set(told)) < len(told)


def _read(sheet: Sheet, row: int, name: str, column: int, style: NumberStyle | None) -> object:
    value, place = sheet.rows[row][column], sheet.place(row, column)
    if is_blank(value):
        place.fail(
            f"blank, though the table is of several ({short_repr(name)}).",
            "Name one in every row.",
        )
    if name in _COUNTED:
        return read_count(value, place, style or NumberStyle())
    return str(value).strip()


@dataclass(frozen=True, eq=False)
class TableRun:
    r"""A table that was understood; it opens as a library.

    Rows for several batch sizes, sequence lengths, GPUs or dtypes are workloads, as a
    Puzzletron run may have them.

    Parameters
    ----------
    sheet
        Columns ``layer``, ``variant``, ``parent``, one for each score and cost, and if wanted
        the subblocks and facts of :mod:`puzzle_widgets.library.tables.headings`.
    facts
        What is known of the library otherwise; the table overrides it.
    name
        Title in place of the table's own.
    allow_gaps
        As for :func:`puzzle_widgets.load_library`.

    Raises
    ------
    LibraryError
        Naming file, row, column and the fix.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> head = "layer,variant,parent,batch size,sequence length,metrics.loss,stats.runtime_ms"
    >>> rows = "0,whole,yes,1,100,0,5", "0,whole,yes,8,100,0,20"
    >>> run = pw.open_run({"mine.csv": "\n".join([head, *rows]).encode()})
    >>> [workload.args["batch_size"] for workload in run.workloads]
    [1, 8]
    """

    sheet: Sheet
    facts: Facts
    name: str | None = None
    allow_gaps: bool = False

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """Workloads to choose from; none where all rows are of one."""
        return self._workload_rows.workloads

    def chosen(self, workload: Wanted = None) -> Workload:
        """Find a workload by its name or by some of its arguments; the first by default."""
        return self.workloads[self._place(workload)]

    def library(
        self, workload: Wanted = None, measurement: Measurement | None = None
    ) -> BlockLibrary:
        """Open the library, in one workload.

        Raises
        ------
        LibraryError
            Naming file, row, column and the fix; or the workloads, where none or several fit.
        """
        if not self.workloads:
            if workload is not None:
                Location(self.sheet.file).fail("no workloads here.", "All rows are of one.")
            found = self._read_library(range(len(self.sheet.rows)))
            return self._finished(found, measurement)
        place = self._place(workload)
        found = self._read_library(self._workload_rows.rows[place])
        names = [known.name for known in self.workloads]
        others = ", ".join(name for n, name in enumerate(names) if n != place)
        note = f"Costs are those of {names[place]}; there are also {others}."
        found = replace(found, notes=(note, *self._absent(place), *found.notes))
        return self._finished(found, measurement, f" ({names[place]})")

    def _absent(self, place: int) -> list[str]:
        """Name the blocks that have rows in other workloads only; no layer may."""
        name, file = self.workloads[place].name, Location(self.sheet.file)
        own = self._blocks(self._workload_rows.rows[place])
        gone = [one for one in self._blocks(range(len(self.sheet.rows))) if one not in own]
        layers = {layer for layer, _ in own}
        for layer, _ in gone:
            if layer not in layers:
                file.at(layer=layer).fail(f"no row for {name}.", "Add its rows, or leave it out.")
        if not gone:
            return []
        words = some_of([f"layer {short_repr(layer)} {short_repr(name)}" for layer, name in gone])
        return [f"Without a row for {name}, and left out: {words}."]

    def _blocks(self, rows: Sequence[int]) -> dict[tuple[str, str], None]:
        """Layer and variant of rows, once each, in their order."""
        columns = [self._columns[name][0] for name in ("layer", "variant")]
        named = [[self.sheet.rows[row][at] for at in columns] for row in rows]
        told = [cells for cells in named if not any(is_blank(cell) for cell in cells)]
        blocks = [(str(layer).strip(), str(variant).strip()) for layer, variant in told]
        return {block: None for block in blocks if block[0].casefold() not in NON_BLOCK_NAMES}

    def _place(self, workload: Wanted) -> int:
        return 0 if workload is None else choose(self.workloads, workload, self.sheet.file)

    def _finished(
        self, found: BlockLibrary, measurement: Measurement | None, beside: str = ""
    ) -> BlockLibrary:
        named = replace(
            found,
            name=f"{self.name or found.name}{beside}",
            measurement=measurement or found.measurement,
        )
        return in_order(named, self.sheet.file, allow_gaps=self.allow_gaps)

    @cached_property
    def _found(self) -> tuple[Columns, tuple[str, ...]]:
        check_size(len(self.sheet.rows), len(self.sheet.headings), Location(self.sheet.file))
        return find_columns(self.sheet)

    @property
    def _columns(self) -> Columns:
        return self._found[0]

    @cached_property
    def _style(self) -> NumberStyle | None:
        return style_of(self.sheet, self._columns)

    @cached_property
    def _workload_rows(self) -> WorkloadRows:
        columns = {name: self._columns[name][0] for name in WORKLOAD if name in self._columns}
        named = [self._columns[name][0] for name in ("layer", "variant")]
        return find_workloads(self.sheet, columns, named, self._style)

    def _read_library(self, rows: Sequence[int]) -> BlockLibrary:
        try:
            return self._assembled(rows)
        except LibraryError as error:  # what was ignored may be what is missing
            raise LibraryError(" ".join([str(error), *self.sheet.notes])) from error

    def _assembled(self, rows: Sequence[int]) -> BlockLibrary:
        reader = RowReader(self.sheet, self._columns, self._style, rows)
        facts = replace(self.facts, notes=(*self.sheet.notes, *self._found[1]))
        layers: dict[LayerName, list[RawVariant]] = {}
        for row in reader.rows:
            if self.sheet.reads_text and all(is_blank(cell) for cell in self.sheet.rows[row]):
                continue  # people leave blank rows in sheets
            if reader.is_non_block(row):
                facts = reader.with_non_block_costs(row, facts)
                continue
            name, variant = reader.read(row)
            layers.setdefault(name, []).append(variant)
        found = [RawLayer(name, given, reader.parent(name)) for name, given in layers.items()]
        units = {k: said.unit for k, (_, said) in self._columns.items() if said.unit is not None}
        noted = {name: reader.column(name) for name in FACTS if name in self._columns}
        return assemble(self.sheet.file, found, facts_of(noted, units, facts, self._style))


def is_table(file: str) -> bool:
    """Whether a file is a table, by its ending."""
    return PurePath(file).suffix.lower() in (*_SHEETS, _PARQUET)


def open_table(content: bytes, file: str, facts: Facts, marks: Marks) -> TableRun:
    """Read a table's cells by the ending of its name; its content overrides ``facts``."""
    suffix = PurePath(file).suffix.lower()
    if suffix not in (".xlsx", _PARQUET):
        check_beginning(content, file)
    if suffix == _PARQUET:
        return open_frame(read_parquet(content, file), file, facts, marks)
    return TableRun(_SHEETS[suffix](content, file, marks), facts)


def open_frame(frame: pd.DataFrame, file: str, facts: Facts, marks: Marks) -> TableRun:
    """Take a frame's cells; ``file`` is its name for messages, the rest as for a file."""
    return TableRun(sheet_of_frame(frame, file, marks), facts_of_frame(frame, file, facts))
