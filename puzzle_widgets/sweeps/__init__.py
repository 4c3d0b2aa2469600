"""Many answers at once: Pareto fronts, the budget surface, the decision map, diverse sets."""

from puzzle_widgets.sweeps.batch_sizes import BatchSizes, search_batch_sizes
from puzzle_widgets.sweeps.decision_map import DecisionGrid, decision_map, iter_decision_map
from puzzle_widgets.sweeps.diverse import DiverseSolutions, search_diverse
from puzzle_widgets.sweeps.front import ParetoFront, iter_pareto_front, pareto_front
from puzzle_widgets.sweeps.full_front import FullFront, full_front
from puzzle_widgets.sweeps.many import ManySearches, search_many
from puzzle_widgets.sweeps.surface import SurfaceGrid, budget_surface, iter_budget_surface

__all__ = [
    "BatchSizes",
    "DecisionGrid",
    "DiverseSolutions",
    "FullFront",
    "ManySearches",
    "ParetoFront",
    "SurfaceGrid",
    "budget_surface",
    "decision_map",
    "full_front",
    "iter_budget_surface",
    "iter_decision_map",
    "iter_pareto_front",
    "pareto_front",
    "search_batch_sizes",
    "search_diverse",
    "search_many",
]
