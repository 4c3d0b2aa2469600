"""Saved solutions, architectures, a run's reports and ground truth, from files and into tables."""

import puzzle_widgets.files.frames  # noqa: F401  # registers frames of what was found
from puzzle_widgets.files.architecture_file import open_architecture, preset, preset_names
from puzzle_widgets.files.ground_truth import load_ground_truth
from puzzle_widgets.files.run_reports import RunReports, read_reports

__all__ = [
    "RunReports",
    "load_ground_truth",
    "open_architecture",
    "preset",
    "preset_names",
    "read_reports",
]
