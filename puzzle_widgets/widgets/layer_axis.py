"""The axis of layers that the charts share: one unit of the scale is one layer."""

from __future__ import annotations

from collections.abc import Sequence

import bqplot as bq
import numpy as np
import numpy.typing as npt

from puzzle_widgets.library import Layer

_MOST_TICKS = 11
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_LONGEST = 9

FloatArray = npt.NDArray[np.float64]


def layer_axis(layers: Sequence[Layer], label: str = "Layer") -> tuple[bq.LinearScale, bq.Axis]:
    """Make the horizontal scale and axis of a chart of layers.

    Layer ``i`` (by place) stands at ``x = i``; the ends leave room for half a bar. Ticks say the
    layers' names.

    Parameters
    ----------
    layers
        In the order of the network.
    label
        Words under the axis.
    """
    scale = bq.LinearScale(allow_padding=False)
    axis = bq.Axis(scale=scale, label=label, grid_lines="none", label_offset="32px")
    fit_layer_axis(scale, axis, layers)
    return scale, axis


def fit_layer_axis(scale: bq.LinearScale, axis: bq.Axis, layers: Sequence[Layer]) -> None:
    """Fit a scale and axis of :func:`layer_axis` to other layers, in place."""
    scale.min, scale.max = -0.6, len(layers) - 0.4
    with axis.hold_sync():
        axis.tick_values, axis.tick_labels = layer_ticks(layers)


def layer_ticks(layers: Sequence[Layer]) -> tuple[FloatArray, dict[str, str]]:
    """Places of the ticks, and the layers' names under the number as a browser writes it."""
    ticks = tick_places(len(layers))
    return ticks, {f"{tick:.0f}": _short(layers[int(tick)]) for tick in ticks}


def layer_places(count: int) -> FloatArray:
    """Places of the layers on the axis: 0, 1, 2 and so on."""
    return np.arange(count, dtype=np.float64)


def tick_places(count: int) -> FloatArray:
    """Places of the ticks: about ten, at round steps from 0."""
    step = next((step for step in _STEPS if count <= step * _MOST_TICKS), count)
    return np.arange(0, count, step, dtype=np.float64)


def _short(layer: Layer) -> str:
    words = " ".join(str(layer.name).split())
    return words if len(words) <= _LONGEST else f"…{words[1 - _LONGEST :]}"
