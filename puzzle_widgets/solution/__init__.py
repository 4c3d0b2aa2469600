"""Checked answers: one optimum, diverse ones, a Pareto front, kept scenarios."""

from puzzle_widgets.solution.diverse import DiverseSolutions, search_diverse
from puzzle_widgets.solution.front import ParetoFront, iter_pareto_front, pareto_front
from puzzle_widgets.solution.optimum import search
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Solution, parent_solution
from puzzle_widgets.solution.whole_front import WholeFront, whole_front

__all__ = [
    "DiverseSolutions",
    "ParetoFront",
    "Scenario",
    "Solution",
    "WholeFront",
    "iter_pareto_front",
    "parent_solution",
    "pareto_front",
    "search",
    "search_diverse",
    "whole_front",
]
