"""Checked answers: one optimum, diverse ones, a Pareto front, kept scenarios."""
