"""The Pareto plot: choosing the axis, searching, walking, and what is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.charts.palette import SELECTED
from puzzle_widgets.library import FrozenMapping, Measurement
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.sweeps.front import (
    ParetoPlot,
    axis_options,
    outcome_words,
    point_entries,
    title_words,
)
from puzzle_widgets.widgets.sweeps.points import PointTable
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library
from tests.support.state import found_so_far


@pytest.fixture
def state() -> ExplorerState:
    """State of a library small enough for a full front at once."""
    return ExplorerState(pw.random_library(6, 5))


@pytest.fixture
def plot(state: ExplorerState) -> ParetoPlot:
    """Plot whose front has been found."""
    made = ParetoPlot(state)
    made.search.button.click()
    return made


def click_on(mark: Any, index: int) -> None:
    """Send what the page sends when a spot of a mark is clicked."""
    mark._handle_custom_msg({"event": "element_click", "data": {"index": index}}, None)


def is_shown(widget: Any) -> bool:
    """Whether a widget takes part in the layout."""
    return bool(widget.layout.display != "none")


def test_parent_and_current_stand_alone_before_the_front(state: ExplorerState) -> None:
    """Without a front the chart shows parent and current solution, and offers the search."""
    plot = ParetoPlot(state)
    assert len(plot.chart.spots["points"].x) == 0
    assert len(plot.chart.spots["parent"].x) == len(plot.chart.spots["current"].x) == 1
    assert not plot.search.button.disabled
    assert plot.walk.pick.disabled
    assert plot.walk.next.disabled
    assert "not been searched" in plot.search.said.value


def test_search_draws_every_point(plot: ParetoPlot) -> None:
    """The button searches the front; its points appear where their sums are."""
    front = plot.state.front
    assert front is not None
    assert len(front.solutions) > 3
    uses = [front.use(solution) for solution in front.solutions]
    scores = [solution.score for solution in front.solutions]
    np.testing.assert_allclose(plot.chart.spots["points"].x, uses)
    np.testing.assert_allclose(plot.chart.spots["points"].y, scores)
    np.testing.assert_allclose(plot.chart.line.x, uses)
    assert plot.search.button.layout.display == "none"
    assert f"{len(uses)} points, proven optimal" in plot.search.said.value


def test_click_on_a_point_shows_it(plot: ParetoPlot) -> None:
    """A click on a point shows its architecture, rings it and names it in the list."""
    click_on(plot.chart.spots["points"], 2)
    state = plot.state
    assert state.front is not None
    assert state.shown == state.front.solutions[2]
    assert plot.walk.pick.value == 2
    assert plot.chart.spots["selected"].x[0] == plot.chart.spots["points"].x[2]
    assert plot.chart.spots["selected"].stroke == SELECTED


def test_click_on_a_point_that_has_gone_does_nothing(plot: ParetoPlot) -> None:
    """A click that arrives after its point has gone changes nothing."""
    click_on(plot.chart.spots["points"], 999)
    assert plot.state.selection.kind == "current"


def test_a_late_click_means_the_point_that_was_drawn(plot: ParetoPlot) -> None:
    """Its place tells which point it was, whatever its index is by now."""
    points = plot.chart.spots["points"]
    where = {"x": float(points.x[3]), "y": float(points.y[3])}
    points._handle_custom_msg({"event": "element_click", "data": {"index": 1, **where}}, None)
    assert (plot.state.selection.kind, plot.state.selection.place) == ("point", 3)
    plot.state.show_current()
    gone = {"index": 1, "x": where["x"] * 1.5, "y": where["y"]}
    points._handle_custom_msg({"event": "element_click", "data": gone}, None)
    assert plot.state.selection.kind == "current"


def test_click_on_the_diamond_shows_the_current_solution(plot: ParetoPlot) -> None:
    """From a point, a click on the diamond goes back to the current solution."""
    plot.state.show_point(1)
    click_on(plot.chart.spots["current"], 0)
    assert plot.state.selection.kind == "current"
    assert len(plot.chart.spots["selected"].x) == 0


def test_click_on_a_triangle_shows_its_scenario(plot: ParetoPlot) -> None:
    """A saved solution is a triangle in its place; a click shows it."""
    plot.state.show_point(1)
    plot.state.keep("one")
    plot.state.show_current()
    click_on(plot.chart.spots["scenarios"], 0)
    assert plot.state.selection.kind == "scenario"
    assert plot.chart.spots["scenarios"].x[0] == plot.chart.spots["points"].x[1]


def test_the_reference_stays_while_the_budgets_move(plot: ParetoPlot) -> None:
    """Its outline stands where it was kept; a click on it shows it, its legend names it."""
    state = plot.state
    state.keep("<A>")
    state.set_reference("<A>")
    outline = plot.chart.spots["reference"]
    there = [float(outline.x[0]), float(outline.y[0])]
    assert len(plot.chart.spots["scenarios"].x) == 0
    assert "Reference: &lt;A&gt;" in plot.legend.value
    state.set_budget(MEMORY, "30 %")
    assert [float(outline.x[0]), float(outline.y[0])] == there
    assert float(plot.chart.spots["current"].y[0]) != there[1]
    click_on(outline, 0)
    assert (state.selection.kind, state.selection.place) == ("scenario", 0)
    state.set_reference(None)
    assert len(outline.x) == 0
    assert "Reference" not in plot.legend.value


def test_the_points_are_listed_in_place_of_the_chart(plot: ParetoPlot) -> None:
    """Made when it is first looked at, asleep while it is not; part of what is saved and undone."""
    assert "pw-tabled" not in plot._dom_classes
    plot.listed.value = True
    assert plot.state.looks.table
    points: PointTable | None = plot.points
    assert points is not None
    rows = points.rows
    assert len(rows) == len(plot.state.front.solutions)
    assert "pw-tabled" in plot._dom_classes
    plot.state.undo()
    assert plot.listed.value is False
    assert points.layout.display == "none"
    assert "pw-tabled" not in plot._dom_classes
    plot.state.set_front(MEMORY)
    assert points.rows == rows
    plot.listed.value = True
    assert points.rows != rows
    assert repr(plot)


def test_buttons_walk_along_the_front(plot: ParetoPlot) -> None:
    """First, next, previous and last go where their names say, and stop at the ends."""
    last = len(plot.chart.spots["points"].x) - 1
    visited = []
    for step in (
        plot.walk.first,
        plot.walk.next,
        plot.walk.previous,
        plot.walk.previous,
        plot.walk.last,
        plot.walk.next,
    ):
        step.click()
        visited.append(plot.state.selection.place)
    assert visited == [0, 1, 0, 0, last, last]


def test_list_of_points_selects_and_lets_go(plot: ParetoPlot) -> None:
    """The list shows a point that is chosen; its first entry leads back to the current one."""
    plot.walk.pick.value = 3
    assert plot.state.selection.place == 3
    plot.walk.pick.value = -1
    assert plot.state.selection.kind == "current"


def test_list_of_points_tells_use_and_score(plot: ParetoPlot) -> None:
    """An entry of the list gives place, use with unit and score."""
    front = plot.state.front
    assert front is not None
    use = f"{front.use(front.solutions[0]):,.0f} tokens/s"
    assert plot.walk.pick.options[1][0].startswith(f"1 of {len(front.solutions)}: {use}, score ")


def test_axis_searches_the_front_against_another_resource(plot: ParetoPlot) -> None:
    """Choosing another axis draws the front against it, with its unit on the axis."""
    plot.axis.value = MEMORY
    front = plot.state.front
    assert front is not None
    assert front.resource == MEMORY
    np.testing.assert_allclose(
        plot.chart.spots["points"].x, [front.use(s) for s in front.solutions]
    )
    assert plot.chart.x_axis.label == "Memory (MiB)"
    assert "against memory" in plot.head.value


def test_axis_follows_the_state_without_searching_twice(plot: ParetoPlot) -> None:
    """An axis that another widget chose is shown, and not answered with an action."""
    calls: list[object] = []
    plot.state.observe(calls.append, "front_resource")
    plot.state.set_front(RUNTIME)
    assert plot.axis.value == RUNTIME
    assert len(calls) == 1


def test_held_budgets_bind_every_point(plot: ParetoPlot) -> None:
    """With the other budgets held, no point of the front breaks the memory limit."""
    free = max(plot.state.front.solutions, key=lambda s: s.totals[MEMORY])
    limit = next(row.value for row in plot.state.budgets if row.resource == MEMORY)
    assert free.totals[MEMORY] > limit
    plot.held.value = True
    front = plot.state.front
    assert front is not None
    assert front.solutions
    assert all(solution.totals[MEMORY] <= limit for solution in front.solutions)


def test_infeasible_front_is_said_in_words(plot: ParetoPlot) -> None:
    """Where the held budgets leave nothing, the panel names them and says what to do."""
    place = next(n for n, row in enumerate(plot.state.budgets) if row.resource == MEMORY)
    plot.held.value = True
    plot.state.set_budget(place, value=1.0)
    assert len(plot.chart.spots["points"].x) == 0
    assert "No architecture keeps to the other budgets (Memory ≤ 1 MiB)" in plot.search.said.value
    assert "the least possible is" in plot.search.said.value


def test_present_solution_moves_with_the_budgets(plot: ParetoPlot) -> None:
    """The diamond follows the solution, and goes where there is none."""
    state = plot.state
    assert state.solution is not None
    assert plot.chart.spots["current"].x[0] == state.solution.throughput
    state.set_budget(0, value=1.0)
    assert len(plot.chart.spots["current"].x) == 0
    assert "Current solution: none within the budgets" in plot.legend.value


def test_unproven_points_are_hollow(plot: ParetoPlot) -> None:
    """A point without a proof is drawn hollow, and tooltip, legend and words say so."""
    front = plot.state.front
    assert front is not None
    first = front.solutions[0]
    unproven = replace(first, status="feasible", bound=0.9 * first.score)
    plot.state._put(front=replace(front, solutions=(unproven, *front.solutions[1:])))
    assert plot.chart.spots["points"].colors[0] != plot.chart.spots["points"].colors[1]
    assert "not proven optimal" in plot.chart.spots["points"].names[0]
    assert "not proven" not in plot.chart.spots["points"].names[1]
    assert "Not proven optimal" in plot.legend.value
    assert "1 of them not proven" in plot.search.said.value


def test_progress_shows_while_the_front_is_searched(plot: ParetoPlot) -> None:
    """While the search runs, bar, words and the Stop button are there; after it they are not."""
    front = plot.state.front
    assert front is not None
    found_so_far(plot.state, "front", replace(front, done=7, asked=24))
    assert is_shown(plot.search.running)
    assert (plot.search.progress.value, plot.search.progress.max) == (7, 24)
    assert plot.search.count.value == "7 of 24 searches"
    assert plot.search.button.description == "Stop"
    plot.search.button.click()
    assert not is_shown(plot.search.running)
    assert "Stopped after 7 of 24 searches" in plot.search.said.value


def test_budget_line_stands_at_the_limit(plot: ParetoPlot) -> None:
    """The limit on the axis' resource is a line across the chart, and a word of the legend."""
    limit = next(row for row in plot.state.budgets if row.resource == THROUGHPUT)
    assert plot.chart.limits.visible
    np.testing.assert_allclose(np.ravel(plot.chart.limits.x), [limit.value] * 2)
    assert "Limit: Throughput ≥ " in plot.legend.value
    place = plot.state.budgets.index(limit)
    plot.state.set_budget(place, on=False)
    assert not plot.chart.limits.visible


def test_scenario_names_are_escaped(plot: ParetoPlot) -> None:
    """A scenario's name is words in the legend, whatever it holds."""
    plot.state.keep("<b>bold</b>")
    assert "&lt;b&gt;bold&lt;/b&gt;" in plot.legend.value
    assert "<b>bold" not in plot.legend.value


def test_another_library_starts_afresh(plot: ParetoPlot) -> None:
    """Opening a library clears the points and offers its own axes."""
    rows = [[(0.0, 4.0), (1.0, 2.0)]]
    plot.state.open_library(make_library(rows, keys=(LOSS, MEMORY)))
    assert [key for _, key in plot.axis.options] == [MEMORY]
    assert len(plot.chart.spots["points"].x) == 0
    plot.search.button.click()
    assert len(plot.chart.spots["points"].x) == 2


def test_close_lets_go_of_the_state(plot: ParetoPlot) -> None:
    """A closed plot no longer follows the state."""
    before = plot.legend.value
    plot.close()
    plot.state.keep("later")
    assert plot.legend.value == before


PLAIN = make_library([[(0, 4, 2), (1, 2, 1)]])


def test_points_are_listed_with_use_and_score() -> None:
    """The list has one entry per point, and none without a front."""
    front = pw.pareto_front(pw.SearchProblem(PLAIN, minimize=LOSS), RUNTIME, 3)
    assert point_entries(front, LOSS) == ["1 of 2: 1 ms, score 1", "2 of 2: 2 ms, score 0"]
    assert point_entries(None, LOSS) == []


def test_outcome_of_a_stopped_search_counts_its_searches() -> None:
    """A search that was stopped says how far it came, also before its first point."""
    state = ExplorerState(PLAIN)
    state.start("front")
    front = state.front
    assert front is not None
    stopped = replace(front, done=1, asked=24, solutions=front.solutions[:1])
    assert outcome_words(state, stopped) == (
        "Stopped after 1 of 24 searches: 1 point, proven optimal."
    )
    assert outcome_words(state, replace(stopped, solutions=())).startswith("Stopped before")


def test_title_keeps_capitals_that_belong() -> None:
    """Labels stand in a sentence; abbreviations keep their capitals."""
    key = "stats.num_kv_heads"
    state = ExplorerState(make_library([[(0, 4), (1, 2)]], keys=("metrics.kl_div", key)))
    assert title_words(state) == "summed KL divergence against KV heads"
    assert title_words(ExplorerState(PLAIN)).endswith("against throughput")
    assert ExplorerState(PLAIN).front_resource == THROUGHPUT


ROWS = [[(0, 4, 2, 7), (1, 2, 1, 3)]]
MANY = make_library(ROWS, keys=(LOSS, "stats.watts", MEMORY, RUNTIME))


def test_options_put_the_usual_resources_first() -> None:
    """Memory, runtime and throughput come before other costs; the axis itself says the unit."""
    assert axis_options(MANY, MEMORY) == [
        ("Memory", MEMORY),
        ("Runtime", RUNTIME),
        ("Throughput", THROUGHPUT),
        ("Watts", "stats.watts"),
    ]


def test_options_are_costs_of_whole_blocks_at_one_workload() -> None:
    """No attention's share of a cost, nor the runtime at another batch size; the chosen one is."""
    parts = ("stats.ffn_memory_mib", "stats.runtime_ms@batch 8")
    library = make_library(ROWS, keys=(LOSS, MEMORY, *parts))
    assert [key for _, key in axis_options(library, MEMORY)] == [MEMORY]
    assert [key for _, key in axis_options(library, parts[1])] == [MEMORY, parts[1]]
    only = make_library(ROWS, keys=(LOSS, *parts, "stats.attention_memory_mib"))
    assert len(axis_options(only, parts[0])) == 3


def test_options_leave_out_an_unknown_throughput() -> None:
    """Without batch size and sequence length there is no throughput to choose."""
    library = make_library(
        ROWS, keys=(LOSS, "stats.watts", MEMORY, RUNTIME), measurement=Measurement()
    )
    assert THROUGHPUT not in [key for _, key in axis_options(library, MEMORY)]


KL, LM = "metrics.kl_div", "metrics.lm_loss"
LIBRARY = make_library(
    [[(0, 1.1, 4, 5), (2, 1.3, 2, 3)], [(0, 1.1, 4, 5), (1, 1.2, 2, 3)]],
    keys=(KL, LM, MEMORY, RUNTIME),
)
POINTS = (
    pw.MeasuredPoint("<b>one</b>", FrozenMapping({LM: 1.4, KL: 0.9, MEMORY: 6.0}), "one.json"),
    pw.MeasuredPoint("two", FrozenMapping({LM: 1.2}), ""),
)


@pytest.fixture
def measured_plot() -> ParetoPlot:
    """Plot against memory, with two measured points of which one has a place."""
    state = ExplorerState(LIBRARY)
    state.set_front(MEMORY)
    state.set_measured(POINTS)
    return ParetoPlot(state)


def test_points_with_both_values_are_drawn(measured_plot: ParetoPlot) -> None:
    """A mark of its own at the measured values; the legend counts those with a place."""
    assert measured_plot.chart.spots["measured"].marker == "cross"
    assert list(measured_plot.chart.spots["measured"].x) == [6.0]
    assert list(measured_plot.chart.spots["measured"].y) == [0.9]
    assert "Measured (1 of 2)" in measured_plot.legend.value


def test_every_point_is_listed_and_escaped(measured_plot: ParetoPlot) -> None:
    """The list opens by key, says what was not measured, and runs nothing of a file."""
    assert measured_plot.measured.value.startswith("<details")
    assert "Measured points (2)" in measured_plot.measured.value
    assert "&lt;b&gt;one" in measured_plot.measured.value
    assert "KL divergence: not measured" in measured_plot.measured.value
    assert "Source: one.json" in measured_plot.measured.value


def test_a_score_of_another_scale_is_said(measured_plot: ParetoPlot) -> None:
    """An LM loss beside a sum of LM losses: where it stands, and why, is in its words."""
    measured_plot.state.set_objective(LM)
    assert measured_plot.chart.spots["measured"].y[0] == pytest.approx(2.2 + 0.3)
    (name,) = measured_plot.chart.spots["measured"].names
    assert "measured: 1.4 (drawn by its difference from the parent's 1.1)" in name


def test_they_go_with_their_library(measured_plot: ParetoPlot) -> None:
    """Another library has no part in them."""
    measured_plot.state.open_library(pw.random_library(3, 3))
    assert measured_plot.state.measured == ()
    assert measured_plot.measured.layout.display == "none"
    assert len(measured_plot.chart.spots["measured"].x) == 0


def test_only_what_is_drawn_redraws(plot: ParetoPlot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is off changes no chart; a limit on the axis does, and so does a choice."""
    drawn: list[object] = []
    monkeypatch.setattr(plot.chart, "show", drawn.append)
    state = plot.state
    state.set_front(MEMORY)
    state.set_budgets(tuple(replace(row, on=False) for row in state.budgets))
    drawn.clear()
    off = [replace(row, value=row.value * 0.9) for row in state.budgets]
    state.set_budgets(off)
    assert drawn == []
    state.set_budget(MEMORY, "99 %")
    assert drawn
    drawn.clear()
    state.show_point(0)
    assert drawn
