"""A line of keys over a chart: colour, form and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from puzzle_widgets.handover.pictures.svg import Drawing, clean

_LETTER, _MARK, _GAP, _LONGEST = 6.4, 26, 16, 44


@dataclass(frozen=True)
class Entry:
    """One key; without a colour only its words are there.

    Parameters
    ----------
    words
        What it stands for; untrusted.
    color
        Its colour.
    form
        ``"box"``, ``"line"``, ``"dot"``, ``"diamond"`` or ``"cross"``.
    dash
        Dashes of a line, so that colour is not all that tells it.
    """

    words: str
    color: str
    form: str = "box"
    dash: str = ""


def legend_rows(entries: Sequence[Entry], width: float) -> list[list[Entry]]:
    """Break keys into rows that fit a width, in px."""
    rows: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        if rows[-1] and used + _room(entry) > width:
            rows.append([])
            used = 0.0
        rows[-1].append(entry)
        used += _room(entry)
    return rows


def draw_legend(
    drawing: Drawing, entries: Sequence[Entry], left: float, top: float, line: float = 18
) -> float:
    """Draw the keys; gives the height that they took."""
    rows = legend_rows(entries, drawing.width - left - 10)
    for number, row in enumerate(rows):
        x, y = left, top + number * line
        for entry in row:
            _draw_mark(drawing, entry, x, y)
            drawing.text(x + (_MARK if entry.color else 0), y + 4, _short(entry.words))
            x += _room(entry)
    return len(rows) * line


def _draw_mark(drawing: Drawing, entry: Entry, x: float, y: float) -> None:
    if entry.form == "line":
        drawing.line(x, y, x + 20, y, entry.color, css="", dash=entry.dash, thick=2.5)
    elif entry.form == "dot":
        drawing.dot(x + 10, y, entry.color)
    elif entry.form == "diamond":
        drawing.diamond(x + 10, y, entry.color)
    elif entry.form == "cross":
        drawing.line(x + 5, y - 5, x + 15, y + 5, entry.color, css="", thick=2.5)
        drawing.line(x + 5, y + 5, x + 15, y - 5, entry.color, css="", thick=2.5)
    elif entry.color:
        drawing.rect(x + 8, y - 5, 11, 11, entry.color)


def _room(entry: Entry) -> float:
    return (_MARK if entry.color else 0) + _LETTER * len(_short(entry.words)) + _GAP


def _short(words: str) -> str:
    line = clean(words)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
