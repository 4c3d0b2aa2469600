"""The points of the front as a panel of its own: to sort, filter, pick, save and download."""

from __future__ import annotations

import ipywidgets as widgets

from puzzle_widgets.widgets.panel import Panel
from puzzle_widgets.widgets.sweeps.front import outcome_words, title_words
from puzzle_widgets.widgets.sweeps.points import PointTable


class FrontTable(Panel):
    """The points of the front as a table: sorted, filtered, picked, saved, downloaded.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> table = pw.FrontTable(state)
    >>> state.set_front("stats.memory_mib")
    >>> len(table.points.rows) == len(state.front.solutions)
    True
    >>> table.close()
    """

    title = "Points of the front"
    css_class = "pw-front-table"
    guide = "pareto-front"

    def build(self) -> list[widgets.Widget]:
        """Make the table, and the words in its place without a front."""
        self.points = self.own(PointTable(self.state))
        self.said = widgets.HTML()
        self.said.add_class("pw-live")
        return [self.said, self.points, self.points.saver]

    def bind(self) -> None:
        """Follow the front."""
        self.when("front", "front_resource", "front_running", "front_held", do=self._say)
        self.when("library", "front_resource", "objective", do=self._show_title)

    def _show_title(self) -> None:
        self.head.value = self.heading(title_words(self.state))

    def _say(self) -> None:
        """Say that there is nothing to list yet, or how far the search is."""
        front = self.points.front
        words = outcome_words(self.state, front) or "Searching \u2026"
        self.said.value = words
        empty = front is None or not front.solutions
        self.points.layout.display = "none" if empty else ""
