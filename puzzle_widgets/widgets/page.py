"""The page's looks and its keyboard and screen-reader aids, for every front end alike."""

from __future__ import annotations

import functools
from pathlib import Path

import anywidget

_STATIC = Path(__file__).parent / "static"


class PageAids(anywidget.AnyWidget):
    """Invisible: brings the style sheet, names the sliders, and lets keys press buttons."""

    _esm = _STATIC / "page.js"
    _css = _STATIC / "page.css"


@functools.cache
def page_aids() -> PageAids:
    """The one instance of this process; it may be shown in many places."""
    aids = PageAids()
    aids.add_class("pw-aids")
    return aids
