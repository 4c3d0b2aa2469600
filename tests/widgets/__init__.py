"""Tests of the widgets, in plain Python."""
