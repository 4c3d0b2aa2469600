"""What the cells of a table hold, and what a column's heading means.

A figure such as ``1.416`` or ``1,125`` can be read in two ways. The other figures of its table may
tell which is meant; where none does, it is refused.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

import numpy as np

from puzzle_widgets.deferred import is_na
from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import Location, number, short_repr, text
from puzzle_widgets.library.model import KINDS, PARTS, LayerName, Part, SubBlock, block_from_size
from puzzle_widgets.library.quantity import (
    COST_GROUP,
    MEMORY,
    PARAMETERS,
    RUNTIME,
    SCORE_GROUP,
    conversion,
    is_unit,
    parted,
)

Mark = Literal[".", ","]
Thousands = Literal[".", ",", " ", "'"]

_PLAIN = re.compile(
    r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.IGNORECASE
)
_MARKED = re.compile(r"[.,]")
_SPACES = str.maketrans(
    "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{RIGHT SINGLE QUOTATION MARK}",
    "   '",
)
_TRUE = {"true", "yes", "y", "x", "1", "1.0", "\N{CHECK MARK}"}
_FALSE = {"", "false", "no", "n", "-", "0", "0.0", "nan"}
_NOTHING = {"", "nan", "none", "<na>"}
_KINDS = {kind.replace("_", ""): kind for kind in KINDS if kind != "sized"}
_MOST_DIGITS = 9
_MOST_SIZE = 1e15
_FIRST_UNSURE = 2**53
NON_BLOCK = "non-block costs"
NON_BLOCK_NAMES = {NON_BLOCK, "non-block"}
NEEDED = ("layer", "variant", "parent")
BLOCK = ("weight_paths", "block_config")
WORKLOAD = ("batch_size", "sequence_length", "gpu", "dtype")
PREFILL = ("prefill_length", "prefill_queue")
FACTS = ("library", *WORKLOAD, *PREFILL, "origin", "source", "note", "parent_config")
GROUPS = (SCORE_GROUP, COST_GROUP)
_KEYS = {
    "memory": MEMORY,
    "kv cache": "stats.kv_cache_memory_mib",
    "runtime": RUNTIME,
    "latency": RUNTIME,
    "parameters": PARAMETERS,
    "kl": "metrics.kl_div",
    "kl divergence": "metrics.kl_div",
    "lm loss": "metrics.lm_loss",
}
_NAMES = {
    **{name.replace("_", " "): name for name in (*NEEDED, *PARTS, *BLOCK, *FACTS)},
    **_KEYS,
    "comment": "",
}
_NO_UNIT = "[]"
_OWN_GROUP = re.compile(r"(score|cost)\s*:\s*(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Marks:
    """What a caller says of figures that are text; ``None`` where the table is to tell.

    Parameters
    ----------
    decimal
        Before the decimals, ``"."`` or ``","``.
    thousands
        Between groups of three digits, ``"."``, ``","``, ``" "`` or ``"'"``.
    """

    decimal: str | None = None
    thousands: str | None = None

    def __post_init__(self) -> None:
        for name, value, known in (
            ("decimal", self.decimal, get_args(Mark)),
            ("thousands", self.thousands, get_args(Thousands)),
        ):
            if value is not None and value not in known:
                words = " or ".join(map(repr, known))
                raise LibraryError(
                    f"{name}={short_repr(value)} is not a mark of decimals or thousands. "
                    f"Give {words}."
                )
        if self.decimal is not None and self.decimal == self.thousands:
            raise LibraryError(f"decimal and thousands are both {self.decimal!r}. Give two marks.")


@dataclass(frozen=True)
class NumberStyle:
    """How a table writes figures.

    Parameters
    ----------
    decimal
        Mark before the decimals; ``None`` where nothing tells it.
    thousands
        Mark between groups of three digits, if any.
    comma_file
        Whether commas separate the cells: a figure without a comma is then unambiguous.
    """

    decimal: str | None = "."
    thousands: str | None = None
    comma_file: bool = False

    def read(self, written: str, place: Location) -> float | str:
        """Read a figure; anything else is returned unchanged."""
        if self.decimal is not None:
            found = _value(written, self.decimal, self.thousands)
            return written if found is None else found
        point, comma = _both(written, comma_file=self.comma_file)
        if point is not None and comma is not None and point != comma and _MARKED.search(written):
            mark = "." if "." in written else ","
            as_decimal, whole = (point, comma) if mark == "." else (comma, point)
            place.fail(
                f"{short_repr(written)} can be read in two ways, as {as_decimal!r} "
                f"and as {whole:.0f}.",
                f"Pass decimal={mark!r} or thousands={mark!r} to load_library (--decimal or "
                f"--thousands on the command line), or write it without the mark.",
            )
        found = comma if point is None else point
        return written if found is None else found


def find_style(
    cells: Iterable[tuple[str, Callable[[], Location]]], said: Marks, *, comma_file: bool = False
) -> NumberStyle:
    """Find how a table writes figures: as the caller says, else by its text where they belong."""
    if said.decimal or said.thousands:
        usual = "," if said.thousands == "." else "."
        return NumberStyle(said.decimal or usual, said.thousands)
    told: dict[str, tuple[str, Callable[[], Location]]] = {}
    for written, place in cells:
        if mark := _told_by(written, comma_file=comma_file):
            told.setdefault(mark, (written, place))
    if len(told) > 1:
        (written, place), (other, _) = told[","], told["."]
        place().fail(
            f"{short_repr(written)} has a decimal comma, and {short_repr(other)} a decimal point.",
            "Use one of them in all of the table.",
        )
    decimal = next(iter(told), None)
    return NumberStyle(decimal, {".": ",", ",": "."}.get(decimal or ""), comma_file=comma_file)


def _told_by(written: str, *, comma_file: bool) -> str:
    """Decimal mark that a figure shows without doubt, else ``""``."""
    if not _MARKED.search(written):
        return ""
    point, comma = _both(written, comma_file=comma_file)
    if (point is None) == (comma is None):
        return ""
    return "," if point is None else "."


def _both(written: str, *, comma_file: bool) -> tuple[float | None, float | None]:
    """Value of a figure with a decimal point and with a decimal comma."""
    certain = comma_file and "," not in written
    return _value(written, ".", ","), None if certain else _value(written, ",", ".")


def _value(written: str, decimal: str, thousands: str | None) -> float | None:
    plain = written.strip()
    if thousands in (" ", "'"):
        plain = plain.translate(_SPACES)
    if thousands and thousands in plain:
        if not _grouped(plain, decimal, thousands):
            return None
        plain = plain.replace(thousands, "")
    if decimal == "," and "." in plain:
        return None
    plain = plain.replace(decimal, ".")
    return float(plain) if _PLAIN.fullmatch(plain) else None


def _grouped(plain: str, decimal: str, thousands: str) -> bool:
    """Whether a mark parts thousands: groups of three digits, the first not 0."""
    form = rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+(?:{re.escape(decimal)}\d*)?"
    return re.fullmatch(form, plain) is not None


def is_blank(value: object) -> bool:
    """Whether a cell holds nothing."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or is_na(value) or _is_nan(_plain(value))


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
    """Read a score or cost; without a style, text is no number."""
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
    if is_na(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True)
class ColumnSpec:
    """What a column holds.

    Parameters
    ----------
    name
        ``layer``, ``variant``, ``parent``, one of ``PARTS``, ``BLOCK`` or ``FACTS``, or a
        dotted key; ``""`` for remarks, which are not read.
    unit
        Unit of a dotted key where the heading says one.
    """

    name: str
    unit: str | None = None


def read_heading(heading: str, place: Location, *, literal: bool = False) -> ColumnSpec:
    """Find what a column's heading means.

    Where ``literal``, a dotted key is taken as is, without a unit in brackets behind it.
    """
    if not literal and parted(heading.strip())[0] in _KEYS.values():
        heading = heading.strip()  # a blank beside a usual key is no part of its name
    if heading.startswith(GROUPS):
        return ColumnSpec(heading) if literal else _dotted(heading, place)
    words, unit = parted(heading.strip())
    name = _NAMES.get(_plain_words(words))
    if name is not None:
        return _with_unit(name, unit, place)
    if match := _OWN_GROUP.fullmatch(heading.strip()):
        return _own(match[1], match[2])
    place.fail("neither a score nor a cost that is recognized.", _fix_of(heading.strip()))


def is_known(heading: str) -> bool:
    """Whether a heading has a meaning here, with any unit."""
    return heading.strip().startswith(GROUPS) or _plain_words(parted(heading.strip())[0]) in _NAMES


def needed_in(headings: Iterable[str], needed: Iterable[str] = NEEDED) -> int:
    """How many of the columns that every table has are among these headings."""
    return len({_plain_words(heading) for heading in headings}.intersection(needed))


def write_heading(key: str, unit: str | None) -> str:
    """Give the heading of a dotted key's column: its own unit is in brackets."""
    if unit is not None:
        return f"{key} ({unit})"
    return f"{key} {_NO_UNIT}" if key.endswith((")", "]")) else key


def _dotted(heading: str, place: Location) -> ColumnSpec:
    key, unit = parted(heading)
    if key == heading or heading.endswith(_NO_UNIT):
        return ColumnSpec(key)
    return _with_unit(key, unit, place) if unit else ColumnSpec(key, unit)


def _with_unit(name: str, unit: str, place: Location) -> ColumnSpec:
    if not unit or not name.startswith(GROUPS):
        return ColumnSpec(name)
    conversion(name, unit, place)  # what cannot be true is refused here, by its column
    return ColumnSpec(name, unit)


def _own(group: str, words: str) -> ColumnSpec:
    name, unit = parted(words)
    prefix = SCORE_GROUP if group.lower() == "score" else COST_GROUP
    letters = "".join(letter if letter.isalnum() else " " for letter in name.lower())
    return ColumnSpec(prefix + "_".join(letters.split()), unit or None)


def _fix_of(heading: str) -> str:
    """Say how a heading is written; one of several workloads or batch sizes has ways of its own."""
    plain = _plain_words(parted(heading)[0])
    known = next((word for word in _KEYS if plain.startswith(f"{word} ")), "")
    rest = plain.removeprefix(known).strip()
    if known and is_unit(rest):
        return f"Write the unit in brackets: {short_repr(f'{known} ({rest})')}."
    fix = (
        f"Write {short_repr(f'score: {heading}')} or {short_repr(f'cost: {heading}')}, "
        "metrics.… or stats.…; or 'comment' if it is neither."
    )
    if not known:
        return fix
    workload = f"{_KEYS[known]}@{rest.replace(' ', '_')}"
    return (
        f"{fix} Of several workloads, write {short_repr(workload)}; of several batch sizes, one "
        "row for each, with a column 'batch size'."
    )


def _plain_words(words: str) -> str:
    return " ".join(words.lower().replace("_", " ").split())
