"""The frame of a chart: two axes with ticks and words around the room that is drawn in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from puzzle_widgets.handover.pictures.svg import Drawing, layer_step, round_ticks
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import format_number


@dataclass(frozen=True)
class Axis:
    """One axis.

    Parameters
    ----------
    low, high
        Ends, in the axis's own unit.
    ticks
        Places of the ticks and their words.
    title
        Words along it, with the unit.
    """

    low: float
    high: float
    ticks: Mapping[float, str]
    title: str = ""

    def share(self, value: float) -> float:
        """Place of a value: 0 at the low end, 1 at the high one."""
        return (value - self.low) / ((self.high - self.low) or 1.0)


@dataclass(frozen=True)
class Frame:
    """Where a chart stands in its drawing, and its axes; ``x`` to the right, ``y`` upwards."""

    x: Axis
    y: Axis
    left: float
    top: float
    width: float
    height: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Place of a point, in px."""
        across = self.left + self.width * self.x.share(x)
        return across, self.top + self.height * (1 - self.y.share(y))

    def draw(self, drawing: Drawing, *, rules: bool = True) -> None:
        """Draw rules, ticks and titles; what is drawn later lies over them."""
        bottom, right = self.top + self.height, self.left + self.width
        for value, words in self.y.ticks.items():
            y = self.at(self.x.low, value)[1]
            if rules:
                drawing.line(self.left, y, right, y)
            drawing.text(self.left - 8, y + 4, words, anchor="end")
        for value, words in self.x.ticks.items():
            x = self.at(value, self.y.low)[0]
            drawing.line(x, bottom, x, bottom + 4)
            drawing.text(x, bottom + 18, words, anchor="middle")
        drawing.text(self.left + self.width / 2, bottom + 38, self.x.title, anchor="middle")
        middle = self.top + self.height / 2
        drawing.text(14, middle, self.y.title, anchor="middle", turn=-90)


def number_axis(values: Iterable[float], title: str, *, from_zero: bool = False) -> Axis:
    """Axis over finite values with a little room at the ends, and round ticks."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    room = 0.04 * (high - low) or max(abs(high), 1.0) * 0.05
    low = min(0.0, low) if from_zero else low - room
    ticks = {tick: format_number(tick) for tick in round_ticks(low, high + room)}
    return Axis(low, high + room, ticks, title)


def layer_axis(library: BlockLibrary) -> Axis:
    """Axis on which one unit is one layer, by place; half a bar of room at the ends."""
    count = len(library.layers)
    places = range(0, count, layer_step(count))
    ticks = {float(place): _short(str(library.layers[place].name)) for place in places}
    return Axis(-0.6, count - 0.4, ticks, "Layer")


def _short(name: str) -> str:
    words = " ".join(name.split())
    return words if len(words) <= 9 else f"…{words[-8:]}"
