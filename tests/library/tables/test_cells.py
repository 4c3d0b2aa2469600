"""Figures that are text: by the marks that are said, or by those that their table tells."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.tables.cells import Marks, NumberStyle, find_style

PLACE = Location("s.csv", row="row 2")


def read(cells: list[str], said: Marks, *, comma_file: bool = False) -> list[float | str]:
    """Read all figures of one table."""
    style = find_style([(cell, lambda: PLACE) for cell in cells], said, comma_file=comma_file)
    return [style.read(cell, PLACE) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["1437.11", "20"], [1437.11, 20]),
        (["1437,11", "20"], [1437.11, 20]),
        (["1.437,11", "1.000"], [1437.11, 1000]),
        (["1,437.11", "1,000"], [1437.11, 1000]),
        (["0,437", "1,437"], [0.437, 1.437]),
        (["0.437", "1.437"], [0.437, 1.437]),
        (["1,437,000", "1,437"], [1437000, 1437]),
        (["1.437.000", "0,5"], [1437000, 0.5]),
        (["-1,5e3", "+2"], [-1500, 2]),
        (["5e-3", ".5", "7."], [0.005, 0.5, 7]),
        (["0.0", "1.416"], [0, 1.416]),
        (["1416", "672"], [1416, 672]),
    ],
)
def test_a_table_tells_its_marks(cells: list[str], found: list[float]) -> None:
    """By the figures that can be read in one way only."""
    assert read(cells, Marks()) == found


@pytest.mark.parametrize(
    ("cell", "ways"), [("1.416", "as 1.416 and as 1416"), ("1,125", "1.125 and as 1125")]
)
def test_what_reads_in_two_ways_is_refused(cell: str, ways: str) -> None:
    """With where it stands, both readings, and what to pass."""
    with pytest.raises(pw.LibraryError) as caught:
        read([cell, "672"], Marks())
    text = str(caught.value)
    mark = cell[1]
    assert "s.csv, row 2" in text
    assert ways in text
    assert f"decimal={mark!r} or thousands={mark!r}" in text


def test_a_plain_figure_between_commas_is_what_it_says() -> None:
    """There a comma would have parted it; one in quotes is still not clear."""
    assert read(["1.416", "672"], Marks(), comma_file=True) == [1.416, 672]
    assert read(["1.416", "1,125"], Marks(), comma_file=True) == [1.416, 1125]
    with pytest.raises(pw.LibraryError, match="in two ways"):
        read(["672", "1,125"], Marks(), comma_file=True)


@pytest.mark.parametrize(
    ("said", "cell", "found"),
    [
        (Marks("."), "1.416", 1.416),
        (Marks(","), "1,125", 1.125),
        (Marks(thousands="."), "1.416", 1416),
        (Marks(thousands=","), "1,125", 1125),
        (Marks(",", "."), "1.416,5", 1416.5),
        (Marks(",", " "), "1\N{NARROW NO-BREAK SPACE}437,5", 1437.5),
        (Marks(".", "'"), "1\N{RIGHT SINGLE QUOTATION MARK}437.5", 1437.5),
        (Marks(","), "1.416", "1.416"),
        (Marks(thousands=","), "1,12", "1,12"),
    ],
)
def test_what_is_said_goes_before_what_is_told(said: Marks, cell: str, found: float | str) -> None:
    """As for pandas; another mark makes text of a figure."""
    assert read([cell], said) == [found]


def test_two_decimal_marks_in_one_table_are_refused() -> None:
    """Neither is taken for a slip in silence."""
    with pytest.raises(pw.LibraryError, match=r"'1,25' has a decimal comma, and '3\.75' a decimal"):
        read(["1,25", "3.75"], Marks())


@pytest.mark.parametrize("written", ["abc", "", "1_000", "1,2,3", "1.2.3", "0x1f", "12 34", "½"])
@pytest.mark.parametrize("decimal", [".", ",", None])
def test_what_is_no_number_comes_back(written: str, decimal: str | None) -> None:
    """Text stays text, to be named in a message."""
    assert NumberStyle(decimal).read(written, PLACE) == written


@pytest.mark.parametrize(("decimal", "thousands"), [(";", None), (None, "_"), (",", ",")])
def test_other_marks_are_refused(decimal: str | None, thousands: str | None) -> None:
    """In words that name them."""
    with pytest.raises(pw.LibraryError, match=r"decimal|thousands"):
        Marks(decimal, thousands)
