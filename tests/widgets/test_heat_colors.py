"""Colours of heat maps: evenly lighter, with heavy tails cut off and said."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from puzzle_widgets.library.quantity import describe_key
from puzzle_widgets.widgets.heat_colors import BLANK_VALUE, COLORS, STOPS, score_key, score_scale

KL = describe_key("metrics.kl_div")


def lightness(color: str) -> float:
    """Relative luminance of a colour, 0 to 1."""
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_each_stop_is_lighter_than_the_one_before() -> None:
    """The colours can be told apart by lightness alone, whatever colours an eye misses."""
    lights = [lightness(stop) for stop in STOPS]
    assert all(later > 1.3 * earlier for earlier, later in pairwise(lights))
    assert COLORS[-len(STOPS) :] == STOPS


def test_scores_spread_over_the_colours() -> None:
    """The least score is at the dark end, the greatest at the light one, none is blank."""
    scores = np.array([[0.0, 5.0], [10.0, np.nan]])
    values = score_scale(scores, minimize=True).values(scores)
    np.testing.assert_allclose(values, [[0.0, 0.5], [1.0, BLANK_VALUE]])


def test_a_heavy_tail_is_cut_off_and_said() -> None:
    """One huge loss leaves the others their colours; the legend gives both numbers."""
    scores = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 900.0])
    scale = score_scale(scores, minimize=True)
    assert scale.high < 20
    assert scale.values(scores)[-1] == 1.0
    assert scale.values(scores)[3] > 0.2
    assert "or more (to 900)" in score_key(scale, KL)


def test_the_bad_side_of_a_gain_is_the_low_one() -> None:
    """Maximised, it is the far too small that is cut off."""
    scores = np.array([-900.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    scale = score_scale(scores, minimize=False)
    assert scale.high == 10
    assert scale.low > -20
    assert "or less (to -900)" in score_key(scale, KL)


def test_equal_and_absent_scores_have_a_scale() -> None:
    """One value everywhere, or none at all, is drawn without trouble."""
    for scores in (np.full((2, 2), 7.0), np.full((2, 2), np.nan)):
        values = score_scale(scores, minimize=True).values(scores)
        assert np.isfinite(values).all()
