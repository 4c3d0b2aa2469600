"""What the Pareto plot shows, before anything is drawn."""

from __future__ import annotations

from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.solution import MeasuredPoint
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.palette import PRESENT
from puzzle_widgets.widgets.pareto_picture import front_of, picture_of
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

LIBRARY = make_library([[(0, 4, 2), (1, 2, 1), (900, 1, 0)], [(0, 4, 2), (1, 2, 1), (2, 3, 1)]])


def test_front_against_another_resource_is_not_drawn() -> None:
    """A front that is against something else than the axis is left out."""
    state = ExplorerState(LIBRARY)
    state.set_front(MEMORY)
    assert front_of(state) is not None
    state.front_resource = RUNTIME
    assert front_of(state) is None
    assert picture_of(state).points == ()


def test_score_above_the_chart_is_said() -> None:
    """A present solution with a huge loss stands at the edge, and the legend says so."""
    rows = [[(0, 9, 1), (1, 8, 1), (2, 7, 1), (3, 6, 1), (900, 1, 1)]]
    state = ExplorerState(make_library(rows))
    state.set_limit(2, on=False)
    state.set_limit(0, value=1.0)
    state.set_front(MEMORY)
    picture = picture_of(state)
    assert picture.present is not None
    assert picture.present.score > picture.y.high
    assert ("diamond", PRESENT, "Present solution (score above the chart)") in picture.legend


def test_limit_off_the_chart_is_said() -> None:
    """A limit far from every architecture has no line; the legend says on which side it is."""
    state = ExplorerState(LIBRARY)
    state.set_front(MEMORY)
    state.set_limit(0, value=500.0, on=True)
    picture = picture_of(state)
    assert picture.lines == ()
    assert picture.legend[-1][2] == "Limit: Memory ≤ 500 MiB (right of the chart)"


def test_scenarios_are_judged_by_the_present_objective() -> None:
    """A scenario found with another objective stands at its sum of the present one."""
    library = make_library([[(0, 5, 4), (3, 1, 2)]], keys=(LOSS, "metrics.kl_div", MEMORY))
    state = ExplorerState(library)
    state.keep("by loss")
    state.set_objective("metrics.kl_div")
    (kept,) = picture_of(state).kept
    assert kept.score == state.scenarios[0].solution.totals["metrics.kl_div"]


def test_architectures_of_no_finite_place_are_left_out() -> None:
    """An infinite throughput has no place on the chart."""
    library = make_library([[(0, 4, 0)]])
    assert picture_of(ExplorerState(library)).parent is None


def test_measured_models_far_worse_than_the_front_do_not_stretch_the_axis() -> None:
    """One that is off the chart both ways stands in its corner; others widen the axis."""
    state = ExplorerState(make_library([[(0, 9, 1), (1, 8, 1), (2, 7, 1), (3, 6, 1), (4, 5, 1)]]))
    state.set_front(MEMORY)
    points = {"near": (2.0, 12.0), "far": (900.0, 500.0)}
    values = ({LOSS: loss, MEMORY: memory} for loss, memory in points.values())
    state.set_measured(
        MeasuredPoint(name, FrozenMapping(found))
        for name, found in zip(points, values, strict=True)
    )
    picture = picture_of(state)
    near, far = picture.measured
    assert picture.x.low < 12.0 < picture.x.high < 20.0
    assert near.use == 12.0
    assert far.use == picture.x.high
    assert far.score > picture.y.high
    assert any("some scores above the chart" in words for _, _, words in picture.legend)
