"""HTML from untrusted words: everything that is not markup of ours is escaped."""

from __future__ import annotations

import base64
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

Cell = str | Markup
NOTHING = Markup("")
NO_TITLES: Mapping[int, str] = {}

_TEMPLATES = Environment(autoescape=True, undefined=StrictUndefined)
_TABLE = """
<div class='pw-scroll'><table class='pw-table'>
{%- if caption %}<caption class='pw-aside'>{{ caption }}</caption>{% endif -%}
<thead><tr>{% for cell in head %}<th scope='col'>{{ cell }}</th>{% endfor %}</tr></thead><tbody>
{%- for row in rows -%}
<tr{% if loop.index0 in chosen %} class='pw-chosen'{% endif %}><th scope='row'>{{ row[0] }}</th>
{%- for cell in row[1:] %}<td>{{ cell }}</td>{% endfor %}</tr>
{%- endfor %}</tbody></table></div>
"""
_CARDS = """
<div class='pw-cards'><table class='pw-table'><caption class='pw-aside'>{{ caption }}</caption>
<thead><tr>
{%- for title in head %}<th scope='col' class='{{ css[loop.index0] }}'>
{%- if loop.index0 in brief %}<span class='pw-long'>{{ title }}</span>
{#- #}<span class='pw-brief'>{{ brief[loop.index0] }}</span>
{%- else %}{{ title }}{% endif %}</th>{% endfor -%}
</tr></thead><tbody>
{%- for line in lines -%}
<tr class='{{ line.css }}'><th scope='row'
{%- if line.cells[0] is not escaped %} data-label='{{ head[0] }}'{% endif %}>
{{- line.cells[0] }}</th>
{%- for cell in line.cells[1:] -%}
<td class='{{ css[loop.index] }}' data-label='{{ head[loop.index] }}'><span>{{ cell }}</span></td>
{%- endfor %}</tr>
{%- endfor %}</tbody></table></div>
"""
_FOLDED = """
<details class='pw-measured'><summary>{{ title }} ({{ items | length }})</summary>
<ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul></details>
"""

# Filled by "%", here and where a slider moves: it takes a third of what format does.
_HEADING = Markup("<h2 class='pw-title'>%s</h2>%s<span class='pw-remark'>%s</span>")


def render(template: str, **given: object) -> Markup:
    """Fill a template of jinja2; strings are escaped, ``Markup`` is taken as it is."""
    return Markup(_compiled(template).render(**given))  # noqa: S704 - escaped by the template


@cache
def _compiled(template: str) -> Template:
    return _TEMPLATES.from_string(template.strip())


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
    head, rows
        Column titles, and cells.
    caption
        Read out before the table, and not shown.
    chosen
        Places of the rows that stand out; the cells have to say why, too.
    """
    return render(_TABLE, head=head, rows=rows, caption=caption, chosen=chosen)


@dataclass(frozen=True)
class Line:
    """A row: what it is about, its other cells, and a class for its looks."""

    cells: Sequence[Cell]
    css: str = ""


def card_table(
    head: Sequence[str],
    lines: Sequence[Line],
    *,
    caption: str,
    words: Collection[int] = (),
    minor: Collection[int] = (),
    brief: Mapping[int, str] = NO_TITLES,
) -> Markup:
    """Build a table whose rows become cards where the page is narrow.

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
    minor
        Places of columns that a table can do without where it stays one although it is narrow.
    brief
        Titles, by their place, of columns that say less there.
    """
    looks = {"pw-words": words, "pw-minor": minor}
    css = [" ".join(name for name in looks if n in looks[name]) for n in range(len(head))]
    return render(_CARDS, head=head, lines=lines, css=css, caption=caption, brief=brief)


def folded_list(title: str, items: Sequence[Cell]) -> Markup:
    """List items beneath a line that opens by key or click; empty where there are none."""
    return render(_FOLDED, title=title, items=items) if items else Markup("")


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


@lru_cache(maxsize=64, typed=True)  # "<b>" and Markup("<b>") are equal, and not the same
def heading(words: str, aside: str = "", after: Markup = NOTHING) -> Markup:
    """Build a card's title, what comes after it, and a quieter remark."""
    return _HEADING % (words, after, aside)
