"""Tests of puzzle_widgets.search.kernel."""
