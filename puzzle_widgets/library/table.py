"""Tidy tables: one row a layer and variant, in pandas or CSV."""

from __future__ import annotations

import io
from collections.abc import Hashable

import numpy as np
import pandas as pd

from puzzle_widgets.library.assemble import Facts, RawLayer, RawVariant, assemble
from puzzle_widgets.library.block import Part, SubBlock
from puzzle_widgets.library.checks import Place, number, shown, text
from puzzle_widgets.library.model import BlockLibrary, LayerName
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP

_NAMES = ("layer", "variant", "parent")
_HALVES: tuple[Part, ...] = ("attention", "ffn")
_TRUE, _FALSE = {"true", "1", "1.0", "yes"}, {"false", "0", "0.0", "no", "", "nan"}


def to_frame(library: BlockLibrary) -> pd.DataFrame:
    """Lay a library out as a tidy table.

    Returns
    -------
    DataFrame
        One row a layer and variant; columns ``layer``, ``variant``, ``parent`` (bool),
        ``attention``, ``ffn`` (size, or the kind in words), then every dotted key.
    """
    rows = [
        {
            "layer": layer.name,
            "variant": variant.name,
            "parent": variant.name == layer.parent,
            "attention": _write_half(variant.attention),
            "ffn": _write_half(variant.ffn),
            **variant.values,
        }
        for layer in library.layers
        for variant in layer.variants
    ]
    return pd.DataFrame(rows)


def read_frame(frame: pd.DataFrame, file: str, facts: Facts) -> BlockLibrary:
    """Read a tidy table.

    Parameters
    ----------
    frame
        Columns ``layer``, ``variant``, ``parent`` (true for the parent's block), one for each
        score (``metrics.…``) and cost (``stats.…``), and if wanted ``attention`` and ``ffn``:
        KV heads and intermediate size, or ``linear`` or ``no_op``.
    file
        Name for messages.
    facts
        What the caller says of the library as a whole.
    """
    place = Place(file)
    columns = _value_columns(frame, place)
    layers: dict[LayerName, list[tuple[RawVariant, bool]]] = {}
    for row in frame.to_dict("records"):
        name = _layer_name(row["layer"], place)
        layers.setdefault(name, []).append(_read_row(row, columns, place.at(layer=name)))
    return assemble(file, [_raw_layer(*layer, place) for layer in layers.items()], facts)


def read_csv(content: bytes, file: str, facts: Facts) -> BlockLibrary:
    """Read the same table from CSV text."""
    place = Place(file)
    try:
        frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    except (ValueError, pd.errors.ParserError, RecursionError) as error:
        place.fail(f"broken CSV ({error}).", "One header line, then one line a variant.")
    for column in frame.columns:
        if str(column).startswith((SCORE_GROUP, COST_GROUP)):
            frame[column] = frame[column].map(_number_or_text).astype(object)
    return read_frame(frame, file, facts)


def _value_columns(frame: pd.DataFrame, place: Place) -> list[str]:
    columns = [str(column) for column in frame.columns]
    missing = next((name for name in _NAMES if name not in columns), None)
    if missing is not None:
        place.at(field=missing).fail("no such column.", f"Needed are {', '.join(_NAMES)}.")
    if len(set(columns)) < len(columns):
        place.fail("two columns have the same name.", "Rename one.")
    values = [column for column in columns if column not in (*_NAMES, *_HALVES)]
    for column in values:
        if not column.startswith((SCORE_GROUP, COST_GROUP)):
            place.at(field=column).fail(
                "neither a score nor a cost.", f"Name the column {SCORE_GROUP}… or {COST_GROUP}…"
            )
    return values


def _read_row(
    row: dict[Hashable, object], columns: list[str], layer: Place
) -> tuple[RawVariant, bool]:
    name = text(row["variant"], layer, "a variant's name")
    place = layer.at(variant=name)
    values = {key: number(_plain(row[key]), place.at(field=key)) for key in columns}
    halves = [_read_half(row.get(part), place.at(field=part)) for part in _HALVES]
    return RawVariant(name, values, *halves), _truth(row["parent"], place.at(field="parent"))


def _raw_layer(name: LayerName, rows: list[tuple[RawVariant, bool]], file: Place) -> RawLayer:
    parents = [variant.name for variant, is_parent in rows if is_parent]
    if len(parents) > 1:
        file.at(layer=name).fail("several parents here.", "Mark one variant only.")
    return RawLayer(name, [variant for variant, _ in rows], parents[0] if parents else None)


def _layer_name(value: object, place: Place) -> LayerName:
    plain = _plain(value)
    written = str(plain).strip()
    digits = written.removesuffix(".0")
    if digits.isascii() and digits.isdigit() and len(digits) <= 9:
        return int(digits)
    return text(plain, place, "a layer's name")


def _truth(value: object, place: Place) -> bool:
    word = str(_plain(value)).strip().lower()
    if word not in _TRUE | _FALSE:
        place.fail(f"{shown(value)} is neither true nor false.", "Write true or false.")
    return word in _TRUE


def _write_half(half: SubBlock) -> str:
    return str(half.size) if half.kind == "sized" else half.kind


def _read_half(value: object, place: Place) -> SubBlock | None:
    word = str(_plain(value)).strip().lower().removesuffix(".0")
    if value is None or word in ("", "nan", "none", "<na>"):
        return None
    if word in ("linear", "no_op", "other"):
        return SubBlock(word)  # type: ignore[arg-type]
    if word.isascii() and word.isdigit() and len(word) <= 15 and int(word) > 0:
        return SubBlock("sized", int(word))
    place.fail(f"{shown(value)} is no half of a block.", "Write a size, linear or no_op.")


def _plain(value: object) -> object:
    """Turn a NumPy scalar into the Python value that it is."""
    return value.item() if isinstance(value, np.generic) else value


def _number_or_text(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value
