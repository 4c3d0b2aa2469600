"""Colors: Okabe and Ito's palette, which color-blind people can tell apart; one of heat maps."""

from __future__ import annotations

from collections.abc import Sequence

ATTENTION = "#0072B2"
FFN = "#E69F00"
ATTENTION_LINEAR = "#8FC7E8"
FFN_LINEAR = "#F5D384"
WHOLE = "#56B4E9"
NEUTRAL = "#8C8C8C"
FRONT = "#0072B2"
PARENT = "#8C8C8C"
CURRENT = "#009E73"
SELECTED = "#D55E00"
MEASURED = "#D55E00"
BASELINE = "#A65E2E"
KNEE = "#E69F00"
SAVED = "#B8BEC6"
PINNED = "#D55E00"
PALE = 0.45
"""Opacity of bars that are drawn pale."""
LIMIT = "#CC79A7"
OUTLINE = "#212121"
"""Of an outline over other colors; on a dark page back ends draw it light."""
SCENARIOS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#8C8C8C")
HEAT = ("#123163", "#3f5270", "#70747a", "#a29974", "#d6c25c", "#fdea66")
"""From dark blue to yellow, evenly lighter."""
HEAT_LINEAR = "#56b4e9"
HEAT_BLANK = "rgba(128,128,128,0.14)"
_STEP = 1.0 / (len(HEAT) - 1)
LINEAR_VALUE, BLANK_VALUE = -_STEP, -2 * _STEP
"""Places of linear blocks and of empty cells, below 0 by the distance of the colors of ``HEAT``."""

_DASHES = ("solid", "dashed", "dotted", "dash_dotted")


def scenario_color(place: int) -> str:
    """Color of the scenario at this place; they repeat after eight."""
    return SCENARIOS[place % len(SCENARIOS)]


def scenario_dash(place: int) -> str:
    """Dash of the scenario at this place; with its color it repeats after 32."""
    return _DASHES[(place + place // len(SCENARIOS)) % len(_DASHES)]


def heat_color(share: float) -> str:
    """Color of a cell: between the ends of ``HEAT`` for 0 to 1, else linear or blank."""
    if share < 0.5 * LINEAR_VALUE:
        return HEAT_LINEAR if share > 1.5 * LINEAR_VALUE else HEAT_BLANK
    place = min(max(share, 0.0), 1.0) * (len(HEAT) - 1)
    low = min(int(place), len(HEAT) - 2)
    return _mix(HEAT[low], HEAT[low + 1], place - low)


def _mix(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(color: str) -> Sequence[int]:
    return [int(color[start : start + 2], 16) for start in (1, 3, 5)]
