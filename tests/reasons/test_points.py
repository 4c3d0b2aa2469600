"""Which point of a front: knee, rates and hypervolume by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

import puzzle_widgets as pw
from tests.support.libraries import LOSS, MEMORY, make_library


def front() -> pw.FullFront:
    """Uses 1, 2, 4 and 9 with scores 10, 4, 3 and 0, of one layer."""
    library = make_library([[(0, 9, 1), (3, 4, 1), (4, 2, 1), (10, 1, 1)]])
    return pw.full_front(pw.SearchProblem(library, minimize=LOSS), MEMORY)


def test_knee_rates_and_volume_by_hand() -> None:
    """The second point is farthest from the line; rates fall; the area is that of three boxes."""
    found = pw.which_point(front())
    assert found.use.tolist() == [1, 2, 4, 9]
    assert found.rates.tolist() == [6, 0.5, 0.6]
    assert found.knee_place == 1
    assert found.distances[1] == pytest.approx((1 - 1 / 8 - 4 / 10) / math.sqrt(2))
    assert found.distances[[0, -1]].tolist() == [0, 0]
    assert found.hypervolume == (9 - 2) * 6 + (9 - 4) * 1
    assert found.hypervolume_share == pytest.approx(47 / 80)
    assert found.knee is not None
    assert found.knee.totals[MEMORY] == 2
    assert found.sentences[0].startswith("The knee is point 1: Memory 2 MiB, a summed loss of 4;")
    assert found.sentences[1] == (
        "Up to it each MiB more lowers the summed loss by 6; "
        "beyond it each MiB more lowers the summed loss by 0.5."
    )


def test_throughput_and_maximizing_turn_the_axes() -> None:
    """The same front told in tokens/s has its knee at a point of its own, on the better side."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    found = pw.which_point(pw.pareto_front(problem, "throughput", points=12))
    assert (np.diff(found.use) > 0).all()
    assert (found.rates > 0).all()
    assert found.distances.max() > 0
    assert found.knee_place is not None
    assert "tokens/s more raises the summed KL divergence" in found.sentences[1]
    gains = make_library([[(10, 9, 1), (7, 4, 1), (6, 2, 1), (0, 1, 1)]])
    turned = pw.which_point(pw.full_front(pw.SearchProblem(gains, maximize=LOSS), MEMORY))
    assert turned.hypervolume == pw.which_point(front()).hypervolume
    assert turned.knee_place == 1
    assert "raises the summed loss by 6" in turned.sentences[1]


def test_a_front_that_bends_the_other_way_has_no_knee() -> None:
    """Nor one of two points."""
    library = make_library([[(0, 9, 1), (8, 8, 1), (10, 1, 1)]])
    bent = pw.which_point(pw.full_front(pw.SearchProblem(library, minimize=LOSS), MEMORY))
    assert (bent.knee_place, bent.knee) == (None, None)
    assert bent.sentences[0].startswith("No knee")
    two = make_library([[(0, 9, 1), (10, 1, 1)]])
    found = pw.which_point(pw.full_front(pw.SearchProblem(two, minimize=LOSS), MEMORY))
    assert found.knee is None
    assert found.hypervolume_share == 0


def test_too_few_points_are_refused() -> None:
    """One point is no front; neither is a problem."""
    library = make_library([[(0, 9, 1)]])
    one = pw.full_front(pw.SearchProblem(library, minimize=LOSS), MEMORY)
    with pytest.raises(pw.ProblemError, match="A front of 1 points"):
        pw.which_point(one)
    with pytest.raises(pw.ProblemError, match="is not a front"):
        pw.which_point([])  # type: ignore[arg-type]


def test_the_frame_marks_the_knee() -> None:
    """With a rate for all but the last point."""
    frame = pw.to_frame(pw.which_point(front()))
    assert frame["knee"].tolist() == [False, True, False, False]
    assert frame["rate"].isna().tolist() == [False, False, False, True]
