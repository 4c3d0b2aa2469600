"""Axes: spans, ticks and what they say."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from puzzle_widgets.charts.figure import (
    Axis,
    layer_axis,
    layer_ticks,
    log_ticks,
    quantity_axis,
    round_ticks,
    value_axis,
)
from puzzle_widgets.library.quantity import PARAMETERS, describe_key
from tests.support.libraries import LOSS, MEMORY, make_library


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (4900, 25100, [5000, 10000, 15000, 20000, 25000]),
        (-3, 3, [-3, -2, -1, 0, 1, 2, 3]),
        (5, 5, [5]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    """Steps of 1, 2, 2.5 or 5 times a power of ten, within the span."""
    assert round_ticks(low, high) == pytest.approx(ticks)


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12))
@example(-3761860.8370952383, 1e-9)
def test_ticks_lie_within(low: float, span: float) -> None:
    """Never more than eight, and none outside."""
    high = low + span
    ticks = round_ticks(low, high)
    assert 1 <= len(ticks) <= 8
    slack = 1e-6 * max(abs(low), abs(high), span)
    assert all(low - slack <= tick <= high + slack for tick in ticks)


@given(st.floats(1e-9, 1e9), st.floats(1.5, 1e9))
def test_ticks_of_a_logarithmic_axis_lie_within(low: float, factor: float) -> None:
    """Few, rising, and none outside."""
    ticks = log_ticks(low, low * factor)
    assert ticks == sorted(ticks)
    assert all(low <= tick <= low * factor for tick in ticks)
    assert len(ticks) <= 9


def test_ticks_are_readable() -> None:
    """Thousands are separated, and billions of parameters are told as such."""
    assert (60_000, "60,000") in quantity_axis(58_000, 82_000, describe_key(MEMORY)).ticks
    assert (4e10, "40 B") in quantity_axis(1e10, 7e10, describe_key(PARAMETERS)).ticks


def test_values_are_drawn_from_zero() -> None:
    """Costs stand on 0, gains and losses on both sides of it; equal values have a span."""
    costs = value_axis([3.0, 7.0, math.nan], describe_key(MEMORY))
    assert (costs.low, costs.ticks[0]) == (0.0, (0.0, "0"))
    assert 7.0 < costs.high < 8.0
    assert value_axis([-1.0, 2.0], describe_key(LOSS)).low == -1.0
    assert value_axis([0.0], describe_key(LOSS)).high > 0


def test_a_logarithmic_axis_leaves_out_what_is_not_positive() -> None:
    """Its shares are even in powers of ten, and 0 stands at the foot."""
    axis = value_axis([0.0, 1.0, 100.0], describe_key(LOSS), log=True)
    assert axis.low == 0.5
    low, high = math.log(axis.low), math.log(axis.high)
    assert axis.share(10.0) == pytest.approx((math.log(10) - low) / (high - low))
    assert axis.share(0.0) == 0.0


def test_an_axis_clips_to_its_ends() -> None:
    """What lies outside stands at the nearer end."""
    axis = Axis(1.0, 3.0)
    assert [axis.clip(value) for value in (0.0, 2.0, 9.0)] == [1.0, 2.0, 3.0]
    assert not axis.holds(9.0)


def test_layers_have_about_ten_ticks() -> None:
    """At round numbers, with the layers' names."""
    steps = [layer_ticks(count).step for count in (1, 11, 12, 32, 80, 111, 1000)]
    assert steps == [1, 1, 2, 5, 10, 20, 100]
    axis = layer_axis(make_library([[(0, 1, 1)]] * 12).layers)
    assert axis.ticks[:2] == ((0.0, "0"), (2.0, "2"))
    assert (axis.low, axis.high) == (-0.6, 11.6)
