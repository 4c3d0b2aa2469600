"""Axes of the Pareto plot: options, spans, ticks and budget lines."""

from __future__ import annotations

import pytest

from puzzle_widgets.library import Measurement
from puzzle_widgets.library.quantity import PARAMETERS, THROUGHPUT, describe_key
from puzzle_widgets.state.limits import LimitSetting
from puzzle_widgets.widgets.pareto_axis import (
    Span,
    axis_options,
    budget_lines,
    resource_span,
    score_span,
    tick_labels,
    ticks_of,
)
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

ROWS = [[(0, 4, 2, 7), (1, 2, 1, 3)]]
LIBRARY = make_library(ROWS, keys=(LOSS, "stats.watts", MEMORY, RUNTIME))


def test_options_put_the_usual_resources_first() -> None:
    """Memory, runtime and throughput come before other costs, each with its unit."""
    assert axis_options(LIBRARY, MEMORY) == [
        ("Memory (MiB)", MEMORY),
        ("Runtime (ms)", RUNTIME),
        ("Throughput (tokens/s)", THROUGHPUT),
        ("Watts", "stats.watts"),
    ]


def test_options_leave_out_an_unknown_throughput() -> None:
    """Without batch size and sequence length there is no throughput to choose."""
    library = make_library(
        ROWS, keys=(LOSS, "stats.watts", MEMORY, RUNTIME), measurement=Measurement()
    )
    assert THROUGHPUT not in [key for _, key in axis_options(library, MEMORY)]


@pytest.mark.parametrize(
    ("resource", "row", "at"),
    [
        (MEMORY, LimitSetting(MEMORY, "at most", 3.0, on=True), 3.0),
        (THROUGHPUT, LimitSetting(RUNTIME, "at most", 2.0, on=True), 50_000.0),
        (RUNTIME, LimitSetting(THROUGHPUT, "at least", 50_000.0, on=True), 2.0),
    ],
)
def test_limits_stand_on_their_own_axis_and_on_its_inverse(
    resource: str, row: LimitSetting, at: float
) -> None:
    """A runtime limit stands on the throughput axis too, and the other way round."""
    (line,) = budget_lines(LIBRARY, [row], resource)
    assert line.at == at


@pytest.mark.parametrize(
    "row",
    [
        LimitSetting(MEMORY, "at most", 3.0),
        LimitSetting(RUNTIME, "at most", 2.0, on=True),
        LimitSetting(MEMORY, "at most", float("inf"), on=True),
    ],
)
def test_other_limits_have_no_line(row: LimitSetting) -> None:
    """Limits that are off, that bear on another resource or that are infinite have no line."""
    assert budget_lines(LIBRARY, [row], MEMORY) == []


def test_limit_is_told_in_its_own_unit() -> None:
    """The words of a line carry sign, value and unit of the limit itself."""
    row = LimitSetting(RUNTIME, "at most", 2.0, on=True)
    assert budget_lines(LIBRARY, [row], THROUGHPUT)[0].words == "Runtime ≤ 2 ms"


def test_span_takes_in_near_limits_only() -> None:
    """A limit near the architectures widens the axis; one far away does not flatten them."""
    assert resource_span([100.0, 200.0], [250.0]).holds(250.0)
    assert resource_span([100.0, 200.0], [900.0]).high < 210.0


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0])
def test_span_of_one_architecture_has_a_width(value: float) -> None:
    """A lone architecture stands inside an axis of some width."""
    span = resource_span([value], [])
    assert span.low < value < span.high


def test_scores_start_at_zero() -> None:
    """Losses are drawn from 0, with room above the greatest."""
    span = score_span([3.0, 7.0], [], minimize=True)
    assert -0.5 < span.low < 0
    assert ticks_of(span)[0] == 0
    assert 7.0 < span.high < 8.0


def test_lone_huge_loss_stays_outside() -> None:
    """One loss far beyond the front, or on it, does not flatten the others."""
    assert score_span([0.0, 1.0, 2.0, 3.0], [5000.0], minimize=True).high < 4.0
    span = score_span([0.0, 1.0, 2.0, 3.0, 5000.0], [], minimize=True)
    assert span.high < 4.0
    assert span.clip(5000.0) == span.high


def test_steep_fronts_are_whole() -> None:
    """A front that rises steeply at its end is shown to that end."""
    assert score_span([0.0, 0.1, 0.2, 0.5, 1.0, 3.0, 10.0], [], minimize=True).holds(10.0)


def test_few_points_leave_nothing_outside() -> None:
    """Before there is a front worth the name, every score is inside."""
    assert score_span([0.0], [70.0], minimize=True).holds(70.0)


def test_scores_to_maximise_are_not_squeezed() -> None:
    """High accuracies are spread over the chart rather than drawn from 0."""
    span = score_span([95.0, 98.0], [], minimize=False)
    assert 94.0 < span.low < 95.0


@pytest.mark.parametrize("scores", [[], [0.0], [0.0, 0.0]])
def test_scores_without_a_range_have_a_span(scores: list[float]) -> None:
    """No scores, or none but 0, still give an axis."""
    span = score_span(scores, [], minimize=True)
    assert span.low < 0 < span.high


@pytest.mark.parametrize("span", [Span(0.0, 27.3), Span(4521.0, 24_001.0), Span(-2e-7, 9e-7)])
def test_ticks_are_few_and_inside(span: Span) -> None:
    """There are two to seven ticks, all within the span."""
    ticks = ticks_of(span)
    assert 2 <= len(ticks) <= 7
    assert all(span.holds(tick) for tick in ticks)


def test_tick_labels_are_readable() -> None:
    """Thousands are separated, and billions of parameters are told as such."""
    memory, parameters = describe_key(MEMORY), describe_key(PARAMETERS)
    labels = tick_labels(ticks_of(Span(58_000.0, 82_000.0)), memory)
    assert labels["60000"] == "60,000"
    labels = tick_labels(ticks_of(Span(1e10, 7e10)), parameters)
    assert labels["40000000000"] == "40 B"


def test_ticks_are_named_as_a_browser_writes_them() -> None:
    """Keys of fractions are the shortest digits, as JavaScript writes numbers."""
    assert tick_labels(ticks_of(Span(0.0, 1.0)), describe_key(LOSS)).keys() == {
        "0",
        "0.2",
        "0.4",
        "0.6000000000000001",
        "0.8",
        "1",
    }
