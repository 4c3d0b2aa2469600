"""Undo and redo: two buttons, which the page presses for Ctrl+Z, and words for what they did."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.panel import Following, symbol_button

_SAID = Markup("<span class='pw-aside'>{}: {}.</span>")


class HistoryButtons(Following, widgets.HBox):
    """Take back what was decided last, and do it again; a screen reader hears what it was.

    Parameters
    ----------
    state
        Whose changes to undo.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.undo = symbol_button("\u21b6", "Undo", css="pw-undo")
        self.redo = symbol_button("\u21b7", "Redo", css="pw-redo")
        self.said = widgets.HTML()
        for name in ("pw-live", "pw-aside"):
            self.said.add_class(name)
        self.children = (self.undo, self.redo, self.said)
        for name in ("pw-row", "pw-history"):
            self.add_class(name)
        self.clicked(self.undo, lambda: self._do(state.undo, "Undone"))
        self.clicked(self.redo, lambda: self._do(state.redo, "Redone"))
        self.when("undoable", "redoable", do=self._show)

    def _do(self, act: Callable[[], str], done: str) -> None:
        words = act()
        if words:
            self.said.value = ""  # so that the same words are said again
            self.said.value = _SAID.format(done, words)

    def _show(self) -> None:
        for control, name, keys, words in (
            (self.undo, "Undo", "Ctrl+Z", self.state.undoable),
            (self.redo, "Redo", "Ctrl+Shift+Z", self.state.redoable),
        ):
            control.disabled = not words
            control.tooltip = (
                f"{name}: {words} ({keys})" if words else f"{name}: nothing to {name.lower()}"
            )
