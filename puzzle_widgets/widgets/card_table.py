"""A table that turns into a card a row where it is given little width."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from puzzle_widgets.widgets.html import Cell


@dataclass(frozen=True)
class Line:
    """A row: what it is about, its other cells, and a class for its looks."""

    cells: Sequence[Cell]
    css: str = ""


def card_table(
    head: Sequence[str], lines: Sequence[Line], *, caption: str, words: Collection[int] = ()
) -> Markup:
    """Build the table; strings are escaped, ``Markup`` is taken as it is.

    Parameters
    ----------
    head
        Column titles, with units; on cards they stand before each figure.
    lines
        Rows; the first cell names its row, and on cards has its column's title before it where it
        is a plain string.
    caption
        Read out before the table, and not shown.
    words
        Places of columns that hold words, which are set to the left.
    """
    css = ["pw-words" if place in words else "" for place in range(len(head))]
    tops = _joined(
        Markup("<th scope='col' class='{}'>{}</th>").format(c, title)
        for c, title in zip(css, head, strict=True)
    )
    rows = _joined(_row(line, head, css) for line in lines)
    return Markup(
        "<div class='pw-cards'><table class='pw-table'><caption class='pw-aside'>{}</caption>"
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, tops, rows)


def _row(line: Line, head: Sequence[str], css: Sequence[str]) -> Markup:
    cells = _joined(
        Markup("<td class='{}' data-label='{}'><span>{}</span></td>").format(c, title, cell)
        for c, title, cell in zip(css[1:], head[1:], line.cells[1:], strict=True)
    )
    name = line.cells[0]
    about = Markup("") if isinstance(name, Markup) else Markup(" data-label='{}'").format(head[0])
    return Markup("<tr class='{}'><th scope='row'{}>{}</th>{}</tr>").format(
        line.css, about, name, cells
    )


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)
