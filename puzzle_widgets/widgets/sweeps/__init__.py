"""Two budgets at once: the surface of scores, and the map of what each layer becomes."""
