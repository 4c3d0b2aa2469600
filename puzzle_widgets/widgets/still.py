"""The picture that a saved notebook shows where no kernel is: of the last settled answer."""

from __future__ import annotations

import asyncio
import base64
import os
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, publish_display_data
from traitlets import Int, Unicode

from puzzle_widgets.charts import Drawing, draw
from puzzle_widgets.charts.about import about
from puzzle_widgets.charts.display import plot_front
from puzzle_widgets.charts.layers import layers_figure
from puzzle_widgets.charts.svg import WIDTH, stack
from puzzle_widgets.problem.budget_rows import settings_of
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.background import running_loop
from puzzle_widgets.sweeps import ParetoFront
from puzzle_widgets.widgets.panel import Following, guard
from puzzle_widgets.widgets.status import sentence

SETTLED_SECONDS = 1.0
MAX_PNG_BYTES = 4 * 2**20
MARK = "pw-still"
_SEARCH_SECONDS, _LETTERS, _MOST = 2.0, 118, 4
_SIZES = {"image/png": {"width": WIDTH}}  # it is drawn at twice its size
_PNG = b"\x89PNG\r\n\x1a\n"
_STATIC = Path(__file__).parent / "static"
Draw = Callable[[], Drawing | None]


class StillPicture(Following, anywidget.AnyWidget):
    """Keeps a picture in an output of its own, which the page hides while the widget lives.

    Front ends show a dead widget as an error and nothing else that is in the same output; an
    output of its own is shown by all of them, also where a notebook is only read. The page draws
    the PNG for those that show no SVG.

    Parameters
    ----------
    state
        Whose answer is shown.
    picture
        Draws it; ``None`` where there is nothing to draw yet.
    """

    _esm = "\n".join(
        (_STATIC / name).read_text(encoding="utf-8") for name in ("png.js", "still.js")
    )
    svg = Unicode().tag(sync=True)
    number = Int(0).tag(sync=True)

    def __init__(self, state: ExplorerState, picture: Draw) -> None:
        super().__init__()
        self.state = state
        self.words = ""
        self._picture = picture
        self._outputs: list[DisplayHandle] = []
        self._png = ""
        self._settling: asyncio.TimerHandle | None = None
        self.on_msg(guard(state, self._heard))
        self._draw()
        traits = ("shown", "updating", "front", "surface", "decisions", "reference", "measured")
        self.when(*traits, do=self._later, now=False)

    @property
    def data(self) -> dict[str, str]:
        """The picture as notebooks keep it, by media type."""
        kept = {"text/plain": self.words, "image/svg+xml": self.svg, "image/png": self._png}
        return {kind: content for kind, content in kept.items() if content}

    def show(self) -> None:
        """Put the picture into an output of its own, which is renewed from now on."""
        if self.data:
            output = DisplayHandle()
            output.display(self.data, metadata=_SIZES, raw=True)
            self._outputs.append(output)

    def close(self) -> None:
        """Draw nothing more; the picture stays."""
        if self._settling is not None:
            self._settling.cancel()
        super().close()

    def _later(self) -> None:
        """Draw once nothing has changed for a moment."""
        if self._settling is not None:
            self._settling.cancel()
        loop = running_loop()
        if loop is None:
            self._renew()
        else:
            self._settling = loop.call_later(SETTLED_SECONDS, guard(self.state, self._renew))

    def _renew(self) -> None:
        before = self.number
        self._draw()
        if self.number != before:
            self._update()

    def _draw(self) -> None:
        drawing = self._picture()
        if drawing is not None:
            mark = f"<svg id='{MARK}'"
            svg = str(drawing.to_svg(adaptive=False)).replace("<svg", mark, 1)
            if svg != self.svg:
                self._png, self.words = "", drawing.title
                with self.hold_sync():
                    self.svg, self.number = svg, self.number + 1

    def _update(self) -> None:
        for output in self._outputs:
            output.update(self.data, metadata=_SIZES, raw=True)

    def _heard(self, _: object, content: object, buffers: list[memoryview]) -> None:
        """Take the PNG that the page has drawn, if it is of the picture that stands now."""
        said = content if isinstance(content, Mapping) else {}
        png = bytes(buffers[0]) if buffers and len(buffers[0]) <= MAX_PNG_BYTES else b""
        if said.get("of") == self.number and png.startswith(_PNG):
            self._png = base64.b64encode(png).decode("ascii")
            self._update()


def show_in_notebook(widget: Any, picture: Draw) -> None:  # noqa: ANN401 - a box on a state
    """Show a widget as ipywidgets does, and below it, in a notebook, the picture of its answer.

    Parameters
    ----------
    widget
        A box with a ``state``.
    picture
        Draws what is shown; ``None`` where the answer and its figures say more.
    """
    still = _still_of(widget, picture) if is_notebook() else None
    publish_display_data(widget._repr_mimebundle_())
    if still is not None:
        still.show()


def _still_of(widget: Any, picture: Draw) -> StillPicture:  # noqa: ANN401
    """The widget's picture, made where it is shown for the first time."""
    for one in widget.children:
        if isinstance(one, StillPicture):
            return one
    still = StillPicture(widget.state, lambda: picture() or answer_picture(widget.state))
    widget.children = (*widget.children, still)
    return still


def is_notebook() -> bool:
    """Whether a kernel runs for a notebook that can be saved, which pages of Voila cannot."""
    served = os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
    return hasattr(get_ipython(), "kernel") and not served


def answer_picture(state: ExplorerState) -> Drawing | None:
    """Draw what is shown: its figures in words, the front where it is known, and the layers."""
    shown = state.shown or _found_now(state)
    if shown is None:
        return None
    current = state.selection.kind == "current"
    rows = state.budgets if current else settings_of(shown.problem)
    said = textwrap.wrap(sentence(shown, rows, state.shown_name), _LETTERS, max_lines=_MOST)
    lines = [state.library.name, *said]
    title = f"{state.library.name}: {' '.join(said)}"
    return about(stack(lines, *_charts(state, shown), title=title), shown, _front_of(state))


def _charts(state: ExplorerState, shown: Solution) -> list[Drawing]:
    if not shown.found:
        return []
    front = _front_of(state)
    fronts = [] if front is None else [plot_front(front, shown)]
    return [*fronts, draw(layers_figure(shown, state.looks.layers))]


def _front_of(state: ExplorerState) -> ParetoFront | None:
    """The front, where it has points."""
    return state.front if state.front is not None and state.front.solutions else None


def _found_now(state: ExplorerState) -> Solution | None:
    """The answer to what is asked, where the background has not brought it yet."""
    return None if state.question else search(state.problem, time_limit=_SEARCH_SECONDS)
