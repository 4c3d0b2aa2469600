"""Kept scenarios side by side: one view at a time, drawn only while it is the one to see."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.handover.pictures import Drawing, comparison_picture
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import MEMORY, RUNTIME
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.difference_view import DifferenceView
from puzzle_widgets.widgets.guard import guard
from puzzle_widgets.widgets.scenario_bars import speed_bars
from puzzle_widgets.widgets.scenario_series import (
    Series,
    parent_series,
    scenario_series,
    series_legend,
)
from puzzle_widgets.widgets.scenario_spread import spread_table
from puzzle_widgets.widgets.step_chart import StepChart

SCORES, SPREAD, SPEED, DIFFERENCE = "scores", "spread", "speed", "difference"


class Comparison(widgets.VBox):
    """Comparison of a state's scenarios, by layer and in all.

    Parameters
    ----------
    state
        Gives the scenarios, the parent and the objective, and hears of errors.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._state = state
        self.view = widgets.ToggleButtons(style={"button_width": "auto"})
        self.view.add_class("pw-views")
        self.log_scale = widgets.Checkbox(description="Logarithmic scale", indent=False)
        self.words, self.says = widgets.HTML(), widgets.HTML()
        self.linear_chart = StepChart(state.library.layers)
        self.log_chart = StepChart(state.library.layers, log=True)
        self.difference = DifferenceView(state)
        self.children = (self.view,)
        refresh = guard(state, lambda *_: self.refresh())
        self.view.observe(refresh, "value")
        self.log_scale.observe(refresh, "value")

    def offer_views(self) -> None:
        """Offer the views that the library has figures for."""
        options = _views(self._state.library)
        if list(self.view.options) != options:
            self.view.options = options
        if self.view.value is None:
            self.view.value = options[0][1]

    def refresh(self) -> None:
        """Draw the view that is chosen."""
        if not self._state.scenarios:
            return
        view, scenarios = self.view.value, scenario_series(self._state.scenarios)
        both = [parent_series(self._state.parent), *scenarios]
        if view == DIFFERENCE:
            self.difference.show(both)
            self._lay_out(self.difference)
        elif view == SPEED:
            self.says.value = speed_bars(both)
            self._lay_out(self.says)
        elif view == SPREAD:
            self._draw_spread(scenarios)
        elif view == SCORES:
            self._draw_layers(scenarios, self._state.objective, log=self.log_scale.value)
            self._lay_out(self.words, self.log_scale, self._chart.figure, self.says)
        else:
            self._draw_layers(both, view, log=False)
            self._lay_out(self.words, self.linear_chart.figure)

    def picture(self) -> Drawing | None:
        """Draw the scenarios by layer: by what the view shows, by the score where it is none."""
        scenarios, view = self._state.scenarios, self.view.value
        if not scenarios:
            return None
        known = view in self._state.library.keys
        return comparison_picture(scenarios, view if known else self._state.objective)

    @property
    def _chart(self) -> StepChart:
        return self.log_chart if self.log_scale.value else self.linear_chart

    def _draw_layers(self, series: Sequence[Series], key: str, *, log: bool) -> None:
        quantity = self._state.library.quantity(key)
        chart = self.log_chart if log else self.linear_chart
        chart.name_values(quantity.title)
        chart.by_layer(self._state.library.layers, series, key)
        sums = [f"{quantity.text(one.solution.totals[key])} in all" for one in series]
        self.words.value = series_legend(series, sums)
        self.says.value = _at_foot(series, key) if log else ""

    def _draw_spread(self, series: Sequence[Series]) -> None:
        key = self._state.objective
        quantity = self._state.library.quantity(key)
        self._chart.name_values(quantity.title)
        self._chart.by_rank(self._state.library.layers, series, key)
        self.words.value = Markup(
            "<p class='pw-says'>{} of each layer, from the highest to the lowest: a curve that "
            "starts high and falls fast has most of its sum in few layers.</p>"
        ).format(quantity.label)
        foot = _at_foot(series, key) if self.log_scale.value else Markup("")
        self.says.value = foot + spread_table(series, key)
        self._lay_out(self.words, self.log_scale, self._chart.figure, self.says)

    def _lay_out(self, *children: widgets.Widget) -> None:
        wanted = (self.view, *children)
        if self.children != wanted:
            self.children = wanted


def _views(library: BlockLibrary) -> list[tuple[str, str]]:
    keys = [key for key in (RUNTIME, MEMORY) if key in library.keys] or list(library.costs[:2])
    views = [(f"{library.quantity(key).label} by layer", key) for key in keys]
    views += [("Score by layer", SCORES), ("Score distribution", SPREAD)]
    if RUNTIME in library.keys:
        known = library.throughput(1.0) is not None
        views.append(("Throughput" if known else "Runtime in all", SPEED))
    return [*views, ("Difference", DIFFERENCE)]


def _at_foot(series: Sequence[Series], key: str) -> Markup:
    """Say that a logarithmic scale has no place for 0."""
    if all(value > 0 for one in series for value in one.values(key)):
        return Markup("")
    return Markup("<p class='pw-says'>Layers with a score of 0 stand at the foot.</p>")
