"""Colours of the charts; those of a report's pictures are the same."""

from __future__ import annotations

from puzzle_widgets.handover.pictures.colors import (
    ATTENTION,
    ATTENTION_LINEAR,
    FFN,
    FFN_LINEAR,
    FRONT,
    MEASURED,
    NEUTRAL,
    PARENT,
    PRESENT,
    SCENARIOS,
    WHOLE,
    scenario_color,
)

SELECTED = "#D55E00"
SAVED = "#B8BEC6"
LIMIT = "#CC79A7"

__all__ = [
    "ATTENTION",
    "ATTENTION_LINEAR",
    "FFN",
    "FFN_LINEAR",
    "FRONT",
    "LIMIT",
    "MEASURED",
    "NEUTRAL",
    "PARENT",
    "PRESENT",
    "SAVED",
    "SCENARIOS",
    "SELECTED",
    "WHOLE",
    "scenario_color",
]
