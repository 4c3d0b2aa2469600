"""Architectures as files that others build, serve and read, checked before they are written.

Examples
--------
>>> import puzzle_widgets as pw
>>> library = pw.load_library("stdlib-2m-measured")
>>> budgets = {"stats.memory_mib": "70 %"}
>>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
>>> solution = pw.search(problem)
>>> pw.export.export(solution, "layers-json").write("layers.json").name
'layers.json'
"""

from puzzle_widgets.export.export import Checked, Export, check, export, prepare
from puzzle_widgets.export.findings import Finding, avoid
from puzzle_widgets.export.parent_config import ParentConfig, read_parent_config
from puzzle_widgets.export.puzzletron_folder import write_puzzletron
from puzzle_widgets.export.report import report
from puzzle_widgets.export.targets import TARGETS, Target, find_target

__all__ = [
    "TARGETS",
    "Checked",
    "Export",
    "Finding",
    "ParentConfig",
    "Target",
    "avoid",
    "check",
    "export",
    "find_target",
    "prepare",
    "read_parent_config",
    "report",
    "write_puzzletron",
]
