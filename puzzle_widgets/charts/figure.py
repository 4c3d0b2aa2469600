"""What a chart shows, free of any way to draw it: marks over two axes, a legend, words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from puzzle_widgets.charts.axes import Axis, FloatArray

Shape = Literal[
    "dot", "hollow", "ring", "square", "diamond", "triangle", "cross", "line", "dashes", "box", ""
]
_LEAST_PX = 88
ColorArray = npt.NDArray[np.object_]


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
    """

    heights: FloatArray
    colors: ColorArray
    words: Callable[[int], str]


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
    strip
        What the colors of the cells mean.

    Examples
    --------
    >>> from puzzle_widgets.charts.axes import Axis
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
    cells: Cells | None = None
    strip: Strip | None = None

    def named(self, name: str) -> Spots:
        """The spots of a name, such as ``"points"``."""
        return next((group for group in self.spots if group.name == name), Spots(name, "dot", 0))
