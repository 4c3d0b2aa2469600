"""Files that are made when they are asked for, and saved by the browser: Voila serves none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
from traitlets import Dict

from puzzle_widgets.charts import Drawing
from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.guard import guard

_SVG = "image/svg+xml"


class FileSaver(anywidget.AnyWidget):
    """Invisible: hands files to the browser.

    Parameters
    ----------
    state
        Hears of what cannot be saved.
    """

    _esm = Path(__file__).parent / "static" / "saver.js"
    file = Dict().tag(sync=True)

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._count = 0
        self._tell = guard(state, self._failed)
        self.add_class("pw-aids")
        self.on_msg(self._tell)

    def save(self, name: str, text: str, kind: str, *, png: bool = False) -> None:
        """Save text under a name; an SVG as PNG where that is asked."""
        self._count += 1  # so that the same file can be saved twice
        self.file = {"name": name, "text": text, "kind": kind, "png": png, "count": self._count}

    def save_picture(self, drawing: Drawing, stem: str, *, png: bool) -> None:
        """Save a picture as SVG, or as PNG, which is always light."""
        svg = str(drawing.to_svg(adaptive=not png))
        self.save(f"{stem}.{'png' if png else 'svg'}", svg, _SVG, png=png)

    def _failed(self, _: object, content: dict[str, Any], __: object) -> None:
        raise PuzzleError(f"The file could not be saved: {content.get('failed')}. Try SVG instead.")
