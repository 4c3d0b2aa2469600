"""What a view of the layers is: a chart, its legend, and one line in words."""

from __future__ import annotations

from typing import Protocol

from markupsafe import Markup

from puzzle_widgets.problem.mckp import IntArray
from puzzle_widgets.solution import Solution
from puzzle_widgets.widgets.layer_chart import LayerChart


class View(Protocol):
    """One way to look at an architecture."""

    legend: Markup

    @property
    def chart(self) -> LayerChart | None:
        """The chart; ``None`` where the legend says why there is none."""

    def show(self, choice: IntArray) -> None:
        """Draw an architecture: the flat variant index of every layer."""

    def words(self, solution: Solution) -> str:
        """Say what the picture comes to; empty where it says enough by itself."""
