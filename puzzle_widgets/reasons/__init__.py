"""Why an answer is what it is: prices, next steps, costs of blocks, and what else there is."""

from puzzle_widgets.reasons.alternatives import Alternatives, alternatives
from puzzle_widgets.reasons.baselines import Baseline, Baselines, baselines
from puzzle_widgets.reasons.bounds import lp_bound
from puzzle_widgets.reasons.conflicts import Conflict
from puzzle_widgets.reasons.decided import Decidedness, decidedness
from puzzle_widgets.reasons.evaluate import evaluate
from puzzle_widgets.reasons.explain import BudgetReason, Explanation, explain
from puzzle_widgets.reasons.few_blocks import FewBlocks, search_few_blocks
from puzzle_widgets.reasons.inclusion import InclusionCosts, inclusion_costs
from puzzle_widgets.reasons.lagrangian import LagrangianBound, RelaxedAnswer, lagrangian_bound
from puzzle_widgets.reasons.noise import Bootstrap, Noise, chance_better
from puzzle_widgets.reasons.partial import DynamicProgram, Stage, dynamic_program
from puzzle_widgets.reasons.points import PointAdvice, which_point
from puzzle_widgets.reasons.rules import RuleCosts, RuleOffer, rule_costs, rule_offer
from puzzle_widgets.reasons.sensitivity import Sensitivity, sensitivity
from puzzle_widgets.reasons.steps import NextStep

__all__ = [
    "Alternatives",
    "Baseline",
    "Baselines",
    "Bootstrap",
    "BudgetReason",
    "Conflict",
    "Decidedness",
    "DynamicProgram",
    "Explanation",
    "FewBlocks",
    "InclusionCosts",
    "LagrangianBound",
    "NextStep",
    "Noise",
    "PointAdvice",
    "RelaxedAnswer",
    "RuleCosts",
    "RuleOffer",
    "Sensitivity",
    "Stage",
    "alternatives",
    "baselines",
    "chance_better",
    "decidedness",
    "dynamic_program",
    "evaluate",
    "explain",
    "inclusion_costs",
    "lagrangian_bound",
    "lp_bound",
    "rule_costs",
    "rule_offer",
    "search_few_blocks",
    "sensitivity",
    "which_point",
]
