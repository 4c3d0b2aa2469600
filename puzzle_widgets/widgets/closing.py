"""Closing widgets with all that only they hold.

ipywidgets closes one widget at a time: its layout, style and children, and the marks, axes and
scales of a chart, would stay in the kernel's memory and on the page for as long as both run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import ipywidgets as widgets

from puzzle_widgets.widgets.page import PageAids


def discard(*gone: widgets.Widget) -> None:
    """Close widgets and everything below them; what many places show at once stays open."""
    for one in gone:
        if one.comm is None or isinstance(one, PageAids):
            continue
        below = held(one)
        one.close()
        discard(*below)


def held(holder: widgets.Widget) -> list[widgets.Widget]:
    """The widgets that a widget has made or was given, as far as the page knows of them."""
    names = [name for name in holder.keys if holder.trait_has_value(name)]
    return [part for name in names for part in _widgets_in(getattr(holder, name))]


def _widgets_in(value: Any) -> Iterator[widgets.Widget]:  # noqa: ANN401 - any trait's value
    if isinstance(value, widgets.Widget):
        yield value
    elif isinstance(value, list | tuple | Mapping):
        parts: Iterable[Any] = value.values() if isinstance(value, Mapping) else value
        for part in parts:
            yield from _widgets_in(part)
