"""Drawings: strict XML, escaped words, round ticks."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from puzzle_widgets.handover.pictures.colors import HEAT, heat_color
from puzzle_widgets.handover.pictures.legend import Entry, legend_rows
from puzzle_widgets.handover.pictures.svg import Drawing, clean, layer_step, round_ticks


@given(st.text(st.characters(), max_size=40))
def test_any_word_gives_strict_xml(words: str) -> None:
    """Whatever a name holds, the file parses, and the name is text in it."""
    drawing = Drawing(100, 50, words)
    drawing.text(1, 2, words)
    drawing.rect(0, 0, 5, 5, "#fff", words)
    root = ET.fromstring(drawing.to_svg())  # noqa: S314 - written here
    texts = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [clean(words)]


def test_markup_in_names_is_no_markup() -> None:
    """Tags and quotes are shown as they are."""
    drawing = Drawing(10, 10, "' onload='x")
    drawing.text(0, 0, "<script>alert(1)</script>")
    svg = drawing.to_svg()
    assert "<script" not in svg
    assert "onload='" not in svg


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
    assert len(ticks) <= 8
    slack = 1e-6 * max(abs(low), abs(high), span)
    assert all(low - slack <= tick <= high + slack for tick in ticks)


def test_steps_of_layers() -> None:
    """About ten ticks, at round numbers."""
    assert [layer_step(count) for count in (1, 11, 12, 32, 80, 111, 1000)] == [
        1,
        1,
        2,
        5,
        10,
        20,
        100,
    ]


def test_heat_colors_run_from_end_to_end() -> None:
    """The ends are the ends, and what is between is mixed."""
    assert heat_color(0.0) == heat_color(-1.0) == HEAT[0]
    assert heat_color(1.0) == heat_color(2.0) == HEAT[-1]
    assert heat_color(0.2) == HEAT[1]
    assert heat_color(0.1) not in HEAT
    assert math.isclose(int(heat_color(0.1)[1:3], 16), (0x12 + 0x3F) / 2, abs_tol=1)


def test_legends_break_into_rows() -> None:
    """Long names take new rows, and none is lost."""
    entries = [Entry(f"a scenario of a long name, number {n}", "#000") for n in range(7)]
    rows = legend_rows(entries, 600)
    assert [entry for row in rows for entry in row] == entries
    assert len(rows) == 4
