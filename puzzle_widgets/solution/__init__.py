"""One checked answer: an architecture with totals, status, bound, gap and what is said of it."""

from puzzle_widgets.solution.measured import MeasuredPoint
from puzzle_widgets.solution.optimum import search
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Note, Solution, parent_solution

__all__ = ["MeasuredPoint", "Note", "Scenario", "Solution", "parent_solution", "search"]
