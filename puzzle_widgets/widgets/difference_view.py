"""The choice of two architectures, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

from puzzle_widgets.charts.comparison import Series
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.guard import guard
from puzzle_widgets.widgets.panel import button, row
from puzzle_widgets.widgets.scenario_difference import (
    Difference,
    difference_strip,
    difference_table,
    difference_words,
)

_SHORT = 8


class DifferenceView(widgets.VBox):
    """Choose two of the architectures, the parent among them; see which layers differ.

    Parameters
    ----------
    state
        Gives the objective, and hears of errors.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._state = state
        self._series: Sequence[Series] = ()
        self._long = False
        self._quiet = self._touched = False
        self.first, self.second = _chooser(), _chooser()
        self.words, self.strip, self.table = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.words.add_class("pw-live")
        self.show_all = button("Show all", "Show every layer that differs")
        self.children = (
            row(_named("A", self.first), _named("B", self.second)),
            self.words,
            self.strip,
            self.table,
            row(self.show_all),
        )
        choose = guard(state, lambda *_: self._choose())
        self.first.observe(choose, "value")
        self.second.observe(choose, "value")
        self.show_all.on_click(guard(state, lambda *_: self._toggle()))

    def show(self, series: Sequence[Series]) -> None:
        """Offer these; what the user chose stays chosen where it is still there."""
        chosen = self._chosen(series)
        self._series = series
        self._quiet = True  # offering other choices is no choice of the user's
        for chooser, place in zip((self.first, self.second), chosen, strict=True):
            chooser.options = [(one.name, n) for n, one in enumerate(series)]
            chooser.value = place
        self._quiet = False
        self._refresh()

    def _chosen(self, series: Sequence[Series]) -> tuple[int, int]:
        """Places to choose: the user's own, else the first scenario and the newest."""
        usual = (min(1, len(series) - 2), len(series) - 1)
        if not self._touched:
            return usual
        first = self._place(self.first.value, series, usual[0])
        return first, self._place(self.second.value, series, usual[1])

    def _place(self, old: int, series: Sequence[Series], usual: int) -> int:
        names = [one.name for one in series]
        name = self._series[old].name
        if name in names:
            return names.index(name)
        return old if len(series) == len(self._series) else usual

    def _choose(self) -> None:
        if not self._quiet:
            self._touched = True
            self._refresh()

    def _toggle(self) -> None:
        self._long = not self._long
        self._refresh()

    def _refresh(self) -> None:
        a, b = self._series[self.first.value], self._series[self.second.value]
        difference = Difference(a, b, self._state.objective)
        places = difference.places
        self.words.value = difference_words(difference)
        self.strip.value = difference_strip(difference)
        self.table.value = difference_table(difference, places if self._long else places[:_SHORT])
        self.show_all.layout.display = "" if len(places) > _SHORT else "none"
        self.show_all.description = (
            f"Show the first {_SHORT}" if self._long else f"Show all {len(places)} layers"
        )


def _chooser() -> widgets.Dropdown:
    chooser = widgets.Dropdown(layout=widgets.Layout(width="220px", min_width="0"))
    chooser.add_class("pw-choose")
    return chooser


def _named(words: str, control: widgets.Widget) -> widgets.HBox:
    return row(widgets.HTML(f"<span class='pw-name'>{words}</span>"), control)
