"""Saved solutions, architectures, a run's reports and ground truth, from files and into tables."""

from puzzle_widgets.files.architecture_file import open_architecture, preset, preset_names
from puzzle_widgets.files.frames import read_architecture, read_budgets, to_frame
from puzzle_widgets.files.ground_truth import load_ground_truth
from puzzle_widgets.files.run_reports import RunReports, read_reports
from puzzle_widgets.files.sample_scores import SampleScores, load_sample_scores

__all__ = [
    "RunReports",
    "SampleScores",
    "load_ground_truth",
    "load_sample_scores",
    "open_architecture",
    "preset",
    "preset_names",
    "read_architecture",
    "read_budgets",
    "read_reports",
    "to_frame",
]
