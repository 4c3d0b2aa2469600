"""The chart that every view of the layers draws on: stacked bars, one column a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bqplot as bq
import numpy as np
import numpy.typing as npt

from puzzle_widgets.library import Layer
from puzzle_widgets.widgets.layer_axis import layer_axis, layer_places

FloatArray = npt.NDArray[np.float64]
OnLayer = Callable[[int], None]

_SHADE = "#808080"
_SHADED = 0.22
_POINTER_PX = 22
_TOP, _BOTTOM = 4, 42


@dataclass(frozen=True)
class ChartPlan:
    """What a chart shows of its vertical axis.

    Parameters
    ----------
    low, high
        Ends of the axis, in data units.
    ticks
        Value and words of each tick.
    label
        Words beside the axis.
    height
        Height of the plot itself in px, without axis and margins.
    margin
        Room for the tick words, in px.
    grid
        Whether lines run from the ticks across the plot.
    """

    low: float
    high: float
    ticks: Mapping[float, str]
    label: str = ""
    height: int = 190
    margin: int = 64
    grid: bool = True


class LayerChart:
    """Stacked bars over the layers, with a column to point at and to click in every layer.

    Parameters
    ----------
    layers
        In the order of the network.
    plan
        The vertical axis.
    on_hover, on_click
        Called with the place of the layer pointed at, or clicked.
    """

    def __init__(
        self, layers: Sequence[Layer], plan: ChartPlan, on_hover: OnLayer, on_click: OnLayer
    ) -> None:
        self._count = len(layers)
        # A place beyond each end keeps the bars of one or two layers as wide as those of many.
        self._places = layer_places(self._count + 2) - 1
        across, axis = layer_axis(layers)
        room = (plan.high - plan.low) * _POINTER_PX / plan.height
        self._top, self._low = plan.high + room / 2, plan.low
        up = bq.LinearScale(min=plan.low, max=plan.high + room, allow_padding=False)
        self._scales = {"x": across, "y": up}
        self.bars = bq.Bars(
            x=self._places,
            y=np.zeros((1, self._count + 2)),
            scales=self._scales,
            padding=0.14,
            stroke_width=0,
            interactions={},
        )
        self.marker = self._marker()
        self.columns = self._columns(on_hover, on_click)
        self.figure = self._figure(plan, [axis, _vertical(plan, up)])

    def draw(self, heights: FloatArray, colors: Sequence[str], opacities: Sequence[float]) -> None:
        """Draw bars: ``heights`` has shape (stack, layers).

        ``colors`` and ``opacities`` are one a part of the stack, or one a bar, layer by layer.
        """
        each = len(colors) > len(heights)
        around = np.zeros((len(heights), self._count + 2))
        around[:, 1:-1] = heights
        if each:
            ends = [_SHADE] * len(heights)
            colors = [*ends, *colors, *ends]
        with self.bars.hold_sync():
            self.bars.color_mode = "no_group" if each else "element"
            self.bars.opacity_mode = "element"
            if self.bars.colors != list(colors):  # checking every colour is what costs
                self.bars.colors = list(colors)
            self.bars.opacities = list(opacities)
            self.bars.y = around

    def mark(self, place: int | None) -> None:
        """Mark a layer by a shaded column with a pointer above it; ``None`` marks none."""
        shades = [0.0] * (self._count + 2)
        if place is not None and 0 <= place < self._count:
            shades[place + 1] = _SHADED
            self.marker.x = np.array([float(place)])
        self.marker.visible = any(shades)
        if self.columns.opacities != shades:
            self.columns.opacities = shades

    def close(self) -> None:
        """Let the front end forget all parts of the chart."""
        scales = self._scales.values()
        for part in (self.figure, *self.figure.marks, *self.figure.axes, *scales):
            part.close()

    def _marker(self) -> bq.Scatter:
        return bq.Scatter(
            x=[0.0],
            y=[self._top],
            scales=self._scales,
            marker="triangle-down",
            colors=["#D55E00"],
            default_size=60,
            interactions={},
            apply_clip=False,
            visible=False,
        )

    def _columns(self, on_hover: OnLayer, on_click: OnLayer) -> bq.Bars:
        """Bars that fill the plot, unseen: layers without a block can be reached by them."""
        columns = bq.Bars(
            x=self._places,
            y=np.full(self._count + 2, self._scales["y"].max),
            base=self._low,
            scales=self._scales,
            padding=0.0,
            colors=[_SHADE],
            opacity_mode="no_group",
            opacities=[0.0] * (self._count + 2),
            stroke_width=0,
            interactions={},
        )
        columns.on_hover(lambda _, event: self._tell(event, on_hover))
        columns.on_element_click(lambda _, event: self._tell(event, on_click))
        return columns

    def _tell(self, event: Any, whom: OnLayer) -> None:  # noqa: ANN401 - as the front end sends
        place = round(float(event["data"]["x"]))
        if 0 <= place < self._count:
            whom(place)

    def _figure(self, plan: ChartPlan, axes: list[bq.Axis]) -> bq.Figure:
        figure = bq.Figure(
            marks=[self.bars, self.marker, self.columns],
            axes=axes,
            display_toolbar=False,
            animation_duration=120,
            padding_x=0,
            padding_y=0,
            min_aspect_ratio=0.01,
            max_aspect_ratio=100,
            fig_margin={"top": _TOP, "bottom": _BOTTOM, "left": plan.margin, "right": 8},
        )
        height = plan.height + _POINTER_PX + _TOP + _BOTTOM
        figure.layout.width, figure.layout.height = "100%", f"{height}px"
        figure.add_class("pw-figure")
        figure.add_class("pw-layers")
        return figure


def _vertical(plan: ChartPlan, scale: bq.LinearScale) -> bq.Axis:
    ticks = list(plan.ticks)
    return bq.Axis(
        scale=scale,
        side="left",
        label=plan.label,
        label_offset=f"{plan.margin - 18}px",
        tick_values=np.array(ticks, dtype=np.float64),
        tick_labels={f"{tick:.12g}": words for tick, words in plan.ticks.items()},
        grid_lines="solid" if plan.grid else "none",
    )
