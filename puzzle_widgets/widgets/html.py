"""HTML from untrusted words: everything that is not markup of ours is escaped."""

from __future__ import annotations

import base64
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

Cell = str | Markup


def table(
    head: Sequence[Cell],
    rows: Sequence[Sequence[Cell]],
    *,
    caption: str = "",
    chosen: Container[int] = (),
) -> Markup:
    """Build a table; the first column names its row, the others are figures.

    Parameters
    ----------
    head
        Column titles.
    rows
        Cells; plain strings are escaped, ``Markup`` is taken as it is.
    caption
        Read out before the table, and not shown.
    chosen
        Places of the rows that stand out; the cells have to say why, too.
    """
    title = Markup("<caption class='pw-aside'>{}</caption>").format(caption) if caption else ""
    tops = Markup("").join(Markup("<th scope='col'>{}</th>").format(cell) for cell in head)
    body = Markup("").join(_row(row, chosen=n in chosen) for n, row in enumerate(rows))
    return Markup(
        "<div class='pw-scroll'><table class='pw-table'>{}<thead><tr>{}</tr></thead>"
        "<tbody>{}</tbody></table></div>"
    ).format(title, tops, body)


def _row(cells: Sequence[Cell], *, chosen: bool) -> Markup:
    first = Markup("<th scope='row'>{}</th>").format(cells[0])
    rest = Markup("").join(Markup("<td>{}</td>").format(cell) for cell in cells[1:])
    css = Markup(" class='pw-chosen'") if chosen else ""
    return Markup("<tr{}>{}{}</tr>").format(css, first, rest)


def download_link(text: str, file: str, content: str | bytes, kind: str) -> Markup:
    """Build a link that saves a file without a server, as Voila serves none.

    Parameters
    ----------
    text
        What the link says.
    file
        Name of the file that is saved.
    content
        What it holds.
    kind
        Media type, such as ``"text/csv"``.
    """
    plain = content.encode("utf-8") if isinstance(content, str) else content
    data = base64.b64encode(plain).decode("ascii")
    return Markup("<a class='pw-button' download='{}' href='data:{};base64,{}'>{}</a>").format(
        file, kind, data, text
    )


def legend(entries: Sequence[tuple[str, str]]) -> Markup:
    """Build a line of color keys, ``(color, words)`` each."""
    keys = [
        Markup("<span class='pw-key'><i style='background:{}'></i>{}</span>").format(color, words)
        for color, words in entries
    ]
    return Markup("<div class='pw-legend'>{}</div>").format(Markup("").join(keys))


def heading(words: str, aside: str = "") -> Markup:
    """Build a card's title with a quieter remark behind it."""
    return Markup("<h2 class='pw-title'>{}</h2><span class='pw-remark'>{}</span>").format(
        escape(words), escape(aside)
    )


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
    rows = _joined(_card_row(line, head, css) for line in lines)
    return Markup(
        "<div class='pw-cards'><table class='pw-table'><caption class='pw-aside'>{}</caption>"
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, tops, rows)


def _card_row(line: Line, head: Sequence[str], css: Sequence[str]) -> Markup:
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
