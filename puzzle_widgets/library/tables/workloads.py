"""Long tables: rows of a block for each of several batch sizes, which are workloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.puzzletron.stats import Workload, name_workloads
from puzzle_widgets.library.tables.cells import is_blank
from puzzle_widgets.library.tables.numbers import NumberStyle
from puzzle_widgets.library.tables.sheet import Sheet
from puzzle_widgets.library.tables.sheet_facts import read_count

_COUNTED = ("batch_size", "sequence_length")


@dataclass(frozen=True)
class Situations:
    """Workloads with the rows of each; none where all rows are of one."""

    workloads: tuple[Workload, ...] = ()
    rows: tuple[tuple[int, ...], ...] = ()


def find_situations(
    sheet: Sheet, columns: Mapping[str, int], named: Sequence[int], style: NumberStyle | None
) -> Situations:
    """Find the workloads of a table.

    It has several where a block stands in several rows that differ in batch size, sequence
    length, GPU or dtype.

    Parameters
    ----------
    sheet
        The table.
    columns
        Those that tell workloads apart, by name.
    named
        Columns of layer and variant.
    style
        How figures are written that are text.

    Raises
    ------
    LibraryError
        Where a row does not say of which workload it is.
    """
    differing = {
        name: column
        for name, column in columns.items()
        if len({str(row[column]) for row in sheet.rows if not is_blank(row[column])}) > 1
    }
    if not differing or not _is_long(sheet, named):
        return Situations()
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
    return Situations(tuple(workloads), tuple(rows))


def _is_long(sheet: Sheet, named: Sequence[int]) -> bool:
    """Whether any block stands in several rows."""
    blocks = [tuple(str(row[at]).strip() for at in named) for row in sheet.rows]
    told = [block for block in blocks if all(block)]
    return len(set(told)) < len(told)


def _read(sheet: Sheet, row: int, name: str, column: int, style: NumberStyle | None) -> object:
    value, place = sheet.rows[row][column], sheet.place(row, column)
    if is_blank(value):
        place.fail(
            f"blank, though the table is of several ({short_repr(name)}).",
            "Say in every row of which it is.",
        )
    if name in _COUNTED:
        return read_count(value, place, style or NumberStyle())
    return str(value).strip()
