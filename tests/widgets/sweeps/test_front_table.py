"""The points of the front as a table: what the page is given, and what it may ask for."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.state.kept_actions import MOST_KEPT
from puzzle_widgets.widgets.sweeps import points as module
from puzzle_widgets.widgets.sweeps.front_table import FrontTable
from puzzle_widgets.widgets.sweeps.points import PointTable
from tests.support.libraries import LOSS, MEMORY, make_library
from tests.support.state import found_so_far


@pytest.fixture
def table() -> FrontTable:
    """The table of a front that has been found."""
    state = pw.ExplorerState(pw.random_library(6, 5))
    state.set_front(MEMORY)
    return FrontTable(state)


def say(points: PointTable, content: object) -> None:
    """Send a message as the page does."""
    points._handle_custom_msg(content, [])


def ids(points: PointTable) -> list[str]:
    """What the rows are known by."""
    return [row[0] for row in points.rows]


def titles(points: PointTable) -> list[str]:
    """Titles of the columns."""
    return [title for title, _ in points.columns]


def test_every_point_is_a_row_with_its_figures(table: FrontTable) -> None:
    """To read, to sort by, and in full."""
    points, front = table.points, table.state.front
    assert front is not None
    assert len(points.rows) == len(front.solutions) == len(set(ids(points)))
    for name in ("Status", "Gap (%)", "Throughput (tokens/s)", "Memory (MiB)", "Layers changed"):
        assert name in titles(points)
    place = titles(points).index("Memory (MiB)") + 1
    for row, point in zip(points.rows, front.solutions, strict=True):
        text, value, full = row[place]
        assert value == point.totals[MEMORY]
        assert float(full.replace(",", "")) == pytest.approx(value)
        assert len(text) <= len(full)
    assert "proven optimal." in table.said.value
    assert repr(table)


def test_units_follow_those_of_the_budgets(table: FrontTable) -> None:
    """GiB where these are shown, so that a filter means what the column says."""
    table.state.set_looks(gib=True)
    points, front = table.points, table.state.front
    place = titles(points).index("Memory (GiB)") + 1
    assert points.rows[0][place][1] == front.solutions[0].totals[MEMORY] / 1024


def test_a_row_shows_its_point_and_follows_the_chart(table: FrontTable) -> None:
    """As a click on the chart does; the row that is shown is told."""
    points, state = table.points, table.state
    say(points, {"show": ids(points)[2]})
    assert (state.selection.kind, state.selection.place) == ("point", 2)
    assert points.chosen == ids(points)[2]
    state.show_point(0)
    assert points.chosen == ids(points)[0]
    state.show_current()
    assert points.chosen == ""


def test_points_that_are_picked_become_scenarios(table: FrontTable) -> None:
    """In one step, each under a name that is free; what is there already comes once."""
    points, state = table.points, table.state
    say(points, {"keep": [ids(points)[3], ids(points)[1], ids(points)[3]]})
    kept = [one.solution for one in state.scenarios]
    assert kept == [state.front.solutions[3], state.front.solutions[1]]
    assert all(one.name.startswith("Memory ") for one in state.scenarios)
    assert state.message is not None
    assert state.message.text == "2 scenarios saved."
    say(points, {"keep": [ids(points)[3], ids(points)[0]]})
    assert len(state.scenarios) == 3
    state.undo()
    state.undo()
    assert not state.record.scenarios


def test_a_file_has_the_points_that_are_asked_for(table: FrontTable) -> None:
    """In the order of the screen."""
    points = table.points
    say(points, {"download": [ids(points)[2], ids(points)[0]]})
    file = points.saver.file
    assert (file["name"], file["kind"]) == ("pareto-front.csv", "text/csv")
    rows = list(csv.DictReader(file["text"].splitlines()))
    assert [row["Point"] for row in rows] == ["3", "1"]


@pytest.mark.parametrize(
    "said",
    [
        {"show": 3},
        {"show": None},
        {"show": "gone"},
        {"keep": []},
        {"keep": "abc"},
        {"keep": {"a": 1}},
        {"keep": ["gone"]},
        {"keep": [[]]},
        {"keep": ["x"] * (MOST_KEPT + 1)},
        {"download": None},
        {"download": ["gone"]},
        {"download": ["x"] * 10**5},
    ],
)
def test_what_names_no_points_is_refused(
    table: FrontTable, said: dict[str, Any], no_silent_errors: list[Exception]
) -> None:
    """One message; nothing is shown, kept or saved."""
    before = table.state.record
    say(table.points, said)
    assert table.state.record is before
    assert table.points.saver.file == {}
    assert table.state.message is not None
    assert table.state.message.level == "error"
    assert all(isinstance(error, pw.PuzzleError) for error in no_silent_errors)
    no_silent_errors.clear()


@pytest.mark.parametrize("said", [None, 3, [], "show", {"other": 1}])
def test_what_is_no_message_is_ignored(table: FrontTable, said: object) -> None:
    """Nothing happens."""
    before = table.state.record
    say(table.points, said)
    assert table.state.record is before
    assert table.state.message is None


def test_without_a_front_words_stand_in_its_place() -> None:
    """And when it is found, the table; another axis empties it until it is searched."""
    state = pw.ExplorerState(pw.random_library(4, 4))
    table = FrontTable(state)
    assert "not been searched" in table.said.value
    assert table.points.layout.display == "none"
    state.start("front")
    assert table.points.layout.display == ""
    assert table.points.rows
    state.open_library(pw.random_library(3, 3))
    assert table.points.rows == []


def test_names_from_a_file_reach_the_page_as_text() -> None:
    """Titles are data, never markup: the page sets them as text."""
    library = make_library([[(0, 3), (1, 1)]], (LOSS, "stats.<b>"))
    state = pw.ExplorerState(library)
    state.start("front")
    assert "<b>" in " ".join(titles(FrontTable(state).points))
    script = (Path(module.__file__).parents[1] / "static" / "front_table.js").read_text()
    assert "innerHTML" not in script
    assert "insertAdjacentHTML" not in script


def test_a_long_front_waits_for_its_end(table: FrontTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a search is not held up by its table; what is too long is cut, and says so."""
    points, state = table.points, table.state
    rows = points.rows
    monkeypatch.setattr(module, "MOST_WHILE_SEARCHED", 3)
    assert state.front is not None
    some = replace(state.front, solutions=state.front.solutions[:4], done=4)
    found_so_far(state, "front", some)
    assert points.rows == rows
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    state.stop("front")
    assert (len(points.rows), points.left_out) == (2, 2)


def test_a_closed_table_lets_go(table: FrontTable) -> None:
    """It follows no more."""
    table.close()
    rows = table.points.rows
    table.state.set_front("throughput")
    assert table.points.rows == rows
