"""Many answers at once: Pareto fronts, the budget surface, the decision map, diverse sets."""

from puzzle_widgets.sweeps.decision_map import DecisionGrid, decision_map, iter_decision_map
from puzzle_widgets.sweeps.diverse import DiverseSolutions, search_diverse
from puzzle_widgets.sweeps.front import ParetoFront, iter_pareto_front, pareto_front
from puzzle_widgets.sweeps.surface import SurfaceGrid, budget_surface, iter_budget_surface
from puzzle_widgets.sweeps.whole_front import WholeFront, whole_front

__all__ = [
    "DecisionGrid",
    "DiverseSolutions",
    "ParetoFront",
    "SurfaceGrid",
    "WholeFront",
    "budget_surface",
    "decision_map",
    "iter_budget_surface",
    "iter_decision_map",
    "iter_pareto_front",
    "pareto_front",
    "search_diverse",
    "whole_front",
]
