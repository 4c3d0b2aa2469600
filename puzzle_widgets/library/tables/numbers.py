"""Numbers as spreadsheets write them: decimal point or comma, thousands apart or not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Mark = Literal[".", ","]

_PLAIN = re.compile(
    r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.IGNORECASE
)
_GAPS = str.maketrans(
    "",
    "",
    "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}'\N{RIGHT SINGLE QUOTATION MARK}",
)
_GAP_BETWEEN_DIGITS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")


@dataclass(frozen=True)
class NumberStyle:
    """How a sheet writes numbers; ``decimal`` is one mark for the whole sheet."""

    decimal: Mark = "."

    def read(self, written: str) -> float | str:
        """Read a number; what is none comes back as it is."""
        plain = _closed_up(written)
        if self.decimal == ",":
            plain = plain.replace(".", "") if _grouped(plain, ".") else plain
            plain = plain.replace(",", ".", 1) if "." not in plain else plain
        elif "," in plain:
            plain = plain.replace(",", "") if _grouped(plain, ",") else plain
        return float(plain) if _PLAIN.fullmatch(plain) else written


def find_style(cells: Iterable[str], usual: Mark = ".") -> NumberStyle:
    """Find the decimal mark of a sheet from all its numbers.

    Parameters
    ----------
    cells
        Cells where numbers belong.
    usual
        The mark where every number can be read both ways, such as ``1,437``.
    """
    points = commas = unclear_commas = 0
    for cell in cells:
        plain = _closed_up(cell)
        if "," in plain:
            surely = _is_decimal(plain, ",")
            commas += surely
            unclear_commas += not surely and not _is_decimal(plain, ".")
        if "." in plain:
            points += _is_decimal(plain, ".")
    if commas > points:
        return NumberStyle(",")
    return NumberStyle("," if unclear_commas and not points and usual == "," else ".")


def _closed_up(written: str) -> str:
    return _GAP_BETWEEN_DIGITS.sub("", written.strip()).translate(_GAPS)


def _is_decimal(plain: str, mark: Mark) -> bool:
    """Whether a mark can only stand before decimals here."""
    head, _, tail = plain.rpartition(mark)
    other: Mark = "." if mark == "," else ","
    if mark in head or other in tail:
        return False
    if other in head:
        return _grouped(head, other)
    return not _grouped(plain, mark)


def _grouped(plain: str, mark: Mark) -> bool:
    """Whether a mark parts thousands: groups of three digits, the first not 0."""
    decimal = "," if mark == "." else "."
    form = rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+(?:{re.escape(decimal)}\d*)?"
    return re.fullmatch(form, plain) is not None
