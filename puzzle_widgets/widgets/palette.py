"""Colours: Okabe and Ito's palette, which colour-blind people can tell apart."""

from __future__ import annotations

ATTENTION = "#0072B2"
FFN = "#E69F00"
SELECTED = "#D55E00"
PRESENT = "#009E73"
PARENT = "#8C8C8C"
SAVED = "#B8BEC6"
FRONT = "#0072B2"
LIMIT = "#CC79A7"
MEASURED = "#D55E00"
NEUTRAL = "#8C8C8C"
SCENARIOS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#8C8C8C")


def scenario_color(place: int) -> str:
    """Colour of the scenario at this place; they repeat after eight."""
    return SCENARIOS[place % len(SCENARIOS)]
