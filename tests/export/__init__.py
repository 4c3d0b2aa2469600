"""Tests of puzzle_widgets.export."""
