"""The bqplot figure of the Pareto plot; its marks are made once and updated in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import bqplot as bq
import ipywidgets as widgets
import numpy as np

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.state.limits import limit_quantity
from puzzle_widgets.widgets.palette import FRONT, LIMIT, PARENT, SELECTED
from puzzle_widgets.widgets.pareto_axis import Span, tick_labels, ticks_of
from puzzle_widgets.widgets.pareto_picture import Picture, Spot

_HOLLOW = "var(--pw-card)"
_MARGIN = {"top": 12, "bottom": 50, "left": 62, "right": 18}


class ParetoChart:
    """Line, points, and what stands beside them; see :class:`Picture` for the meaning."""

    def __init__(self) -> None:
        self.x_scale, self.y_scale = bq.LinearScale(), bq.LinearScale()
        self._scales = {"x": self.x_scale, "y": self.y_scale}
        self.x_axis = bq.Axis(scale=self.x_scale, grid_lines="none", label_offset="36px")
        self.y_axis = bq.Axis(
            scale=self.y_scale, side="left", grid_lines="solid", label_offset="44px"
        )
        self.limits = self._lines(LIMIT, line_style="dashed", stroke_width=2)
        self.limits.scales = {"x": self.x_scale, "y": bq.LinearScale(min=0.0, max=1.0)}
        self.line = self._lines(PARENT, stroke_width=1.5)
        self.parent = self._scatter("square", 110)
        self.ring = self._scatter("circle", 300, fill=False, stroke=SELECTED, stroke_width=2.5)
        self.kept = self._scatter("triangle-up", 230, fill=False, stroke_width=2.5)
        self.measured = self._scatter("cross", 90, stroke=_HOLLOW)
        self.present = self._scatter("diamond", 220)
        self.points = self._scatter("circle", 60, stroke=FRONT)
        self.figure = self._figure()
        self._places: dict[bq.Scatter, list[int]] = {}

    def on_click(self, mark: bq.Scatter, do: Callable[[int], None]) -> None:
        """Call ``do`` with the place of a spot of this mark that is clicked."""

        def clicked(_mark: object, event: dict[str, Any]) -> None:
            index = int(event["data"]["index"])
            places = self._places.get(mark, [])
            if index < len(places):  # a click may arrive after its spot has gone
                do(places[index])

        mark.on_element_click(clicked)

    def show(self, picture: Picture, library: BlockLibrary) -> None:
        """Draw the picture: change what differs from the one before."""
        self._show_axes(picture, library)
        line = [spot for spot in picture.points if picture.y.holds(spot.score)]
        with self.line.hold_sync():
            self.line.x, self.line.y = _uses(line), _scores(line, picture.y)
        self._show_limits(picture)
        for mark, spots in (
            (self.parent, _some(picture.parent)),
            (self.ring, _some(picture.selected)),
            (self.kept, picture.kept),
            (self.measured, picture.measured),
            (self.present, _some(picture.present)),
            (self.points, picture.points),
        ):
            self._places[mark] = [spot.place for spot in spots]
            _place(mark, spots, picture.y)

    def _show_axes(self, picture: Picture, library: BlockLibrary) -> None:
        resource = limit_quantity(library, picture.resource)
        objective = library.quantity(picture.objective)
        for scale, axis, span, quantity in (
            (self.x_scale, self.x_axis, picture.x, resource),
            (self.y_scale, self.y_axis, picture.y, objective),
        ):
            _span(scale, span)
            ticks = ticks_of(span)
            # Labels go first, in a message of their own: ticks that come before them stay bare.
            axis.tick_labels = tick_labels(ticks, quantity)
            axis.tick_values = ticks
        self.x_axis.label = resource.title
        self.y_axis.label = f"Summed {objective.title}"

    def _show_limits(self, picture: Picture) -> None:
        places = np.array([[line.at, line.at] for line in picture.lines], dtype=np.float64)
        with self.limits.hold_sync():
            self.limits.x = places if picture.lines else np.zeros(0)
            self.limits.y = np.tile([0.0, 1.0], (len(picture.lines), 1))
            self.limits.visible = bool(picture.lines)

    def _figure(self) -> bq.Figure:
        figure = bq.Figure(
            marks=[
                self.limits,
                self.line,
                self.parent,
                self.ring,
                self.kept,
                self.measured,
                self.present,
                self.points,
            ],
            axes=[self.x_axis, self.y_axis],
            fig_margin=_MARGIN,
            display_toolbar=False,
            padding_y=0.0,
            layout=widgets.Layout(width="100%", height="360px", min_width="0"),
        )
        figure.add_class("pw-figure")
        return figure

    def _lines(self, color: str, **looks: object) -> bq.Lines:
        return bq.Lines(x=np.zeros(0), y=np.zeros(0), scales=self._scales, colors=[color], **looks)

    def _scatter(self, marker: str, size: int, **looks: object) -> bq.Scatter:
        return bq.Scatter(
            x=np.zeros(0),
            y=np.zeros(0),
            scales=self._scales,
            marker=marker,
            default_size=size,
            display_names=False,
            names_unique=False,
            tooltip=bq.Tooltip(fields=["name"], show_labels=False),
            interactions={"hover": "tooltip"},
            **looks,
        )


def _place(mark: bq.Scatter, spots: Sequence[Spot], y: Span) -> None:
    with mark.hold_sync():
        mark.names = np.array([spot.words for spot in spots]) if spots else None
        mark.colors = [_HOLLOW if spot.hollow else spot.color for spot in spots] or [FRONT]
        mark.x, mark.y = _uses(spots), _scores(spots, y)


def _some(spot: Spot | None) -> tuple[Spot, ...]:
    return () if spot is None else (spot,)


def _uses(spots: Sequence[Spot]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([spot.use for spot in spots], dtype=np.float64)


def _scores(spots: Sequence[Spot], y: Span) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([y.clip(spot.score) for spot in spots], dtype=np.float64)


def _span(scale: bq.LinearScale, span: Span) -> None:
    with scale.hold_sync():
        scale.min, scale.max = span.low, span.high
