"""Tests of puzzle_widgets.handover."""
