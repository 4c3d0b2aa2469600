"""Every chart worked out once, as a :class:`~puzzle_widgets.charts.figure.Figure`.

A figure holds marks, axes, ticks, limit lines, legend and words, from solutions and plain numbers.
Thin back ends draw it: :mod:`puzzle_widgets.charts.svg` for files and reports, and the widgets'
charts on the screen.
"""

from puzzle_widgets.charts.compared import Comparison, compare
from puzzle_widgets.charts.comparison import comparison_figure, distribution_figure
from puzzle_widgets.charts.display import plot_decisions, plot_front, plot_solution, plot_surface
from puzzle_widgets.charts.figure import Figure
from puzzle_widgets.charts.front import front_figure
from puzzle_widgets.charts.grids import decision_figures, surface_figure
from puzzle_widgets.charts.lagrangian import lagrangian_figure, lagrangian_words
from puzzle_widgets.charts.layers import layers_figure
from puzzle_widgets.charts.stages import stages_figure
from puzzle_widgets.charts.svg import Drawing, draw
from puzzle_widgets.charts.truth import truth_figure

__all__ = [
    "Comparison",
    "Drawing",
    "Figure",
    "compare",
    "comparison_figure",
    "decision_figures",
    "distribution_figure",
    "draw",
    "front_figure",
    "lagrangian_figure",
    "lagrangian_words",
    "layers_figure",
    "plot_decisions",
    "plot_front",
    "plot_solution",
    "plot_surface",
    "stages_figure",
    "surface_figure",
    "truth_figure",
]
