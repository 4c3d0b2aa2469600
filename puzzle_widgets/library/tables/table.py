"""Tables: rows of variants, and the libraries that they make, in one workload or in several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import PurePath
from typing import Any, TypeVar, get_args

import numpy as np

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.assemble import Facts, RawLayer, RawVariant, assemble
from puzzle_widgets.library.checks import (
    MAX_NUMBER,
    Location,
    long_text,
    optional_count,
    parse_json,
    short_repr,
    some_of,
    text,
)
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.json_forms import read_paths
from puzzle_widgets.library.model import (
    PARTS,
    BlockLibrary,
    LayerName,
    Measurement,
    Origin,
    Provenance,
    SubBlock,
)
from puzzle_widgets.library.order import in_order
from puzzle_widgets.library.puzzletron.stats import Workload, choose, name_workloads
from puzzle_widgets.library.source import check_beginning
from puzzle_widgets.library.tables.cells import (
    BLOCK,
    FACTS,
    GROUPS,
    NON_BLOCK,
    NON_BLOCK_NAMES,
    WORKLOAD,
    Marks,
    NumberStyle,
    find_style,
    is_blank,
    read_figure,
    read_layer,
    read_name,
    read_subblock,
    read_truth,
)
from puzzle_widgets.library.tables.frame import facts_of_frame, read_parquet, sheet_of_frame
from puzzle_widgets.library.tables.sheet import Columns, Sheet, check_size, find_columns, read_csv
from puzzle_widgets.library.tables.xlsx import read_xlsx

Wanted = Any
_COUNTED = ("batch_size", "sequence_length")
_SHEETS = {".csv": read_csv, ".tsv": read_csv, ".xlsx": read_xlsx}
_PARQUET = ".parquet"
Here = dict[str, Any]
"""Layer and variant of a row, for messages."""
Noted = Sequence[tuple[object, Location]]
T = TypeVar("T")


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
        the subblocks and facts of :mod:`puzzle_widgets.library.tables.cells`.
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


def facts_of(
    columns: Mapping[str, Noted],
    units: Mapping[str, str],
    facts: Facts,
    style: NumberStyle | None = None,
) -> Facts:
    """Put together what is known; columns and headings override ``facts``."""
    found = {name: value for name, cells in columns.items() if (value := _one(cells)) is not None}
    measured, source = facts.measurement, facts.provenance
    count = partial(read_count, style=style or NumberStyle())

    def told(name: str, read: Callable[[object, Location], T], otherwise: T) -> T:
        return read(*found[name]) if name in found else otherwise

    return replace(
        facts,
        name=told("library", _words, facts.name),
        measurement=Measurement(
            told("batch_size", count, measured.batch_size),
            told("sequence_length", count, measured.sequence_length),
            told("gpu", _words, measured.gpu),
            told("dtype", _words, measured.dtype),
            told("prefill_length", count, measured.prefill_length),
            told("prefill_queue", count, None) or measured.prefill_queue,
        ),
        units=FrozenMapping({**facts.units, **units}),
        provenance=Provenance(
            told("origin", _origin, source.origin),
            told("source", _words, source.source),
            told("note", _words, source.note),
        ),
        parent_config=told("parent_config", long_text, facts.parent_config),
    )


def _one(cells: Noted) -> tuple[object, Location] | None:
    """Take the one value of a column: what holds for the library is the same in every row."""
    if not cells:
        return None
    first, where = cells[0]
    for value, place in cells:
        if not isinstance(value, str | int | float | np.generic):
            place.fail(f"{short_repr(value)} is neither text nor a number.", "Give one of these.")
        if value != first:
            place.fail(
                f"{short_repr(value)}, but {short_repr(first)} in {where.row}.",
                "It holds for the whole library: write it once, in the first row.",
            )
    return first, where


def _words(value: object, place: Location) -> str:
    return text(value if isinstance(value, str) else str(value), place, "it")


def read_count(value: object, place: Location, style: NumberStyle) -> int | None:
    """Read a positive whole number."""
    plain = value.item() if isinstance(value, np.generic) else value
    return optional_count(style.read(plain, place) if isinstance(plain, str) else plain, place)


def _origin(value: object, place: Location) -> Origin:
    for origin in get_args(Origin):
        if str(value).strip().lower() == origin:
            return origin  # type: ignore[no-any-return]
    place.fail(f"{short_repr(value)}.", f"One of {', '.join(get_args(Origin))} is needed.")


@dataclass(frozen=True)
class RowReader:
    """Reads one row after the other, and knows what came before."""

    sheet: Sheet
    columns: Columns
    style: NumberStyle | None
    rows: Sequence[int]
    _firsts: dict[tuple[LayerName, str], str] = field(default_factory=dict)
    _parents: dict[LayerName, tuple[str, str]] = field(default_factory=dict)

    def read(self, row: int) -> tuple[LayerName, RawVariant]:
        """Read a row: its layer and the variant."""
        layer = read_layer(*self._cell(row, "layer"))
        value, place = self._cell(row, "variant")
        name = read_name(value, place.at(layer=layer))
        self._check_twin(row, layer, name)
        here: Here = {"layer": layer, "variant": name}
        value, place = self._cell(row, "parent")
        if read_truth(value, place.at(**here)):
            self._note_parent(row, layer, name)
        return layer, RawVariant(
            name, self._values(row, here), *self._subblocks(row, here), **self._beside(row, here)
        )

    def is_non_block(self, row: int) -> bool:
        """Whether a row holds the non-block costs; it has no variant then."""
        if not is_blank(self._cell(row, "variant")[0]):
            return False
        return str(self._cell(row, "layer")[0]).strip().lower() in NON_BLOCK_NAMES

    def with_non_block_costs(self, row: int, facts: Facts) -> Facts:
        """Add a row's non-block costs to what is known; blank cells say nothing."""
        first = self._firsts.setdefault((NON_BLOCK, ""), self.sheet.row_names[row])
        if first != self.sheet.row_names[row]:
            self._cell(row, "layer")[1].fail(f"{NON_BLOCK!r} again, first in {first}.", "Keep one.")
        found = {
            key: self._figure(row, key, {})
            for key in self._keys
            if not is_blank(self._cell(row, key)[0])
        }
        return replace(facts, non_block_costs=FrozenMapping(found))

    def parent(self, layer: LayerName) -> str | None:
        """Name of the parent's variant in a layer, if a row marks it."""
        return self._parents[layer][1] if layer in self._parents else None

    def column(self, name: str) -> list[tuple[object, Location]]:
        """Every cell of a column that is not blank, with its place."""
        cells = (self._cell(row, name) for row in self.rows)
        return [(value, place) for value, place in cells if not is_blank(value)]

    def _cell(self, row: int, name: str) -> tuple[object, Location]:
        column = self.columns[name][0]
        return self.sheet.rows[row][column], self.sheet.place(row, column)

    @cached_property
    def _keys(self) -> list[str]:
        return [name for name in self.columns if name.startswith(GROUPS)]

    def _values(self, row: int, here: Here) -> dict[str, float]:
        return {key: self._figure(row, key, here) for key in self._keys}

    def _figure(self, row: int, key: str, here: Here) -> float:
        column = self.columns[key][0]
        value = self.sheet.rows[row][column]
        if type(value) is float and abs(value) <= MAX_NUMBER:
            return value  # most are; no location is needed
        return read_figure(value, self.sheet.place(row, column).at(**here), self.style)

    def _beside(self, row: int, here: Here) -> dict[str, Any]:
        """Weight files and config of a block, where the sheet has them."""
        found: dict[str, Any] = {}
        for name in BLOCK:
            if name in self.columns and not is_blank(self._cell(row, name)[0]):
                value, place = self._cell(row, name)
                found[name] = long_text(value, place.at(**here))
        if "weight_paths" in found:
            place = self._cell(row, "weight_paths")[1].at(**here)
            found["weight_paths"] = read_paths(
                parse_json(found["weight_paths"].encode(), place), place
            )
        return found

    def _subblocks(self, row: int, here: Here) -> Iterator[SubBlock | None]:
        for part in PARTS:
            if part not in self.columns:
                yield None
                continue
            value, place = self._cell(row, part)
            yield read_subblock(part, value, place.at(**here), self.style or NumberStyle())

    def _check_twin(self, row: int, layer: LayerName, name: str) -> None:
        here = self.sheet.row_names[row]
        first = self._firsts.setdefault((layer, name), here)
        if first != here:
            self._cell(row, "variant")[1].at(layer=layer).fail(
                f"the variant {short_repr(name)} appears twice, first in {first}.",
                "Keep one, or rename one.",
            )

    def _note_parent(self, row: int, layer: LayerName, name: str) -> None:
        here = self.sheet.row_names[row]
        first, _ = self._parents.setdefault(layer, (here, name))
        if first != here:
            self._cell(row, "parent")[1].at(layer=layer).fail(
                f"several parents here, the first in {first}.", "Mark one variant only."
            )


def style_of(sheet: Sheet, columns: Columns) -> NumberStyle | None:
    """How figures are written that are text; ``None`` where text is not a figure."""
    if not sheet.reads_text and not (sheet.marks.decimal or sheet.marks.thousands):
        return None
    wanted = [column for name, (column, _) in columns.items() if name.startswith((*GROUPS, *PARTS))]
    cells = (
        (cell, lambda row=row, column=column: sheet.place(row, column))
        for row, found in enumerate(sheet.rows)
        for column in wanted
        if isinstance(cell := found[column], str)
    )
    return find_style(cells, sheet.marks, comma_file=sheet.comma_file)
