"""Architectures as files that others build, serve and read, checked before they are written."""

from puzzle_widgets.handover.export import Export, check, export
from puzzle_widgets.handover.findings import Finding, avoid
from puzzle_widgets.handover.parent_config import ParentConfig, read_parent_config
from puzzle_widgets.handover.puzzletron_folder import write_puzzletron
from puzzle_widgets.handover.report import report
from puzzle_widgets.handover.targets import TARGETS, Target, find_target

__all__ = [
    "TARGETS",
    "Export",
    "Finding",
    "ParentConfig",
    "Target",
    "avoid",
    "check",
    "export",
    "find_target",
    "read_parent_config",
    "report",
    "write_puzzletron",
]
