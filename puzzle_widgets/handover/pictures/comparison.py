"""Picture of scenarios over each other: a cost of every layer, as steps, beside the parent's."""

from __future__ import annotations

from collections.abc import Sequence

from puzzle_widgets.handover.pictures.colors import PARENT, scenario_color
from puzzle_widgets.handover.pictures.frame import Frame, layer_axis, number_axis
from puzzle_widgets.handover.pictures.legend import Entry, draw_legend, legend_rows
from puzzle_widgets.handover.pictures.svg import Drawing
from puzzle_widgets.library.quantity import format_number
from puzzle_widgets.solution import Scenario

WIDTH, ROOM = 960, 220
_LEFT, _RIGHT, _BOTTOM = 78, 14, 50
_DASHES = ("", "7,4", "2,3", "8,3,2,3")


def comparison_picture(scenarios: Sequence[Scenario], key: str, title: str = "") -> Drawing:
    """Draw a score or cost of every layer for each scenario.

    Parameters
    ----------
    scenarios
        Of one library; at least one.
    key
        Dotted key.
    title
        Read out for the picture; by default says what is drawn.
    """
    library = scenarios[0].solution.library
    quantity = library.quantity(key)
    parent = [layer.parent_variant.values[key] for layer in library.layers]
    rows = [[block.values[key] for block in one.solution.blocks] for one in scenarios]
    entries = [
        Entry(f"Parent: {quantity.text(library.parent_totals[key])}", PARENT, "line"),
        *(
            Entry(_words(one, key), scenario_color(place), "line", _dash(place))
            for place, one in enumerate(scenarios)
        ),
    ]
    top = 16 + 18 * len(legend_rows(entries, WIDTH - _LEFT - 10))
    drawing = Drawing(WIDTH, top + ROOM + _BOTTOM, title or f"{quantity.title} by layer")
    every = [value for row in (parent, *rows) for value in row]
    y = number_axis(every, quantity.title, from_zero=True)
    frame = Frame(layer_axis(library), y, _LEFT, top, WIDTH - _LEFT - _RIGHT, ROOM)
    frame.draw(drawing)
    drawing.curve(_steps(frame, parent), PARENT)
    for place, row in enumerate(rows):
        drawing.curve(_steps(frame, row), scenario_color(place), dash=_dash(place))
    draw_legend(drawing, entries, _LEFT, 14)
    return drawing


def _words(one: Scenario, key: str) -> str:
    return f"{one.name}: {format_number(one.solution.totals[key])}"


def _steps(frame: Frame, values: Sequence[float]) -> list[tuple[float, float]]:
    return [
        frame.at(place + side, value) for place, value in enumerate(values) for side in (-0.5, 0.5)
    ]


def _dash(place: int) -> str:
    """Colours repeat after eight, dashes after four: the two together after 32."""
    return _DASHES[(place + place // 8) % len(_DASHES)]
