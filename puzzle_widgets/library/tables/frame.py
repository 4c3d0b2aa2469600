"""Libraries as pandas frames, one row per layer and variant."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import singledispatch
from typing import Any

import pandas as pd

from puzzle_widgets.library.assemble import Facts
from puzzle_widgets.library.block import SubBlock
from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary, BlockVariant
from puzzle_widgets.library.native import FORMAT, dump_head, read_head, read_units
from puzzle_widgets.library.quantity import unit_of_key
from puzzle_widgets.library.tables.headings import is_known
from puzzle_widgets.library.tables.numbers import Marks
from puzzle_widgets.library.tables.sheet import Sheet

_UNITS, _LIBRARY = "units", "library"


@singledispatch
def to_frame(source: Any, *, layers: bool = False) -> pd.DataFrame:  # noqa: ANN401, ARG001
    """Lay a library, or what was found with it, out as a tidy table.

    Parameters
    ----------
    source
        A ``BlockLibrary``, ``SearchProblem``, ``Solution``, ``Scenario``, ``ParetoFront``,
        ``WholeFront``, ``DiverseSolutions``, ``SurfaceGrid`` or ``DecisionGrid``; or a list of
        solutions, scenarios or measured points.
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
        If it is none of these.

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
    raise TypeError(f"{type(source).__name__}: no table is known of it. See help(to_frame).")


@to_frame.register
def _library_frame(library: BlockLibrary, *, layers: bool = False) -> pd.DataFrame:  # noqa: ARG001
    extra = block_columns(library)
    rows = [
        {
            "layer": layer.name,
            "variant": variant.name,
            "parent": variant.name == layer.parent,
            "attention": write_subblock(variant.attention),
            "ffn": write_subblock(variant.ffn),
            **variant.values,
            **{name: cell(variant) for name, cell in extra.items()},
        }
        for layer in library.layers
        for variant in layer.variants
    ]
    frame = pd.DataFrame(rows)
    frame.attrs = {_UNITS: units_of(library, library.keys), _LIBRARY: dump_head(library)}
    return frame


def units_of(library: BlockLibrary, keys: tuple[str, ...]) -> dict[str, str]:
    """Unit of each key that has one."""
    units = {key: library.quantity(key).unit for key in keys}
    return {key: unit for key, unit in units.items() if unit}


def block_columns(library: BlockLibrary) -> dict[str, Callable[[BlockVariant], str]]:
    """What is written of each block beside its figures, by column; only what there is."""
    variants = [variant for layer in library.layers for variant in layer.variants]
    found: dict[str, Callable[[BlockVariant], str]] = {}
    if any(variant.weight_paths for variant in variants):
        found["weight_paths"] = lambda variant: json.dumps(list(variant.weight_paths))
    if any(variant.block_config for variant in variants):
        found["block_config"] = lambda variant: variant.block_config
    return found


def write_subblock(subblock: SubBlock) -> str:
    """Write a subblock: its size, or its kind in words."""
    return str(subblock.size) if subblock.kind == "sized" else subblock.kind


def sheet_of_frame(frame: pd.DataFrame, file: str, marks: Marks) -> Sheet:
    """Make a sheet of a tidy table.

    Parameters
    ----------
    frame
        Columns ``layer``, ``variant``, ``parent`` (true for the parent's block), one for each
        score (``metrics.…``) and cost (``stats.…``), and if wanted ``attention`` and ``ffn``:
        KV heads and intermediate size, or ``linear`` or ``no_op``. Other headings of sheets,
        such as ``runtime (ms)``, are understood too. Levels of the index count as columns where
        they have such a heading.
    file
        Name for messages.
    marks
        Text is read as figures where the caller says its marks.
    """
    frame = _with_index(frame)
    return Sheet(
        file,
        [str(column) for column in frame.columns],
        list(frame.astype(object).to_numpy()),
        [f"iloc {row}" for row in range(len(frame))],
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
