"""Tests of puzzle_widgets.library."""
