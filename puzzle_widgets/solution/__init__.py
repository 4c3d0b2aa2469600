"""Checked answers: one optimum, diverse ones, a Pareto front, saved solutions."""

import puzzle_widgets.solution.frames  # noqa: F401  # teaches to_frame what is found here
from puzzle_widgets.solution.architecture_file import open_architecture
from puzzle_widgets.solution.decision_map import DecisionGrid, decision_map, iter_decision_map
from puzzle_widgets.solution.diverse import DiverseSolutions, search_diverse
from puzzle_widgets.solution.front import ParetoFront, iter_pareto_front, pareto_front
from puzzle_widgets.solution.measured import MeasuredPoint
from puzzle_widgets.solution.optimum import search
from puzzle_widgets.solution.presets import preset, preset_names
from puzzle_widgets.solution.run_reports import RunReports, read_reports
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Solution, parent_solution
from puzzle_widgets.solution.surface import SurfaceGrid, budget_surface, iter_budget_surface
from puzzle_widgets.solution.truth_file import load_truth
from puzzle_widgets.solution.whole_front import WholeFront, whole_front

__all__ = [
    "DecisionGrid",
    "DiverseSolutions",
    "MeasuredPoint",
    "ParetoFront",
    "RunReports",
    "Scenario",
    "Solution",
    "SurfaceGrid",
    "WholeFront",
    "budget_surface",
    "decision_map",
    "iter_budget_surface",
    "iter_decision_map",
    "iter_pareto_front",
    "load_truth",
    "open_architecture",
    "parent_solution",
    "pareto_front",
    "preset",
    "preset_names",
    "read_reports",
    "search",
    "search_diverse",
    "whole_front",
]
