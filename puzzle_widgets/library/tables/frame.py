"""Libraries as tables, one row per layer and variant: pandas frames, Parquet, rows of cells."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatch
from importlib import import_module
from typing import Any

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.checks import Location, check_bytes, first_line, need
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.json_forms import FORMAT, dump_head, read_head, read_units
from puzzle_widgets.library.model import PARTS, BlockLibrary, SubBlock
from puzzle_widgets.library.quantity import unit_of_key
from puzzle_widgets.library.tables.cells import (
    FACTS,
    NON_BLOCK,
    Marks,
    is_known,
    write_heading,
)
from puzzle_widgets.library.tables.sheet import Cells, Sheet, check_size, csv_of

_UNITS, _LIBRARY = "units", "library"
MAX_UNPACKED_BYTES = 256 * 2**20
_TEXT = "BYTE_ARRAY"


@singledispatch
def to_frame(source: Any, *, layers: bool = False) -> pd.DataFrame:  # noqa: ANN401, ARG001
    """Lay a library, or what was found with it, out as a tidy table.

    Parameters
    ----------
    source
        A ``BlockLibrary``, ``SearchProblem``, ``Solution``, ``Scenario``, ``ParetoFront``,
        ``FullFront``, ``DiverseSolutions``, ``SurfaceGrid``, ``DecisionGrid`` or ``Comparison``,
        and what explains an answer; or a list of solutions, scenarios or measured points.
    layers
        Of several solutions: one row per solution and layer, with the chosen block, in place of
        one row per solution. A decision map's is so by default.

    Returns
    -------
    DataFrame
        Figures under their dotted keys; ``attrs["units"]`` has the unit of each column that has
        one. A library's has a row for each layer and variant: ``layer``, ``variant``,
        ``parent`` (bool), ``attention``, ``ffn`` (size, or the kind in words), then every key,
        and where known ``weight_paths`` (a JSON list) and ``block_config`` (JSON);
        ``attrs["library"]`` keeps what is known of it as a whole, for :func:`load_library`.

    Raises
    ------
    TypeError
        If it is none of these types.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> list(pw.to_frame(library).columns[:3])
    ['layer', 'variant', 'parent']
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> len(pw.to_frame(pw.search(problem)))
    8
    """
    raise TypeError(f"{type(source).__name__}: it has no table form. See help(to_frame).")


@to_frame.register(BlockLibrary)
def _library_frame(library: BlockLibrary, *, layers: bool = False) -> pd.DataFrame:  # noqa: ARG001
    library = library.plain
    variants = [variant for layer in library.layers for variant in layer.variants]
    rows = [
        {
            "layer": layer.name,
            "variant": variant.name,
            "parent": variant.name == layer.parent,
            "attention": write_subblock(variant.attention),
            "ffn": write_subblock(variant.ffn),
            **variant.values,
        }
        for layer in library.layers
        for variant in layer.variants
    ]
    frame = pd.DataFrame(rows)
    if any(variant.weight_paths for variant in variants):
        frame["weight_paths"] = [json.dumps(list(variant.weight_paths)) for variant in variants]
    if any(variant.block_config for variant in variants):
        frame["block_config"] = [variant.block_config for variant in variants]
    frame.attrs = {_UNITS: units_of(library, library.keys), _LIBRARY: dump_head(library)}
    return frame


def units_of(library: BlockLibrary, keys: tuple[str, ...]) -> dict[str, str]:
    """Unit of each key that has one."""
    units = {key: library.quantity(key).unit for key in keys}
    return {key: unit for key, unit in units.items() if unit}


def write_subblock(subblock: SubBlock) -> str:
    """Write a subblock: its size, or its kind in words."""
    return str(subblock.size) if subblock.kind == "sized" else subblock.kind


def sheet_of_frame(frame: pd.DataFrame, file: str, marks: Marks) -> Sheet:
    """Make a sheet of a tidy table; levels of the index count as columns where they have a heading.

    Text is read as figures where the caller says its marks.
    """
    frame = _with_index(frame)
    return Sheet(
        file,
        [str(column) for column in frame.columns],
        list(frame.astype(object).to_numpy()),
        [f"row {row}" for row in range(len(frame))],
        letters=False,
        reads_text=False,
        literal=_head_of(frame) is not None,
        marks=marks,
    )


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Make columns of those levels of the index that are named as headings are."""
    names = [name for name in frame.index.names if isinstance(name, str)]
    wanted = [name for name in names if is_known(name) and name not in frame.columns]
    return frame.reset_index(level=wanted) if wanted else frame


def facts_of_frame(frame: pd.DataFrame, file: str, facts: Facts) -> Facts:
    """What is known of the library as a whole, by ``frame.attrs``."""
    head, place = _head_of(frame), Location(file)
    if head is not None:
        facts = read_head(head, place.at(field=f"attrs[{_LIBRARY!r}]"))
    said = frame.attrs.get(_UNITS) or {}
    units = read_units(said, place.at(field=f"attrs[{_UNITS!r}]"))
    more = {key: unit for key, unit in units.items() if unit != unit_of_key(key)}
    return replace(facts, units=FrozenMapping({**facts.units, **more}))


def _head_of(frame: pd.DataFrame) -> Mapping[str, Any] | None:
    head = frame.attrs.get(_LIBRARY)
    return head if isinstance(head, Mapping) and head.get("format") == FORMAT else None


def read_parquet(content: bytes, file: str) -> pd.DataFrame:
    """Read a Parquet file: the table of :func:`puzzle_widgets.to_frame`, or any like it."""
    place = Location(file)
    need("pyarrow", "parquet", place)
    try:
        frame = _unpack(content, place)
    except LibraryError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file may raise anything in there
        place.fail(
            f"broken Parquet ({type(error).__name__}: {first_line(error)}).",
            "Is it complete? Write or download it again.",
        )
    return frame


def dump_parquet(library: BlockLibrary) -> bytes:
    """Give a library as a Parquet file, which holds all that is known of it."""
    need("pyarrow", "parquet", Location(library.name))
    frame = to_frame(library)
    if len({type(layer.name) for layer in library.layers}) > 1:
        frame["layer"] = frame["layer"].map(str)
    content = io.BytesIO()
    frame.to_parquet(content, engine="pyarrow", index=False)
    return content.getvalue()


def _unpack(content: bytes, place: Location) -> pd.DataFrame:
    parquet: Any = import_module("pyarrow.parquet")
    with parquet.ParquetFile(io.BytesIO(content)) as file:
        _check_size(file.metadata, place)
        texts = [column.name for column in file.schema if column.physical_type == _TEXT]
    # A text that repeats is kept once: unpacked, a small file of one long text could fill memory.
    with parquet.ParquetFile(io.BytesIO(content), read_dictionary=texts) as file:
        table = file.read()
    check_bytes(table.nbytes, place, MAX_UNPACKED_BYTES, "split it")
    frame: pd.DataFrame = table.to_pandas(strings_to_categorical=True)
    return frame


def _check_size(metadata: Any, place: Location) -> None:  # noqa: ANN401
    check_size(metadata.num_rows, metadata.num_columns, place)
    groups = (metadata.row_group(place) for place in range(metadata.num_row_groups))
    unpacked = sum(group.total_byte_size for group in groups)
    check_bytes(unpacked, place, MAX_UNPACKED_BYTES, "split it")


def rows_of(library: BlockLibrary) -> list[Cells]:
    """Lay a library out: headings, then a row for each variant; facts are in the first row."""
    library = library.plain
    frame = to_frame(library)
    for part in PARTS:
        frame[part] = [int(size) if size.isdigit() else size for size in frame[part]]
    units = {key: write_heading(key, library.units.get(key)) for key in library.keys}
    headings = [units.get(column, column) for column in frame.columns]
    rows: list[Cells] = [headings, *frame.astype(object).to_numpy().tolist()]
    if library.non_block_costs:
        outside = [library.non_block_costs.get(key, "") for key in library.keys]
        rows.append([NON_BLOCK, "", "", "", "", *outside])
        rows[-1] += [""] * (len(headings) - len(rows[-1]))
    return _with_facts(rows, library)


def _with_facts(rows: list[Cells], library: BlockLibrary) -> list[Cells]:
    """Put what is known of the library as a whole behind the first row."""
    facts = {name: value for name, value in _fact_cells(library).items() if value not in (None, "")}
    blank = [""] * len(facts)
    return [[*rows[0], *facts], [*rows[1], *facts.values()], *([*row, *blank] for row in rows[2:])]


def _fact_cells(library: BlockLibrary) -> dict[str, Any]:
    measured, told = library.measurement, library.provenance
    values = (
        *(library.name, measured.batch_size, measured.sequence_length),
        *(measured.gpu, measured.dtype, measured.prefill_length, measured.prefill_queue or None),
        *(told.origin, told.source, told.note),
        library.parent_config,
    )
    return dict(zip(FACTS, values, strict=True))


def dump_csv(library: BlockLibrary) -> str:
    """Give a library's CSV text, with what is known of it as a whole in the first row."""
    return csv_of(rows_of(library))
