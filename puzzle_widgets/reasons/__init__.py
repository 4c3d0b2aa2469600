"""Why an answer is what it is: prices, next steps, costs of blocks, and what else there is."""

from puzzle_widgets.reasons.bounds import lp_bound
from puzzle_widgets.reasons.inclusion import InclusionCosts, inclusion_costs

__all__ = [
    "InclusionCosts",
    "inclusion_costs",
    "lp_bound",
]
