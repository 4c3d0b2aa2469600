"""Tests of puzzle_widgets.solution."""
