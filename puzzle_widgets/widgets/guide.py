"""The guide: pages of the documentation, as a sheet shows them, and the buttons that open it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from markupsafe import Markup

from puzzle_widgets.resources import docs_folder

if TYPE_CHECKING:
    from markdown_it.token import Token

PAGES = (
    "build.md",
    "command-line.md",
    "datasets.md",
    "explorer.md",
    "export.md",
    "formats.md",
    "glossary.md",
    "python.md",
    "reasons.md",
    "search-speed.md",
    "serving.md",
    "workshop.md",
)
"""The pages that ship with the package; links to other pages are words alone."""
HOME = "explorer.md"
_BUTTON = Markup(
    "<button type='button' class='pw-guide' data-guide='{0}' aria-label='Guide: {1}' "
    "title='What this shows and does'>?</button>"
)
_RAW = ("html_block", "html_inline")  # comments, and what nobody has checked


@functools.cache
def guide_button(section: str, words: str) -> Markup:
    """Build the question mark that opens a section of the page on the explorer.

    Parameters
    ----------
    section
        Anchor of the section, such as ``"pareto-front"``.
    words
        What it is about, for those who do not see where it stands.

    Examples
    --------
    >>> from puzzle_widgets.widgets.guide import guide_button
    >>> "data-guide='explorer.md#why'" in guide_button("why", "Why")
    True
    """
    return _BUTTON.format(f"{HOME}#{section}", words)


@functools.cache
def guide_page(name: str) -> Markup | None:
    """Give a page as HTML; ``None`` for a name that is none of :data:`PAGES`.

    Links to other pages become buttons with ``data-guide``, those to the web open a tab of their
    own, and all others are words. Headings have the anchors that a forge gives them, after
    ``pw-guide-``. Raw HTML is left out.

    Examples
    --------
    >>> from puzzle_widgets.widgets.guide import guide_page
    >>> 'id="pw-guide-why"' in guide_page("explorer.md")
    True
    """
    if name not in PAGES:
        return None
    # What makes HTML of Markdown is loaded when somebody asks.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    reader = MarkdownIt("commonmark").enable("table")
    tokens = reader.parse((docs_folder() / name).read_text(encoding="utf-8"))
    shown = list(_prepared(tokens, name))
    return Markup(reader.renderer.render(shown, reader.options, {}))  # noqa: S704 - no raw HTML


def anchor(words: str) -> str:
    """Give the anchor that a forge makes of a heading.

    Examples
    --------
    >>> from puzzle_widgets.widgets.guide import anchor
    >>> anchor("Links, and `reloads`")
    'links-and-reloads'
    """
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


def _prepared(tokens: list[Token], page: str) -> Iterator[Token]:
    for place, token in enumerate(tokens):
        if token.type in _RAW:
            continue
        if token.type == "heading_open":
            token.attrSet("id", f"pw-guide-{anchor(_plain(tokens[place + 1]))}")
        if token.children:
            token.children = list(_inline(token.children, page))
        if token.type == "table_open":
            yield _own(token, "<div class='pw-scroll'>")
        yield token
        if token.type == "table_close":
            yield _own(token, "</div>")


def _own(token: Token, html: str) -> Token:
    """Markup of ours beside a part of the page."""
    return token.copy(type="html_block", content=html)


def _plain(heading: Token) -> str:
    words = (one for one in heading.children or () if one.type in ("text", "code_inline"))
    return "".join(one.content for one in words)


def _inline(tokens: list[Token], page: str) -> Iterator[Token]:
    """Give the parts of a line, links as the sheet can follow them, pictures as their words."""
    tag = ""  # of the link that is open
    for token in tokens:
        if token.type in _RAW:
            continue
        if token.type == "link_open":
            tag = _link(token, page)
        if token.type in ("link_open", "link_close"):
            token.tag = tag
            if not tag:
                continue
        yield token.copy(type="text") if token.type == "image" else token


def _link(token: Token, page: str) -> str:
    """Turn a link into what the sheet can follow; its tag, or nothing where there is no such."""
    address = urlsplit(str(token.attrGet("href") or ""))
    if address.scheme in ("http", "https"):
        more = {"target": "_blank", "rel": "noopener noreferrer"}
        token.attrs = {"href": address.geturl(), **more}
        return "a"
    target = address.path or page
    if address.scheme or address.netloc or target not in PAGES:
        return ""
    fragment = f"#{address.fragment}" if address.fragment else ""
    token.attrs = {"type": "button", "class": "pw-link", "data-guide": target + fragment}
    return "button"
