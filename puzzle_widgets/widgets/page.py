"""The page's looks and its keyboard and screen-reader aids, for every front end alike."""

from __future__ import annotations

import functools
from pathlib import Path

import anywidget

from puzzle_widgets.widgets.page_link import PageLink

_STATIC = Path(__file__).parent / "static"


class PageAids(anywidget.AnyWidget):
    """Invisible: brings the style sheet, names the sliders, and lets keys press buttons."""

    _esm = _STATIC / "page.js"
    _css = _STATIC / "page.css"

    def __init__(self) -> None:
        super().__init__()
        self.link = PageLink()
        self.add_class("pw-aids")


def page_aids() -> PageAids:
    """The one instance of this process; it may be shown in many places."""
    made = _aids()
    if made.comm is None:  # closed, as by Widget.close_all
        _aids.cache_clear()
        made = _aids()
    return made


@functools.cache
def _aids() -> PageAids:
    return PageAids()
