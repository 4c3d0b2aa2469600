"""Checked answers: one optimum, diverse ones, a Pareto front, kept scenarios."""

import puzzle_widgets.solution.frames  # noqa: F401  # teaches to_frame what is found here
from puzzle_widgets.solution.decision_map import DecisionGrid, decision_map, iter_decision_map
from puzzle_widgets.solution.diverse import DiverseSolutions, search_diverse
from puzzle_widgets.solution.front import ParetoFront, iter_pareto_front, pareto_front
from puzzle_widgets.solution.measured import MeasuredPoint
from puzzle_widgets.solution.optimum import search
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Solution, parent_solution
from puzzle_widgets.solution.surface import SurfaceGrid, budget_surface, iter_budget_surface
from puzzle_widgets.solution.whole_front import WholeFront, whole_front

__all__ = [
    "DecisionGrid",
    "DiverseSolutions",
    "MeasuredPoint",
    "ParetoFront",
    "Scenario",
    "Solution",
    "SurfaceGrid",
    "WholeFront",
    "budget_surface",
    "decision_map",
    "iter_budget_surface",
    "iter_decision_map",
    "iter_pareto_front",
    "parent_solution",
    "pareto_front",
    "search",
    "search_diverse",
    "whole_front",
]
