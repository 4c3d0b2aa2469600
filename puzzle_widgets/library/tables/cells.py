"""Single cells: layers, names, truths, figures and subblocks of blocks."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pandas as pd

from puzzle_widgets.library.block import KINDS, Part, SubBlock, block_from_size
from puzzle_widgets.library.checks import Location, number, short_repr, text
from puzzle_widgets.library.model import LayerName
from puzzle_widgets.library.tables.numbers import NumberStyle

_TRUE = {"true", "yes", "y", "x", "1", "1.0", "\N{CHECK MARK}"}
_FALSE = {"", "false", "no", "n", "-", "0", "0.0", "nan"}
_NOTHING = {"", "nan", "none", "<na>"}
_KINDS = {kind.replace("_", ""): kind for kind in KINDS if kind != "sized"}
_MOST_DIGITS = 9
_MOST_SIZE = 1e15
_FIRST_UNSURE = 2**53


def is_blank(value: object) -> bool:
    """Whether a cell holds nothing."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is pd.NA or value is pd.NaT or _is_nan(_plain(value))


def read_layer(value: object, place: Location) -> LayerName:
    """Read a layer: whole numbers are numbers, however they are written; else its name."""
    plain = _plain(value)
    if isinstance(plain, float) and plain.is_integer() and abs(plain) < _FIRST_UNSURE:
        return int(plain)
    if isinstance(plain, int) and not isinstance(plain, bool):
        return plain
    digits = plain.strip().removesuffix(".0") if isinstance(plain, str) else ""
    if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS:
        return int(digits)
    return text(plain, place, "a layer's name")


def read_name(value: object, place: Location) -> str:
    """Read a variant's name; a spreadsheet may have taken it for a number."""
    return text(_plain(value), place, "a variant's name")


def read_truth(value: object, place: Location) -> bool:
    """Read whether a row is the parent's block."""
    plain = _plain(value)
    word = "" if plain is None else str(plain).strip().lower()
    if word not in _TRUE | _FALSE:
        place.fail(
            f"{short_repr(value)} is neither true nor false.",
            "Write TRUE or FALSE, yes or no, x or nothing, 1 or 0.",
        )
    return word in _TRUE


def read_figure(value: object, place: Location, style: NumberStyle | None) -> float:
    """Read a score or cost.

    Parameters
    ----------
    value
        A number, or text where ``style`` is given.
    place
        For messages.
    style
        How the table writes figures; ``None`` takes text for no number.
    """
    plain = _plain(value)
    if isinstance(plain, dt.date | dt.time):
        place.fail(
            f"the date {short_repr(str(plain))}.", "Format the cell as a number, and retype it."
        )
    if style is not None and isinstance(plain, str):
        plain = style.read(plain, place)
    return number(plain, place)


def read_subblock(
    part: Part, value: object, place: Location, style: NumberStyle
) -> SubBlock | None:
    """Read a subblock: a size, or its kind in words; ``None`` where the cell is blank."""
    plain = _plain(value)
    word = str(plain).strip().lower()
    if plain is None or word in _NOTHING:
        return None
    kind = _KINDS.get("".join(letter for letter in word if letter.isalnum()))
    if kind is not None:
        return SubBlock(kind)
    size = style.read(word, place) if isinstance(plain, str) else plain
    if isinstance(size, bool) or not isinstance(size, int | float) or not _is_size(size):
        place.fail(
            f"{short_repr(value)} is not a subblock of a block.", "Write a size, linear or no_op."
        )
    return block_from_size(part, size, place.variant or "")


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _is_size(size: float) -> bool:
    return math.isfinite(size) and 0 <= size < _MOST_SIZE and size == int(size)


def _plain(value: object) -> object:
    """Turn NumPy's and decimal numbers into Python's, and pandas' nothing into none."""
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, Decimal):
        return float(value)
    return value.item() if isinstance(value, np.generic) else value
