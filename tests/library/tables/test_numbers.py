"""Numbers of sheets: either decimal mark, thousands apart or not, one mark a sheet."""

from __future__ import annotations

import pytest

from puzzle_widgets.library.tables.numbers import NumberStyle, find_style


@pytest.mark.parametrize(
    ("cells", "usual", "read"),
    [
        (["1437.11", "20"], ".", [1437.11, 20]),
        (["1437,11", "20"], ",", [1437.11, 20]),
        (["1437,11", "20"], ".", [1437.11, 20]),
        (["1.437,11", "1.000"], ",", [1437.11, 1000]),
        (["1,437.11", "1,000"], ".", [1437.11, 1000]),
        (["1,437"], ".", [1437]),
        (["1,437"], ",", [1.437]),
        (["1.437"], ",", [1.437]),
        (["0,437", "1,437"], ".", [0.437, 1.437]),
        (["1,437,000"], ",", [1437000]),
        (["1.437.000", "0,5"], ",", [1437000, 0.5]),
        (["1 437,5", "12 000"], ",", [1437.5, 12000]),
        (["1\N{NARROW NO-BREAK SPACE}437,5"], ",", [1437.5]),
        (["1'437.5"], ".", [1437.5]),
        (["-1,5e3", "+2"], ",", [-1500, 2]),
        (["5e-3", ".5", "7."], ".", [0.005, 0.5, 7]),
    ],
)
def test_numbers_are_read_as_their_sheet_writes_them(
    cells: list[str], usual: str, read: list[float]
) -> None:
    """The mark is found from all numbers; what can be read both ways takes the usual one."""
    style = find_style(cells, usual)  # type: ignore[arg-type]
    assert [style.read(cell) for cell in cells] == read


@pytest.mark.parametrize("written", ["abc", "", "1_000", "1,2,3", "1.2.3", "0x1f", "12 34", "½"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_what_is_no_number_comes_back(written: str, decimal: str) -> None:
    """Text stays text, to be named in a message."""
    assert NumberStyle(decimal).read(written) == written  # type: ignore[arg-type]


def test_a_number_of_the_other_mark_is_none() -> None:
    """In a sheet of decimal commas a number with a decimal point is a slip, not thousands."""
    style = find_style(["0,5", "1,25", "3.75"], ",")
    assert style.read("1,25") == 1.25
    assert style.read("3.75") == "3.75"
