"""A chart worked out: its axes, marks, legend and words, without anything that draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from puzzle_widgets.library import BlockLibrary, Layer
from puzzle_widgets.library.model import FloatArray
from puzzle_widgets.library.quantity import Quantity, format_number

Shape = Literal[
    "dot",
    "hollow",
    "ring",
    "square",
    "diamond",
    "outline",
    "triangle",
    "down",
    "cross",
    "line",
    "dashes",
    "box",
    "frame",
    "",
]
_LEAST_PX = 88
ColorArray = npt.NDArray[np.object_]
Tick = tuple[float, str]
PADDING = 0.04
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_LAYER_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_MOST_LAYERS = 11
_LONGEST = 9


@dataclass(frozen=True)
class Key:
    """One entry of a legend; without a color only its words are there.

    Parameters
    ----------
    words
        What it explains; untrusted.
    color
        Its color.
    shape
        The mark that it explains.
    dash
        Of a line: ``"solid"``, ``"dashed"``, ``"dotted"`` or ``"dash_dotted"``.
    """

    words: str
    color: str = ""
    shape: Shape = "box"
    dash: str = "solid"


@dataclass(frozen=True)
class Spot:
    """One architecture on a chart.

    Parameters
    ----------
    x, y
        Its place, within the axes.
    words
        What it says when it is pointed at; untrusted.
    color
        Its color.
    place
        Its place among those it belongs to, such as the points of the front.
    hollow
        Whether it is drawn hollow, as a point that is not proven optimal.
    """

    x: float
    y: float
    words: str
    color: str
    place: int = 0
    hollow: bool = False


@dataclass(frozen=True)
class Spots:
    """Architectures with one kind of mark; ``size`` is the area of a spot in square px."""

    name: str
    shape: Shape
    size: int
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True)
class Curve:
    """A line through points, each ``(x, y)``."""

    name: str
    points: tuple[tuple[float, float], ...]
    color: str
    dash: str = "solid"


@dataclass(frozen=True)
class BudgetLine:
    """A limit that runs from the foot to the top of a chart; ``words`` say it in its own unit."""

    at: float
    words: str


@dataclass(frozen=True, eq=False)
class Bars:
    """Stacked bars, one column per layer.

    Parameters
    ----------
    heights
        Shape (parts, layers); negative parts stack downwards from 0.
    colors
        Of the same shape; an empty one leaves room that nothing fills.
    words
        What each column says, by the layer's place; untrusted.
    faint
        Which columns are drawn pale, shape (layers,); ``None`` for none.
    """

    heights: FloatArray
    colors: ColorArray
    words: Callable[[int], str]
    faint: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Cells:
    """A heat map.

    Parameters
    ----------
    x_edges, y_edges
        Rising ends of the columns and rows, one more than there are.
    values
        Places on the colors, 0 to 1, shape (rows, columns); ``LINEAR_VALUE`` for linear blocks,
        ``BLANK_VALUE`` where there is nothing.
    words
        What a cell says, by row and column; untrusted.
    row_px
        Height of a row, in px.
    """

    x_edges: tuple[float, ...]
    y_edges: tuple[float, ...]
    values: FloatArray
    words: Callable[[int, int], str]
    row_px: int = 20

    @property
    def height(self) -> int:
        """Height of all rows, in px: whole pixels leave no seams between them."""
        rows = len(self.y_edges) - 1
        return rows * max(self.row_px, _LEAST_PX // rows)


@dataclass(frozen=True)
class Outline:
    """A frame around some cells."""

    left: float
    right: float
    low: float
    high: float
    color: str
    dash: str = "solid"


@dataclass(frozen=True)
class Strip:
    """The strip that says what the colors of a heat map mean; ``ticks`` are evenly spaced."""

    title: str
    ticks: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Figure:
    """A whole chart.

    Parameters
    ----------
    title
        Says what is shown; read out for the chart.
    x, y
        The axes.
    legend
        What the marks mean.
    limits, curves, spots, outlines
        Marks, in the order in which they are drawn over bars and cells.
    bars, cells
        The body of the chart, where it has one.
    frames
        Bars of another architecture, of which only the outlines are drawn.
    strip
        What the colors of the cells mean.

    Examples
    --------
    >>> from puzzle_widgets.charts.figure import Axis
    >>> axis = Axis(0.0, 1.0, ((0.0, "0"), (1.0, "1")), "Share")
    >>> Figure("Empty", axis, axis).named("points").spots
    ()
    """

    title: str
    x: Axis
    y: Axis
    legend: tuple[Key, ...] = ()
    limits: tuple[BudgetLine, ...] = ()
    curves: tuple[Curve, ...] = ()
    spots: tuple[Spots, ...] = ()
    outlines: tuple[Outline, ...] = ()
    bars: Bars | None = None
    frames: Bars | None = None
    cells: Cells | None = None
    strip: Strip | None = None

    def named(self, name: str) -> Spots:
        """The spots of a name, such as ``"points"``."""
        return next((group for group in self.spots if group.name == name), Spots(name, "dot", 0))


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
    log
        Whether the scale is logarithmic; both ends are then positive.
    grid
        Whether lines run from the ticks across the chart.
    """

    low: float
    high: float
    ticks: tuple[Tick, ...] = ()
    title: str = ""
    log: bool = False
    grid: bool = False

    def share(self, value: float) -> float:
        """Position of a value: 0 at the low end, 1 at the high one."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, low))
        return (value - low) / ((high - low) or 1.0)

    def clip(self, value: float) -> float:
        """The value, or the nearer end if it is outside."""
        return min(max(value, self.low), self.high)

    def holds(self, value: float) -> bool:
        """Whether the value is inside."""
        return self.low <= value <= self.high


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers evenly spaced within a span: one more than ``most`` at the most.

    Examples
    --------
    >>> round_ticks(4_900, 25_100)
    [5000.0, 10000.0, 15000.0, 20000.0, 25000.0]
    """
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        return [low]  # a span that rounding fills has no round numbers
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [step * n for n in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic axis: powers of ten, and 2 and 5 between where those are few.

    Examples
    --------
    >>> log_ticks(0.5, 30.0)
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    within = [10.0**n for n in decades if low <= 10.0**n <= high]
    if len(within) < 3:
        within = [m * 10.0**n for n in decades for m in (1, 2, 5) if low <= m * 10.0**n <= high]
    step = math.ceil(len(within) / 8) or 1
    return within[::step]


def quantity_axis(low: float, high: float, quantity: Quantity, title: str = "") -> Axis:
    """Axis of a quantity between two ends, with round ticks."""
    ticks = tuple((tick, _tick_words(tick, quantity)) for tick in round_ticks(low, high))
    return Axis(low, high, ticks, title or quantity.title)


def around(values: Sequence[float]) -> tuple[float, float]:
    """Span of values with a little room at both ends; 0 to 1 with room where there are none."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = PADDING * (high - low) or 0.1 * abs(low) or 1.0
    return low - room, high + room


def value_axis(values: Iterable[float], quantity: Quantity, *, log: bool = False) -> Axis:
    """Axis of values that are drawn from 0, or over the powers of ten that they reach."""
    known = [value for value in values if math.isfinite(value)]
    if log:
        return _log_axis([value for value in known if value > 0], quantity)
    least, most = min([0.0, *known]), max([0.0, *known])
    most = most if most > least else least + 1.0
    high = most + PADDING * (most - least)
    ticks = [(tick, _tick_words(tick, quantity)) for tick in round_ticks(least, most, 5)]
    return Axis(least, high, tuple(ticks), quantity.title, grid=True)


def layer_axis(layers: Sequence[Layer], title: str = "Layer") -> Axis:
    """Axis on which one unit is one layer, by place; half a bar of room at the ends."""
    ticks = tuple((float(place), _short(layers[place])) for place in layer_ticks(len(layers)))
    return Axis(-0.6, len(layers) - 0.4, ticks, title)


def layer_ticks(count: int) -> range:
    """Places of the layers that have a tick: about ten, at round steps from 0."""
    step = next((step for step in _LAYER_STEPS if count <= step * _MOST_LAYERS), count)
    return range(0, count, step)


def resource_title(library: BlockLibrary, resource: str, sense: str) -> str:
    """Name of a limit's axis, such as ``"Memory, at most (MiB)"``."""
    quantity = library.quantity(resource)
    return f"{quantity.label}, {sense}" + (f" ({quantity.unit})" if quantity.unit else "")


def _log_axis(positive: Sequence[float], quantity: Quantity) -> Axis:
    low = 0.5 * min(positive, default=0.1)
    high = 1.4 * max(positive, default=1.0)
    ticks = tuple((tick, format_number(tick)) for tick in log_ticks(low, high))
    return Axis(low, high, ticks, quantity.title, log=True, grid=True)


def _tick_words(tick: float, quantity: Quantity) -> str:
    if not quantity.unit and abs(tick) >= 1e9:
        return f"{format_number(tick / 1e9)} B"
    return format_number(tick)


def _short(layer: Layer) -> str:
    words = " ".join(str(layer.name).split())
    return words if len(words) <= _LONGEST else f"…{words[1 - _LONGEST :]}"
