"""The chosen block of every layer, and one layer in full."""
