"""Heat maps: cells where they belong, events of cells that are there."""

from __future__ import annotations

import numpy as np
import pytest

from puzzle_widgets.widgets.heat_chart import (
    HeatAxis,
    HeatChart,
    cell_edges,
    outline,
    put_around,
)


def chart_of(columns: int, rows: int, told: list[tuple[str, int, int]]) -> HeatChart:
    """Chart that notes what it tells."""
    x, y = (HeatAxis(cell_edges(list(range(count))), "axis") for count in (columns, rows))
    return HeatChart(
        x,
        y,
        lambda row, column: told.append(("hover", row, column)),
        lambda row, column: told.append(("click", row, column)),
        height=200,
    )


def test_edges_are_half_way() -> None:
    """Uneven places get uneven cells; a single one gets a cell of its own."""
    assert cell_edges([0.0, 2.0, 6.0]) == [-1.0, 1.0, 4.0, 8.0]
    assert cell_edges([7.0]) == [6.5, 7.5]


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (1, 4), (80, 1), (5, 3)])
def test_tables_of_any_shape_stay_tables(columns: int, rows: int) -> None:
    """A single row or layer is drawn as others are; the cell beyond the end is out of sight."""
    chart = chart_of(columns, rows, [])
    values = np.arange(columns * rows, dtype=float).reshape(rows, columns) / 1000
    chart.show(values)
    assert chart.cells.color.shape == (rows + 1, columns + 1)
    np.testing.assert_array_equal(chart.cells.color[:-1, :-1], values)
    assert chart.scales["x"].max == columns - 0.5
    assert len(chart.cells.column) == columns + 2


def test_events_tell_row_and_column() -> None:
    """Clicks and pointing reach the callbacks, in both forms that the page sends."""
    told: list[tuple[str, int, int]] = []
    chart = chart_of(4, 3, told)
    cell = {"rowNum": 2, "columnNum": 1}
    chart.cells._handle_custom_msg({"event": "element_click", "data": cell}, None)
    chart.cells._handle_custom_msg({"event": "hover", "point": cell}, None)
    assert told == [("click", 2, 1), ("hover", 2, 1)]


def test_events_of_cells_that_are_not_there_are_let_go() -> None:
    """The cell beyond the end, and messages without a cell, tell nothing."""
    told: list[tuple[str, int, int]] = []
    chart = chart_of(4, 3, told)
    for cell in ({"rowNum": 3, "columnNum": 0}, {"rowNum": 0, "columnNum": 4}, {}):
        chart.cells._handle_custom_msg({"event": "element_click", "data": cell}, None)
    assert told == []


def test_an_outline_goes_around_and_away() -> None:
    """Five corners close the outline; without ends it is not seen."""
    mark = outline(chart_of(2, 2, []).scales, "#000000")
    assert not mark.visible
    put_around(mark, (0.0, 1.0, 2.0, 3.0))
    assert mark.visible
    assert mark.x.tolist() == [0, 1, 1, 0, 0]
    assert mark.y.tolist() == [2, 2, 3, 3, 2]
    put_around(mark, None)
    assert not mark.visible
