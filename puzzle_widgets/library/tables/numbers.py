"""Numbers as spreadsheets write them: decimal point or comma, thousands apart or not."""

from __future__ import annotations

import re
from collections import Counter
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
        thousands: Mark = "." if self.decimal == "," else ","
        if _grouped(plain, thousands):
            plain = plain.replace(thousands, "")
        if thousands in plain:
            return written
        plain = plain.replace(self.decimal, ".")
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
    told = Counter(_decimal_mark(_closed_up(cell)) for cell in cells)
    if told[","] > told["."]:
        return NumberStyle(",")
    return NumberStyle("," if told["unclear"] and not told["."] and usual == "," else ".")


def _closed_up(written: str) -> str:
    return _GAP_BETWEEN_DIGITS.sub("", written.strip()).translate(_GAPS)


def _decimal_mark(plain: str) -> str:
    """Which mark stands before the decimals of a number: ``"unclear"`` of ``1,437``."""
    marks = [letter for letter in plain if letter in ".,"]
    if not marks:
        return ""
    if len(set(marks)) > 1:
        return marks[-1]
    mark: Mark = "," if marks[0] == "," else "."
    if not _grouped(plain, mark):
        return mark if len(marks) == 1 else ""
    if len(marks) > 1:
        return "." if mark == "," else ","
    return "unclear" if mark == "," else ""


def _grouped(plain: str, mark: Mark) -> bool:
    """Whether a mark parts thousands: groups of three digits, the first not 0."""
    decimal = "," if mark == "." else "."
    form = rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+(?:{re.escape(decimal)}\d*)?"
    return re.fullmatch(form, plain) is not None
