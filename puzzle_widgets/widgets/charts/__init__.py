"""Figures on the screen, by bqplot: made once, then changed in place."""

from puzzle_widgets.widgets.charts.bound import BoundChart
from puzzle_widgets.widgets.charts.cells import CellChart
from puzzle_widgets.widgets.charts.front import FrontChart, TruthChart
from puzzle_widgets.widgets.charts.layers import BarChart, CurveChart
from puzzle_widgets.widgets.charts.parts import legend_line, strip_line

__all__ = [
    "BarChart",
    "BoundChart",
    "CellChart",
    "CurveChart",
    "FrontChart",
    "TruthChart",
    "legend_line",
    "strip_line",
]
