"""The shared axis of layers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from puzzle_widgets.widgets.layer_axis import fit_layer_axis, layer_axis, tick_places
from tests.support.libraries import make_library

ROWS = [[(0, 1, 1)]]


@pytest.mark.parametrize("count", [1, 2, 11, 12, 32, 80, 200, 1500])
def test_ticks_are_few_and_round(count: int) -> None:
    """There are at most eleven ticks, from layer 0 on, all of them layers."""
    ticks = tick_places(count)
    assert 1 <= len(ticks) <= 11
    assert ticks[0] == 0
    assert ticks[-1] <= count - 1


def test_half_a_bar_fits_beyond_the_ends() -> None:
    """The scale ends a little beyond the first and the last layer."""
    scale, axis = layer_axis(make_library(ROWS * 80).layers)
    assert (scale.min, scale.max) == (-0.6, 79.6)
    assert axis.tick_labels["70"] == "70"


def test_long_names_are_shortened() -> None:
    """Ticks say layers' names by their last characters, on one line."""
    layers = [
        replace(la, name=f"model.layers\t{n}") for n, la in enumerate(make_library(ROWS * 2).layers)
    ]
    _, axis = layer_axis(layers)
    assert list(axis.tick_labels.values()) == ["…layers 0", "…layers 1"]


def test_an_axis_fits_other_layers_in_place() -> None:
    """The same scale and axis serve another number of layers."""
    scale, axis = layer_axis(make_library(ROWS * 3).layers)
    fit_layer_axis(scale, axis, make_library(ROWS * 40).layers)
    assert scale.max == 39.6
    assert axis.tick_values[-1] == 35
