"""The page: its looks, its aids for keys and screen readers, its link that loses nothing."""

from __future__ import annotations

import functools
import logging
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import comm
from traitlets import Unicode

from puzzle_widgets.widgets.guide import guide_page

_STATIC = Path(__file__).parent / "static"
logger = logging.getLogger("puzzle_widgets")

_SCRIPTS = ("outbox.js", "notice.js", "models.js", "page_link.js")
_AIDS = ("panels.js", "guide.js", "page.js")
_LOOKS = (
    "page.css",
    "budgets.css",
    "layout.css",
    "judged.css",
    "why.css",
    "tabs.css",
    "game.css",
    "guide.css",
)
_MOST_PAGES = 64


def joined(*files: str) -> str:
    """Read scripts or style sheets of the page, and put them behind one another."""
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in files)


class PageAids(anywidget.AnyWidget):
    """Invisible: brings the style sheet, names the sliders, lets keys press buttons, has the guide.

    A page that asks for one of :data:`puzzle_widgets.widgets.guide.PAGES` hears its HTML.
    """

    _esm = joined(*_AIDS)
    _css = joined(*_LOOKS)

    def __init__(self) -> None:
        super().__init__()
        self.link = PageLink()
        self.add_class("pw-aids")
        self.on_msg(self._heard)

    def _heard(self, _: object, content: object, __: list[memoryview]) -> None:
        """Give a page of the guide; a name that is none, or no message of ours, is passed over."""
        name = content.get("guide") if isinstance(content, dict) else None
        found = guide_page(name) if isinstance(name, str) else None
        if found is not None:
            self.send({"guide": name, "html": found})


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


class PageLink(anywidget.AnyWidget):
    """Invisible: carries what is done on a page to the widgets it was done to.

    ipywidgets sends a change and waits for a word that it was handled; where a connection drops,
    either may be lost, the widget is deaf from then on, and page and kernel disagree in silence.
    Here a page numbers what is done on it and sends it again until it hears that it is done;
    each is done once, in order. Before each the page is told that it is *taken*, so that it knows
    which of the kernel's words are older than what the person did last.
    """

    _esm = joined(*_SCRIPTS)
    link_id = Unicode().tag(sync=True)

    def __init__(self) -> None:
        own = uuid4().hex
        super().__init__(model_id=own, link_id=own)
        self._done: OrderedDict[str, int] = OrderedDict()
        self.on_msg(self._heard)

    def _heard(self, _: object, content: Any, buffers: list[memoryview]) -> None:  # noqa: ANN401
        try:
            page = str(content["page"])
            if "ask" in content:
                self._tell(page, [str(name) for name in content["ask"]])
            self._do_all(page, list(content.get("acts", ())), buffers)
        except (KeyError, TypeError, ValueError, AttributeError):
            logger.warning("a message of a page is not as it should be", exc_info=True)

    def _do_all(self, page: str, acts: list[dict[str, Any]], buffers: list[memoryview]) -> None:
        if not acts:
            return
        again = False
        for act, own in _with_buffers(acts, buffers):
            number, last = int(act["number"]), self._done.get(page, 0)
            if number <= last:
                again = True
                continue
            if number > last + 1:
                self.send({"page": page, "refused": number})
                return
            self._note(page, number)
            self.send({"page": page, "taken": number})
            _do(str(act["id"]), act["data"], own)
        self.send({"page": page, "done": self._done.get(page, 0), "again": again})

    def _note(self, page: str, number: int) -> None:
        self._done[page] = number
        self._done.move_to_end(page)
        while len(self._done) > _MOST_PAGES:
            self._done.popitem(last=False)

    def _tell(self, page: str, widgets: list[str]) -> None:
        """Send all that these widgets hold; say which are there no more."""
        open_ones = comm.get_comm_manager().comms
        self.send({"page": page, "telling": True})
        for name in widgets:
            _do(name, {"method": "request_state"}, [])
        self.send({"page": page, "told": True, "gone": [n for n in widgets if n not in open_ones]})


def _with_buffers(
    acts: list[dict[str, Any]], buffers: list[memoryview]
) -> Iterator[tuple[dict[str, Any], list[memoryview]]]:
    start = 0
    for act in acts:
        count = int(act.get("buffers", 0))
        yield act, buffers[start : start + count]
        start += count


def _do(widget: str, data: object, buffers: list[memoryview]) -> None:
    """Hand a message to a widget as if it had come by itself; one that has gone hears nothing."""
    line = comm.get_comm_manager().comms.get(widget)
    if line is None:
        return
    try:
        line.handle_msg({"content": {"comm_id": widget, "data": data}, "buffers": buffers})
    except Exception:
        logger.exception("a message of a page could not be carried out")
