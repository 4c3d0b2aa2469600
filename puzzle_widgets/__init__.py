"""Explore block libraries of compressed language models.

Everything loads when it is first used; library, problem, search and solution need no Jupyter.
"""

from __future__ import annotations

import puzzle_widgets.loading  # noqa: F401 - before all that takes long

# isort: split
from importlib import import_module
from typing import TYPE_CHECKING, Any

from puzzle_widgets.version import __version__ as __version__

if TYPE_CHECKING:
    from puzzle_widgets import export
    from puzzle_widgets.charts import Comparison, compare
    from puzzle_widgets.errors import (
        BuildError,
        DatasetError,
        ExportError,
        LibraryError,
        ProblemError,
        PuzzleError,
        ScenarioError,
        ServerError,
        SolverError,
    )
    from puzzle_widgets.files import (
        RunReports,
        SampleScores,
        load_ground_truth,
        load_sample_scores,
        open_architecture,
        preset,
        preset_names,
        read_architecture,
        read_budgets,
        read_reports,
        to_frame,
    )
    from puzzle_widgets.library import (
        BlockLibrary,
        BlockVariant,
        Dataset,
        Layer,
        LayerMatch,
        Measurement,
        Provenance,
        PuzzletronRun,
        Serving,
        TableRun,
        Workload,
        embedded_libraries,
        list_datasets,
        load_dataset,
        load_files,
        load_library,
        match_layers,
        open_run,
        random_library,
        with_workload,
        write_library,
        write_template,
    )
    from puzzle_widgets.problem import (
        Budget,
        DeploymentTarget,
        Difference,
        Distinct,
        Row,
        SearchProblem,
        Share,
        deployment_target,
        rules,
    )
    from puzzle_widgets.reasons import (
        Alternatives,
        Baseline,
        Baselines,
        Decidedness,
        DynamicProgram,
        Explanation,
        FewBlocks,
        InclusionCosts,
        LagrangianBound,
        PointAdvice,
        Sensitivity,
        alternatives,
        baselines,
        chance_better,
        decidedness,
        dynamic_program,
        evaluate,
        explain,
        inclusion_costs,
        lagrangian_bound,
        lp_bound,
        search_few_blocks,
        sensitivity,
        which_point,
    )
    from puzzle_widgets.solution import (
        MeasuredPoint,
        Note,
        Scenario,
        Solution,
        parent_solution,
        search,
    )
    from puzzle_widgets.state import BudgetSetting, ExplorerState
    from puzzle_widgets.sweeps import (
        BatchSizes,
        DecisionGrid,
        DiverseSolutions,
        FullFront,
        ManySearches,
        ParetoFront,
        SurfaceGrid,
        budget_surface,
        decision_map,
        full_front,
        iter_budget_surface,
        iter_decision_map,
        iter_pareto_front,
        pareto_front,
        search_batch_sizes,
        search_diverse,
        search_many,
    )
    from puzzle_widgets.widgets.bound import BoundPanel
    from puzzle_widgets.widgets.budgets.panel import BudgetPanel
    from puzzle_widgets.widgets.explorer import PuzzleExplorer
    from puzzle_widgets.widgets.export import ExportPanel
    from puzzle_widgets.widgets.game.panel import BeatTheSolver
    from puzzle_widgets.widgets.layers.panel import LayerView
    from puzzle_widgets.widgets.scenarios.panel import ScenarioPanel
    from puzzle_widgets.widgets.status import StatusPanel
    from puzzle_widgets.widgets.sweeps.decision_map import DecisionMap
    from puzzle_widgets.widgets.sweeps.front import ParetoPlot
    from puzzle_widgets.widgets.sweeps.front_table import FrontTable
    from puzzle_widgets.widgets.sweeps.surface import BudgetSurface
    from puzzle_widgets.widgets.truth import TruthPlot
    from puzzle_widgets.workshop import check

# The public names, in the order in which they build on each other; a name loads what is before it.
_PARTS = (
    *("errors", "library", "problem", "solution", "sweeps", "files", "reasons", "state"),
    "charts",  # of which a notebook asks for little
)
_MODULES = {
    "check": "puzzle_widgets.workshop.check",
    "export": "puzzle_widgets.export",
    "rules": "puzzle_widgets.problem.rules",
}
_WIDGETS = {
    "BoundPanel": "bound",
    "BeatTheSolver": "game.panel",
    "BudgetSurface": "sweeps.surface",
    "BudgetPanel": "budgets.panel",
    "DecisionMap": "sweeps.decision_map",
    "ExportPanel": "export",
    "FrontTable": "sweeps.front_table",
    "LayerView": "layers.panel",
    "ParetoPlot": "sweeps.front",
    "PuzzleExplorer": "explorer",
    "ScenarioPanel": "scenarios.panel",
    "StatusPanel": "status",
    "TruthPlot": "truth",
}

__all__ = [
    "Alternatives",
    "Baseline",
    "Baselines",
    "BatchSizes",
    "BeatTheSolver",
    "BlockLibrary",
    "BlockVariant",
    "BoundPanel",
    "Budget",
    "BudgetPanel",
    "BudgetSetting",
    "BudgetSurface",
    "BuildError",
    "Comparison",
    "Dataset",
    "DatasetError",
    "Decidedness",
    "DecisionGrid",
    "DecisionMap",
    "DeploymentTarget",
    "Difference",
    "Distinct",
    "DiverseSolutions",
    "DynamicProgram",
    "Explanation",
    "ExplorerState",
    "ExportError",
    "ExportPanel",
    "FewBlocks",
    "FrontTable",
    "FullFront",
    "InclusionCosts",
    "LagrangianBound",
    "Layer",
    "LayerMatch",
    "LayerView",
    "LibraryError",
    "ManySearches",
    "MeasuredPoint",
    "Measurement",
    "Note",
    "ParetoFront",
    "ParetoPlot",
    "PointAdvice",
    "ProblemError",
    "Provenance",
    "PuzzleError",
    "PuzzleExplorer",
    "PuzzletronRun",
    "Row",
    "RunReports",
    "SampleScores",
    "Scenario",
    "ScenarioError",
    "ScenarioPanel",
    "SearchProblem",
    "Sensitivity",
    "ServerError",
    "Serving",
    "Share",
    "Solution",
    "SolverError",
    "StatusPanel",
    "SurfaceGrid",
    "TableRun",
    "TruthPlot",
    "Workload",
    "alternatives",
    "baselines",
    "budget_surface",
    "chance_better",
    "check",
    "compare",
    "decidedness",
    "decision_map",
    "deployment_target",
    "dynamic_program",
    "embedded_libraries",
    "evaluate",
    "explain",
    "export",
    "full_front",
    "inclusion_costs",
    "iter_budget_surface",
    "iter_decision_map",
    "iter_pareto_front",
    "lagrangian_bound",
    "list_datasets",
    "load_dataset",
    "load_files",
    "load_ground_truth",
    "load_library",
    "load_sample_scores",
    "lp_bound",
    "match_layers",
    "open_architecture",
    "open_run",
    "parent_solution",
    "pareto_front",
    "preset",
    "preset_names",
    "random_library",
    "read_architecture",
    "read_budgets",
    "read_reports",
    "rules",
    "search",
    "search_batch_sizes",
    "search_diverse",
    "search_few_blocks",
    "search_many",
    "sensitivity",
    "to_frame",
    "which_point",
    "with_workload",
    "write_library",
    "write_template",
]


# Loaded later, this package would take the place of the function of its name.
import_module("puzzle_widgets.search")
del globals()["search"]


def _load(name: str) -> Any:  # noqa: ANN401
    """Load what a public name stands for when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'puzzle_widgets' has no attribute {name!r}")
    globals()[name] = found = _find(name)
    return found


def _find(name: str) -> Any:  # noqa: ANN401
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _WIDGETS:
        return getattr(import_module(f"puzzle_widgets.widgets.{_WIDGETS[name]}"), name)
    parts = (import_module(f"puzzle_widgets.{part}") for part in _PARTS)
    return next(getattr(part, name) for part in parts if hasattr(part, name))


if not TYPE_CHECKING:
    # Type checkers see the imports above instead, and no name that does not exist.
    __getattr__ = _load


def __dir__() -> list[str]:
    return sorted(__all__)
