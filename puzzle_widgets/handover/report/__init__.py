"""Self-contained HTML reports."""

from puzzle_widgets.handover.report.page import report

__all__ = ["report"]
