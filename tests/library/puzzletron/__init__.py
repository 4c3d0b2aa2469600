"""Puzzletron runs."""
