"""The chart of a front: spots, spans, limit lines, legend."""

from __future__ import annotations

from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.charts.figure import Axis, Figure, Key
from puzzle_widgets.charts.front import (
    FrontAxes,
    advice_of,
    budget_lines,
    front_figure,
    resource_span,
    score_span,
)
from puzzle_widgets.charts.palette import CURRENT, SELECTED, scenario_color
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.problem.budget_rows import BudgetSetting
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

ROWS = [[(0, 4, 2), (1, 2, 1), (900, 1, 0)], [(0, 4, 2), (1, 2, 1), (2, 3, 1)]]
LIBRARY = make_library(ROWS)
PROBLEM = pw.SearchProblem(LIBRARY, minimize=LOSS)


def words(figure: Figure) -> list[str]:
    """Words of the legend."""
    return [key.words for key in figure.legend]


@pytest.mark.parametrize(
    ("resource", "row", "at"),
    [
        (MEMORY, BudgetSetting(MEMORY, "at most", 3.0), 3.0),
        (THROUGHPUT, BudgetSetting(RUNTIME, "at most", 2.0), 50_000.0),
        (RUNTIME, BudgetSetting(THROUGHPUT, "at least", 50_000.0), 2.0),
    ],
)
def test_limits_stand_on_their_own_axis_and_on_its_inverse(
    resource: str, row: BudgetSetting, at: float
) -> None:
    """A runtime limit stands on the throughput axis too, and the other way round."""
    (line,) = budget_lines(LIBRARY, [row], resource)
    assert line.at == at


@pytest.mark.parametrize(
    "row", [BudgetSetting(RUNTIME, "at most", 2.0), BudgetSetting(MEMORY, "at most", float("inf"))]
)
def test_other_limits_have_no_line(row: BudgetSetting) -> None:
    """Limits on another resource or that are infinite have no line."""
    assert budget_lines(LIBRARY, [row], MEMORY) == ()


def test_a_limit_is_told_in_its_own_unit() -> None:
    """The words of a line carry sign, value and unit of the limit itself."""
    (line,) = budget_lines(LIBRARY, [BudgetSetting(RUNTIME, "at most", 2.0)], THROUGHPUT)
    assert line.words == "Runtime ≤ 2 ms"


def test_a_front_has_every_point() -> None:
    """One spot per point in the order of the resource, a curve through them, hollow unproven."""
    front = pw.pareto_front(PROBLEM, MEMORY, 5)
    first, *rest = front.solutions
    front = replace(front, solutions=(replace(first, status="feasible", bound=0.0), *rest))
    figure = front_figure(front, FrontAxes(PROBLEM, MEMORY), selected=1)
    points = figure.named("points").spots
    assert [spot.x for spot in points] == [front.use(one) for one in front.solutions]
    assert [spot.hollow for spot in points] == [True, *[False] * len(rest)]
    assert "not proven optimal" in points[0].words
    assert figure.curves[0].points == tuple((spot.x, spot.y) for spot in points[-len(rest) - 1 :])
    assert figure.named("selected").spots[0].x == points[1].x
    assert figure.named("selected").spots[0].color == SELECTED
    assert words(figure)[:3] == ["Pareto front", "Not proven optimal", "Selected point"]


def test_the_knee_is_framed_once_the_front_is_whole() -> None:
    """Where it says, with words; a front that is still searched or hardly bends has none."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    front = pw.pareto_front(problem, MEMORY, points=9)
    place = pw.which_point(front).knee_place
    assert place is not None
    axes = FrontAxes(problem, MEMORY)
    figure = front_figure(front, axes, knee=place)
    (framed,) = figure.named("knee").spots
    points = figure.named("points").spots
    assert (framed.x, framed.y) == (points[place].x, points[place].y)
    assert ["The knee" in spot.words for spot in points] == [n == place for n in range(len(points))]
    assert "Knee" in words(figure)
    assert advice_of(replace(front, done=front.done - 1)) is None
    assert advice_of(pw.pareto_front(problem, MEMORY, points=2)) is None
    assert front_figure(front, axes).named("knee").spots == ()


def test_a_spot_tells_score_and_costs_with_units() -> None:
    """A line each for title, score, memory, runtime and throughput."""
    (parent,) = front_figure(None, FrontAxes(PROBLEM, MEMORY)).named("parent").spots
    assert parent.words.splitlines() == [
        "Parent",
        "Score: 0 (Loss)",
        "Memory: 8 MiB",
        "Runtime: 4 ms",
        "Throughput: 25,000 tokens/s",
    ]


def test_a_spot_tells_the_axis_and_leaves_out_the_unknown() -> None:
    """A library of one cost of its own shows that cost, and no NaN."""
    library = make_library([[(0, 4)]], keys=(LOSS, "stats.watts"))
    problem = pw.SearchProblem(library, minimize=LOSS)
    figure = front_figure(None, FrontAxes(problem, "stats.watts"), current=pw.search(problem))
    said = figure.named("current").spots[0].words
    assert said.splitlines() == ["Current solution", "Score: 0 (Loss)", "Watts: 4"]


def test_a_front_against_another_resource_is_not_drawn() -> None:
    """A front that is against something else than the axis is left out."""
    front = pw.pareto_front(PROBLEM, MEMORY, 3)
    assert front_figure(front, FrontAxes(PROBLEM, RUNTIME)).named("points").spots == ()


def test_a_score_above_the_chart_is_said() -> None:
    """A current solution with a huge loss stands at the edge, and the legend says so."""
    rows = [[(0, 9, 1), (1, 8, 1), (2, 7, 1), (3, 6, 1), (900, 1, 1)]]
    problem = pw.SearchProblem(make_library(rows), minimize=LOSS)
    current = pw.search(problem.with_budget(MEMORY, upper=1))
    front = pw.pareto_front(problem, MEMORY, 12)
    figure = front_figure(front, FrontAxes(problem, MEMORY), current=current)
    assert figure.named("current").spots[0].y == figure.y.high < 900
    assert Key("Current solution (score above the chart)", CURRENT, "diamond") in figure.legend


def test_a_limit_off_the_chart_is_said() -> None:
    """A limit far from every architecture has no line; the legend says on which side it is."""
    limits = [BudgetSetting(MEMORY, "at most", 500.0)]
    figure = front_figure(None, FrontAxes(PROBLEM, MEMORY), limits=limits)
    assert figure.limits == ()
    assert words(figure)[-1] == "Limit: Memory ≤ 500 MiB (right of the chart)"


def test_scenarios_are_judged_by_the_objective_of_the_chart() -> None:
    """A scenario found with another objective stands at its sum of this one."""
    library = make_library([[(0, 5, 4), (3, 1, 2)]], keys=(LOSS, "metrics.kl_div", MEMORY))
    kept = pw.Scenario("by loss", pw.search(pw.SearchProblem(library, minimize=LOSS)))
    axes = FrontAxes(pw.SearchProblem(library, minimize="metrics.kl_div"), MEMORY)
    (spot,) = front_figure(None, axes, scenarios=[kept]).named("scenarios").spots
    assert spot.y == 5.0


def test_scenarios_of_another_process_are_drawn_and_of_another_library_not() -> None:
    """What counts is what a library holds, not which object it is."""
    equal = pw.Scenario("equal", pw.search(pw.SearchProblem(make_library(ROWS), minimize=LOSS)))
    other = pw.Scenario("other", pw.search(pw.SearchProblem(make_library(ROWS[:1]), minimize=LOSS)))
    figure = front_figure(None, FrontAxes(PROBLEM, MEMORY), scenarios=[equal, other])
    assert len(figure.named("scenarios").spots) == 1
    assert "equal" in words(figure)
    assert "other" not in words(figure)


def test_architectures_of_no_finite_place_are_left_out() -> None:
    """An infinite throughput has no place on the chart."""
    problem = pw.SearchProblem(make_library([[(0, 4, 0)]]), minimize=LOSS)
    assert front_figure(None, FrontAxes(problem, THROUGHPUT)).named("parent").spots == ()


def test_measured_models_far_worse_than_the_front_do_not_stretch_the_axis() -> None:
    """One that is off the chart both ways is in its corner; others widen the axis."""
    rows = [[(0, 9, 1), (1, 8, 1), (2, 7, 1), (3, 6, 1), (4, 5, 1)]]
    problem = pw.SearchProblem(make_library(rows), minimize=LOSS)
    measured = [
        pw.MeasuredPoint(name, FrozenMapping({LOSS: loss, MEMORY: memory}))
        for name, loss, memory in (("near", 2.0, 12.0), ("far", 900.0, 500.0))
    ]
    front = pw.pareto_front(problem, MEMORY, 12)
    figure = front_figure(front, FrontAxes(problem, MEMORY), measured=measured)
    near, far = figure.named("measured").spots
    assert figure.x.low < 12.0 < figure.x.high < 20.0
    assert near.x == 12.0
    assert (far.x, far.y) == (figure.x.high, figure.y.high)
    assert "Measured (2 of 2) (some scores above the chart)" in words(figure)


def holds(span: tuple[float, float], value: float) -> bool:
    """Whether a span takes a value in."""
    return Axis(*span).holds(value)


def test_a_span_takes_in_near_limits_only() -> None:
    """A limit near the architectures widens the axis; one far away does not flatten them."""
    assert holds(resource_span([100.0, 200.0], [250.0]), 250.0)
    assert resource_span([100.0, 200.0], [900.0])[1] < 210.0


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0])
def test_the_span_of_one_architecture_has_a_width(value: float) -> None:
    """A lone architecture is inside an axis of some width."""
    low, high = resource_span([value], [])
    assert low < value < high


def test_scores_start_at_zero() -> None:
    """Losses are drawn from 0, with room above the greatest."""
    low, high = score_span([3.0, 7.0], [], minimize=True)
    assert -0.5 < low < 0
    assert 7.0 < high < 8.0


def test_a_lone_huge_loss_stays_outside() -> None:
    """One loss far beyond the front, or on it, does not flatten the others."""
    assert score_span([0.0, 1.0, 2.0, 3.0], [5000.0], minimize=True)[1] < 4.0
    assert score_span([0.0, 1.0, 2.0, 3.0, 5000.0], [], minimize=True)[1] < 4.0


def test_steep_fronts_are_whole() -> None:
    """A front that rises steeply at its end is shown to that end; a few points always are."""
    assert holds(score_span([0.0, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0], [], minimize=True), 10.0)
    assert holds(score_span([0.0], [70.0], minimize=True), 70.0)


def test_scores_to_maximize_are_not_squeezed() -> None:
    """High accuracies are spread over the chart rather than drawn from 0."""
    assert 94.0 < score_span([95.0, 98.0], [], minimize=False)[0] < 95.0


@pytest.mark.parametrize("scores", [[], [0.0], [0.0, 0.0]])
def test_scores_without_a_range_have_a_span(scores: list[float]) -> None:
    """No scores, or none but 0, still give an axis."""
    low, high = score_span(scores, [], minimize=True)
    assert low < 0 < high


def test_the_reference_is_outlined_in_its_own_color() -> None:
    """It is no triangle then; spot and legend say which it is, and the others stay."""
    solution = pw.search(PROBLEM)
    kept = [pw.Scenario("A", solution), pw.Scenario("B", solution)]
    axes = FrontAxes(PROBLEM, MEMORY)
    figure = front_figure(None, axes, scenarios=kept, reference=1)
    (spot,) = figure.named("reference").spots
    assert (spot.place, spot.color, spot.words.splitlines()[0]) == (
        1,
        scenario_color(1),
        "Reference: B",
    )
    assert [one.place for one in figure.named("scenarios").spots] == [0]
    assert Key("Reference: B", scenario_color(1), "outline") in figure.legend
    assert "B" not in words(figure)
    assert front_figure(None, axes, scenarios=kept).named("reference").spots == ()


def test_baselines_stand_beside_the_front() -> None:
    """Those that keep to the budgets, each by its name; one key in the legend for all of them."""
    problem = PROBLEM.with_budget(MEMORY, upper=5.0)
    found = pw.baselines(problem)
    kept = [one for one in found if one.keeps]
    assert 0 < len(kept) < len(found)
    figure = front_figure(None, FrontAxes(problem, MEMORY), baselines=found)
    spots = figure.named("baselines").spots
    assert [spot.words.splitlines()[0] for spot in spots] == [
        f"Baseline: {one.name}" for one in kept
    ]
    assert [spot.y for spot in spots] == [one.score for one in kept]
    assert [key.shape for key in figure.legend if key.words.startswith("Baselines")] == ["down"]
    bare = front_figure(None, FrontAxes(problem, MEMORY))
    assert bare.named("baselines").spots == ()
    assert not any(word.startswith("Baselines") for word in words(bare))
