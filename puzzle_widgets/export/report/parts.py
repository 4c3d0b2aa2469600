"""Pieces of a report's HTML: everything that is not markup of ours is escaped."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from markupsafe import Markup

from puzzle_widgets.charts import Figure, draw

Cell = str | Markup


def table(
    head: Sequence[Cell], rows: Sequence[Sequence[Cell]], *, words: Container[int] = (0,)
) -> Markup:
    """Build a table; columns of ``words`` stand to the left, figures to the right."""
    tops = Markup("").join(
        Markup("<th scope='col'{}>{}</th>").format(_css(n, words), cell)
        for n, cell in enumerate(head)
    )
    body = Markup("").join(_row(row, words) for row in rows)
    return Markup(
        "<div class='wide'><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(tops, body)


def drawn(figure: Figure) -> Markup:
    """Put a chart on the page; narrow pages scroll it."""
    return Markup("<figure class='wide'>{}</figure>").format(draw(figure).to_svg(alone=False))


def facts(pairs: Mapping[str, Cell]) -> Markup:
    """List facts under their names."""
    lines = [Markup("<dt>{}</dt><dd>{}</dd>").format(name, said) for name, said in pairs.items()]
    return Markup("<dl>{}</dl>").format(Markup("").join(lines))


def folded(summary: str, inner: Markup) -> Markup:
    """Fold away what is long; a click opens it, without any script."""
    return Markup("<details><summary>{}</summary>{}</details>").format(summary, inner)


def _row(cells: Sequence[Cell], words: Container[int]) -> Markup:
    first = Markup("<th scope='row'>{}</th>").format(cells[0])
    rest = [
        Markup("<td{}>{}</td>").format(_css(n, words), cell) for n, cell in enumerate(cells[1:], 1)
    ]
    return Markup("<tr>{}{}</tr>").format(first, Markup("").join(rest))


def _css(place: int, words: Container[int]) -> Markup:
    return Markup(" class='words'") if place in words else Markup("")
