"""Colours of heat maps: from dark blue to yellow, evenly lighter, for colour-blind people too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from puzzle_widgets.library.quantity import Quantity, format_number

FloatArray = npt.NDArray[np.float64]

STOPS = ("#123163", "#3f5270", "#70747a", "#a29974", "#d6c25c", "#fdea66")
LINEAR = "#56b4e9"
_STEP = 1.0 / (len(STOPS) - 1)
LINEAR_VALUE, BLANK_VALUE = -_STEP, -2 * _STEP
COLORS = ("rgba(128,128,128,0.14)", LINEAR, *STOPS)
"""Evenly spaced from ``BLANK_VALUE`` to 1; what is between the first three is never used."""

_USUAL, _TAIL = 0.75, 2.5


@dataclass(frozen=True)
class ScoreScale:
    """What the two ends of the colours stand for.

    Parameters
    ----------
    low, high
        Scores at the dark and at the light end.
    least, most
        Least and greatest score there is; those outside the ends have the colour of the end.
    """

    low: float
    high: float
    least: float
    most: float

    def values(self, scores: FloatArray) -> FloatArray:
        """Places on the colours, 0 to 1; ``BLANK_VALUE`` where there is no score."""
        places = np.clip((scores - self.low) / ((self.high - self.low) or 1.0), 0.0, 1.0)
        return np.where(np.isfinite(scores), places, BLANK_VALUE)


def score_scale(scores: FloatArray, *, minimize: bool) -> ScoreScale:
    """Span the scores; bad ones far beyond the usual are cut off, as KL divergences have them."""
    known = scores[np.isfinite(scores)]
    if not known.size:
        return ScoreScale(0.0, 1.0, 0.0, 1.0)
    least, most = float(known.min()), float(known.max())
    best, worst = (least, most) if minimize else (most, least)
    usual = float(np.quantile(known, _USUAL if minimize else 1 - _USUAL))
    end = best + _TAIL * (usual - best)
    if usual != best and abs(worst - best) > abs(end - best):
        worst = end
    return ScoreScale(min(best, worst), max(best, worst), least, most)


def score_key(scale: ScoreScale, quantity: Quantity) -> Markup:
    """Build the strip of colours with the scores that its ends and middle stand for."""
    ends = [_end(scale.low, scale.least, "less"), _end(scale.high, scale.most, "more")]
    middle = format_number(_short(0.5 * (scale.low + scale.high)))
    return strip([ends[0], middle, ends[1]], f"Summed {quantity.title}")


def strip(ticks: Sequence[str], title: str) -> Markup:
    """Build a strip of all colours with words spread evenly under it."""
    words = Markup("").join(Markup("<span>{}</span>").format(tick) for tick in ticks)
    return Markup(
        "<div class='pw-heat-key'><div>{}</div><i style='background:linear-gradient(90deg,{})'></i>"
        "<div class='pw-heat-ticks'>{}</div></div>"
    ).format(title, ",".join(STOPS), words)


def _end(shown: float, reached: float, more: str) -> str:
    words = format_number(_short(shown))
    if math.isclose(shown, reached, rel_tol=1e-9, abs_tol=1e-12):
        return words
    return f"{words} or {more} (to {format_number(_short(reached))})"


def _short(value: float) -> float:
    """Three digits are enough for a colour."""
    return float(f"{value:.3g}")
