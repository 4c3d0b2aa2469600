"""Saved solutions, set against each other."""
