"""Figures as SVG: well formed, escaped, and every mark in its place."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from puzzle_widgets.charts.figure import (
    Axis,
    Bars,
    BudgetLine,
    Cells,
    Figure,
    Key,
    Spot,
    Spots,
    Strip,
)
from puzzle_widgets.charts.palette import ATTENTION, FFN, FRONT, HEAT
from puzzle_widgets.charts.svg import Drawing, draw, legend_rows

SPACE = "{http://www.w3.org/2000/svg}"
AXES = Axis(0.0, 10.0, ((0.0, "0"), (10.0, "10")), "x"), Axis(0.0, 2.0, ((2.0, "2"),), "y")


def elements(drawing: Drawing, tag: str, **wanted: str) -> list[ET.Element]:
    """Elements of a picture with these attributes."""
    root = ET.fromstring(drawing.to_svg())  # noqa: S314 - written here
    return [e for e in root.iter(f"{SPACE}{tag}") if all(e.get(k) == v for k, v in wanted.items())]


@given(st.text())
def test_any_words_are_escaped_and_well_formed(words: str) -> None:
    """Titles, legends, ticks and marks hold whatever a file names its layers."""
    x = Axis(0.0, 1.0, ((0.0, words),), words)
    spots = Spots("points", "dot", 60, (Spot(0.5, 0.5, words, FRONT),))
    figure = Figure(
        words, x, x, (Key(words, FRONT, "dot"),), (BudgetLine(0.5, words),), (), (spots,)
    )
    ET.fromstring(draw(figure).to_svg())  # noqa: S314 - written here


def test_names_run_nothing() -> None:
    """A name with script in it is words."""
    figure = Figure("' onload='x", *AXES, (Key("<script>alert(1)</script>", FRONT),))
    svg = draw(figure).to_svg()
    assert "<script" not in svg
    assert "onload='" not in svg


def test_spots_stand_in_their_place() -> None:
    """From left to right and from the foot to the top, with hollow ones told apart."""
    spots = (Spot(0.0, 0.0, "a", FRONT), Spot(10.0, 2.0, "b", FRONT, hollow=True))
    drawing = draw(Figure("f", *AXES, spots=(Spots("points", "dot", 60, spots),)))
    first, second = (
        (float(dot.get("cx", 0)), float(dot.get("cy", 0))) for dot in elements(drawing, "circle")
    )
    assert first[0] < second[0]
    assert first[1] > second[1]
    assert len(elements(drawing, "circle", fill=FRONT)) == 1
    assert [title.text for title in elements(drawing, "title")] == ["a", "b"]


def test_bars_stack_upwards_and_downwards() -> None:
    """Negative parts hang from 0; what has no color leaves room."""
    bars = Bars(
        np.array([[1.0, 0.5], [-1.0, -0.25], [0.5, 0.0]]),
        np.array([[ATTENTION, ATTENTION], [FFN, FFN], ["", ""]], dtype=object),
        lambda place: f"layer {place}",
    )
    y = Axis(-2.0, 2.0)
    drawing = draw(Figure("f", Axis(-0.6, 1.6), y, bars=bars))
    up = [float(bar.get("height", 0)) for bar in elements(drawing, "rect", fill=ATTENTION)]
    down = [float(bar.get("height", 0)) for bar in elements(drawing, "rect", fill=FFN)]
    assert [round(height / up[0], 3) for height in up] == [1, 0.5]
    assert [round(height / up[0], 3) for height in down] == [1, 0.25]


def test_legends_break_into_rows() -> None:
    """Long names take new rows, and none is lost."""
    keys = [Key(f"a scenario of a long name, number {n}", "#000") for n in range(7)]
    rows = legend_rows(keys, 600)
    assert [key for row in rows for key in row] == keys
    assert len(rows) == 4


def test_figures_stand_under_each_other() -> None:
    """Two figures have one legend, and each its title."""
    figure = Figure("one", *AXES, (Key("only once", FRONT),))
    drawing = draw(figure, Figure("two", *AXES, figure.legend), title="both")
    said = [text.text for text in elements(drawing, "text")]
    assert said.count("only once") == 1
    assert {"one", "two"} <= set(said)
    assert drawing.title == "both"


def test_cells_leave_no_seams_and_the_strip_no_steps() -> None:
    """Colors run into each other in the strip as on the screen; cells touch."""
    cells = Cells((0.0, 1.0, 2.0), (0.0, 1.0), np.array([[0.0, 1.0]]), lambda *_: "", 20)
    figure = Figure("f", *AXES, cells=cells, strip=Strip("Score", ("0", "1", "2")))
    drawing = draw(figure)
    assert len(elements(drawing, "rect", **{"shape-rendering": "crispEdges"})) == 2
    stops = [stop.get("stop-color") for stop in elements(drawing, "stop")]
    assert stops == list(HEAT)
    assert len(elements(drawing, "rect", fill="url(#heat)")) == 1
