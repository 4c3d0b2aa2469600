"""Tests of puzzle_widgets.problem."""
