"""Two buttons under a chart that save it as a picture with title, axes and legend."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from puzzle_widgets.charts import Drawing
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.file_saver import FileSaver
from puzzle_widgets.widgets.guard import guard
from puzzle_widgets.widgets.panel import button, row

Draw = Callable[[], Drawing | None]


def picture_buttons(state: ExplorerState, what: str, stem: str, draw: Draw) -> widgets.HBox:
    """Make the buttons.

    Parameters
    ----------
    state
        Hears of what cannot be drawn.
    what
        What is saved, such as ``"the front"``; read out with each button.
    stem
        Name of the file without its ending.
    draw
        Draws it anew when a button is pressed; ``None`` where there is nothing yet.
    """
    saver = FileSaver(state)

    def save(*, png: bool) -> None:
        drawing = draw()
        if drawing is None:
            state.say("There is no picture to save yet. Search first.", "error")
        else:
            saver.save_picture(drawing, stem, png=png)

    svg = button("Save SVG", f"Save a picture of {what} as SVG")
    png = button("Save PNG", f"Save a picture of {what} as PNG")
    svg.on_click(guard(state, lambda *_: save(png=False)))
    png.on_click(guard(state, lambda *_: save(png=True)))
    return row(svg, png, saver, css="pw-save")
