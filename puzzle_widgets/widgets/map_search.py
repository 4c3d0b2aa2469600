"""The line that starts, stops and reports the search of a map."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.widgets.panel import button, row


class SearchLine:
    """A button that searches or stops, a progress bar, and what became of it.

    Parameters
    ----------
    what
        What is searched, such as ``"the surface"``.
    of
        What is counted, such as ``"cells"``.
    """

    def __init__(self, what: str, of: str) -> None:
        self._words, self._of = f"Compute {what}", of
        self.button = button(self._words)
        self.progress = widgets.IntProgress(layout=widgets.Layout(width="140px"))
        self.count = widgets.HTML()
        self.said = widgets.HTML()
        self.said.add_class("pw-live")
        self.running = row(self.progress, self.count, css="pw-progress")
        self.box = row(self.button, self.running, self.said, css="pw-map-search")

    def show(self, counts: tuple[int, int] | None, *, running: bool) -> None:
        """Show how far the search is: cells done and asked, or ``None`` before it."""
        done, asked = counts or (0, 1)
        with self.progress.hold_sync():
            self.progress.max, self.progress.value = asked, done
        self.count.value = f"{done} of {asked} {self._of}" if counts else "Searching …"
        self.running.layout.display = None if running else "none"
        again = counts is not None and not running
        self.button.description = "Stop" if running else "Compute again" if again else self._words
        self.button.tooltip = "Stop the search" if running else self._words

    def say(self, words: str, *, warn: bool = False) -> None:
        """Say what became of the search."""
        css = "pw-warn" if warn else "pw-quiet"
        self.said.value = Markup("<span class='{}'>{}</span>").format(css, words)


def named(words: str, child: widgets.Widget) -> widgets.HBox:
    """Set a name before a control; the row gives it to screen readers."""
    name = widgets.HTML(Markup("<span class='pw-name'>{}</span>").format(words))
    return row(name, child, css="pw-named")
