"""What is asked: objective, budgets and rules of one search."""

from puzzle_widgets.problem.budget import Budget, Share
from puzzle_widgets.problem.choices import Architecture, Difference
from puzzle_widgets.problem.deployment import DeploymentTarget, deployment_target
from puzzle_widgets.problem.distinct import Distinct
from puzzle_widgets.problem.problem import SearchProblem, check_problem
from puzzle_widgets.problem.rows import Row

__all__ = [
    "Architecture",
    "Budget",
    "DeploymentTarget",
    "Difference",
    "Distinct",
    "Row",
    "SearchProblem",
    "Share",
    "check_problem",
    "deployment_target",
]
