"""The game of beating the solver."""
