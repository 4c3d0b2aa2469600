"""Widgets: each reads the state and calls its actions."""
