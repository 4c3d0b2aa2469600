"""For teaching: exercises that check themselves, and the game of beating the solver."""
