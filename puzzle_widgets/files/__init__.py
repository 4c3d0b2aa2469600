"""Answers from files and into tables: saved solutions, architectures, a run's reports, truth."""

import puzzle_widgets.files.frames  # noqa: F401  # teaches to_frame what was found
from puzzle_widgets.files.architecture_file import open_architecture
from puzzle_widgets.files.presets import preset, preset_names
from puzzle_widgets.files.run_reports import RunReports, read_reports
from puzzle_widgets.files.truth_file import load_truth

__all__ = [
    "RunReports",
    "load_truth",
    "open_architecture",
    "preset",
    "preset_names",
    "read_reports",
]
