"""Engines that solve the bare knapsack: numbers in, a choice with its proof out."""
