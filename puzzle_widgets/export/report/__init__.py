"""Self-contained HTML reports."""

from puzzle_widgets.export.report.page import report

__all__ = ["report"]
