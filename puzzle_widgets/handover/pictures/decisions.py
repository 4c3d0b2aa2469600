"""Picture of a decision map: the size of every layer's attention and FFN, target by target."""

from __future__ import annotations

import math

from puzzle_widgets.handover.pictures.colors import ATTENTION_LINEAR, WHOLE, heat_color
from puzzle_widgets.handover.pictures.frame import Axis, Frame, layer_axis
from puzzle_widgets.handover.pictures.heat import BLANK, draw_cells, draw_strip
from puzzle_widgets.handover.pictures.surface import limit_axis
from puzzle_widgets.handover.pictures.svg import Drawing
from puzzle_widgets.library.block import KINDS
from puzzle_widgets.solution import DecisionGrid
from puzzle_widgets.solution.decision_map import NONE_CHOSEN
from puzzle_widgets.solution.sizes import HalfSizes

WIDTH = 960
_ROW, _LEFT, _RIGHT, _TOP, _BETWEEN = 20, 96, 14, 72, 84
_LINEAR = KINDS.index("linear")


def decisions_picture(grid: DecisionGrid, title: str = "Decision map") -> Drawing:
    """Draw a decision map, attention over FFN; rows rise with the target.

    Parameters
    ----------
    grid
        A map, as far as it is known.
    title
        Read out for the picture.
    """
    halves = _halves(grid)
    room = max(_ROW * len(grid.targets), 60)
    drawing = Drawing(WIDTH, _TOP + len(halves) * (room + _BETWEEN), title)
    for number, (name, half) in enumerate(halves):
        top = _TOP + number * (room + _BETWEEN)
        x = layer_axis(grid.problem.library)
        y = limit_axis(grid.targets)
        frame = Frame(_cells(x), y, _LEFT, top + 8, WIDTH - _LEFT - _RIGHT, room)
        drawing.text(_LEFT, top, name, quiet=False, size=13)
        draw_cells(drawing, frame, _tones(grid, half), _words(grid))
        frame.draw(drawing, rules=False)
    draw_strip(drawing, _LEFT, 18, "% of the parent's", ("0 %", "100 %"))
    drawing.text(_LEFT + 230, 27, "light blue: linear; grey: no architecture")
    return drawing


def _halves(grid: DecisionGrid) -> list[tuple[str, HalfSizes]]:
    sizes = grid.sizes
    if sizes.whole is not None:
        return [("Blocks", sizes.whole)]
    return [("Attention", sizes.attention), ("FFN", sizes.ffn)]


def _cells(axis: Axis) -> Axis:
    """The axis of layers for cells, which begin and end half-way between two layers."""
    return Axis(-0.5, axis.high - 0.1, axis.ticks, axis.title)


def _tones(grid: DecisionGrid, half: HalfSizes) -> list[list[str]]:
    return [[_tone(half, int(place)) for place in row] for row in grid.choices]


def _tone(half: HalfSizes, place: int) -> str:
    if place == NONE_CHOSEN:
        return BLANK
    if half.kinds[place] == _LINEAR:
        return WHOLE
    share = float(half.shares[place])
    return ATTENTION_LINEAR if math.isnan(share) else heat_color(share)


def _words(grid: DecisionGrid) -> list[list[str]]:
    layers = grid.problem.library.layers
    rows = []
    for place, solution in enumerate(grid.solutions):
        head = grid.targets.words(place)
        blocks = solution.blocks if solution is not None else ()
        labels = [block.label for block in blocks] or ["no architecture"] * len(layers)
        pairs = zip(layers, labels, strict=True)
        rows.append([f"{head}, layer {layer.name}: {label}" for layer, label in pairs])
    return rows
