"""Heat maps: cells with colours from dark to light, and the strip that says what they mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from puzzle_widgets.handover.pictures.colors import HEAT
from puzzle_widgets.handover.pictures.frame import Frame
from puzzle_widgets.handover.pictures.svg import Drawing

FloatArray = npt.NDArray[np.float64]
BLANK = "#e9ebee"
_USUAL, _TAIL = 0.75, 2.5
_STRIP = 180


def score_ends(scores: FloatArray, *, minimize: bool) -> tuple[float, float]:
    """Scores at the dark and the light end; bad ones far beyond the usual are cut off."""
    known = scores[np.isfinite(scores)]
    if not known.size:
        return 0.0, 1.0
    best, worst = float(known.min()), float(known.max())
    if not minimize:
        best, worst = worst, best
    usual = float(np.quantile(known, _USUAL if minimize else 1 - _USUAL))
    end = best + _TAIL * (usual - best)
    if usual != best and abs(worst - best) > abs(end - best):
        worst = end
    return min(best, worst), max(best, worst)


def draw_cells(
    drawing: Drawing,
    frame: Frame,
    tones: Sequence[Sequence[str]],
    words: Sequence[Sequence[str]],
) -> None:
    """Fill a frame with cells, the first row at the bottom; axes run from 0 to their number."""
    rows, columns = len(tones), len(tones[0])
    for row in range(rows):
        for column in range(columns):
            share = frame.width / columns, frame.height / rows
            x = frame.left + share[0] * column
            y = frame.top + share[1] * (rows - 1 - row)
            said, tone = words[row][column], tones[row][column]
            gap = 0.5 if min(share) > 6 else 0.0
            drawing.rect(x, y, share[0] - gap, share[1] - gap, tone, said)


def draw_strip(
    drawing: Drawing, left: float, top: float, title: str, ends: tuple[str, str]
) -> None:
    """Draw the strip of colours between the words of its two ends."""
    width = _STRIP / len(HEAT)
    for place, tone in enumerate(HEAT):
        drawing.rect(left + place * width, top, width + 0.5, 10, tone)
    drawing.text(left, top - 5, title)
    drawing.text(left, top + 24, ends[0], size=11)
    drawing.text(left + _STRIP, top + 24, ends[1], anchor="end", size=11)


def share_of(value: float, low: float, high: float) -> float:
    """Place of a value between two ends, 0 to 1; NaN where there is none."""
    if not math.isfinite(value):
        return math.nan
    return min(max((value - low) / ((high - low) or 1.0), 0.0), 1.0)
