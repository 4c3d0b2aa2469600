"""The panel of budgets, its rows, and amounts in the units that the user picks."""
