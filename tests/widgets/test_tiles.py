"""The tiles of an answer: what they say, in which digits, and against what."""

from __future__ import annotations

import math

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import format_brief
from puzzle_widgets.widgets.tiles import Tile, difference_words, tiles, tiles_of
from tests.support.libraries import EMBEDDED, LOSS, MEMORY, RUNTIME, make_library

ROWS = [[2.0, 1024.0, 100.0], [2.5, 500.0, 60.0], [4.0, 100.0, 0.0]]
LIBRARY = make_library([ROWS] * 4, (LOSS, MEMORY, RUNTIME))
PROBLEM = pw.SearchProblem(LIBRARY, minimize=LOSS)


def chosen(*names: str) -> pw.Solution:
    """The architecture of these variants, one a layer."""
    fixed = {layer.name: name for layer, name in zip(LIBRARY.layers, names, strict=True)}
    return pw.search(PROBLEM.with_fixed(fixed))


def tile(found: list[Tile], label: str) -> Tile:
    """The tile of this name."""
    (one,) = [tile for tile in found if tile.label.startswith(label)]
    return one


def test_a_figure_has_digits_to_read_and_all_of_them_to_point_at() -> None:
    """Three of a score; the title has the rest."""
    solution = pw.search(pw.SearchProblem(pw.load_library(EMBEDDED), minimize="metrics.kl_div"))
    within = pw.search(solution.problem.with_budget(MEMORY, upper="70 %"))
    score = tile(tiles_of(within), "KL divergence")
    assert score.number == format_brief(within.score)
    assert score.exact == f"{within.score:.12g}"
    assert f"title='{score.exact}'" in tiles(within)


def test_every_figure_differs_from_the_reference_by_so_much() -> None:
    """Signed, in the tile's own unit, with the reference's name."""
    solution, reference = chosen("v0", "v1", "v1", "v1"), chosen("v0", "v0", "v0", "v1")
    found = tiles_of(solution, pw.Scenario("A", reference))
    assert tile(found, "Loss").versus == "+1 vs A"
    assert tile(found, "Memory").versus == "\N{MINUS SIGN}1,048 vs A"
    assert tile(found, "Runtime").versus == "\N{MINUS SIGN}80 vs A"
    faster = (solution.throughput or 0) - (reference.throughput or 0)
    assert tile(found, "Throughput").versus == f"+{faster:.4g} vs A"
    speedup = (solution.speedup or 0) - (reference.speedup or 0)
    assert tile(found, "Speedup").versus == f"+{speedup:.2f} vs A"
    assert all(not one.versus for one in tiles_of(solution))


def test_the_same_architecture_says_so() -> None:
    """No figure differs."""
    solution = chosen("v0", "v1", "v1", "v1")
    found = tiles_of(solution, pw.Scenario("A", solution))
    assert {one.versus for one in found} == {"same as A"}


def test_no_runtime_is_said_in_words() -> None:
    """Of the answer once, without a difference; of a reference nothing is said."""
    nothing, some = chosen("v2", "v2", "v2", "v2"), chosen("v0", "v0", "v0", "v0")
    for other in (some, nothing):
        found = tiles_of(nothing, pw.Scenario("A", other))
        speed = tile(found, "Throughput")
        assert (speed.number, speed.unit, speed.odd) == ("no runtime left", "", True)
        assert not speed.versus
        assert not [one for one in found if one.label == "Speedup"]
    found = tiles_of(some, pw.Scenario("A", nothing))
    assert tile(found, "Throughput").versus == tile(found, "Speedup").versus == ""
    assert tile(found, "Runtime").versus == "+400 vs A"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (3.14, "+3 vs A"),
        (-3.14, "\N{MINUS SIGN}3 vs A"),
        (0.0, "same as A"),
        (math.inf, ""),
        (math.nan, ""),
    ],
)
def test_a_difference_in_words(change: float, words: str) -> None:
    """By its sign; nothing of one that is none."""
    assert difference_words("3", change, "A") == words


def test_a_long_name_is_cut_and_whole_to_point_at() -> None:
    """And is text."""
    name = "<b>" + "long " * 20
    shown = tiles(chosen("v0", "v0", "v0", "v0"), pw.Scenario(name, chosen("v1", "v1", "v1", "v1")))
    assert "vs &lt;b&gt;long long long\N{HORIZONTAL ELLIPSIS}" in shown.replace(" \u2026", "\u2026")
    assert f"title='&lt;b&gt;{'long ' * 20}'" in shown


def test_a_strip_of_tiles_is_as_high_with_a_reference() -> None:
    """The difference takes the place of the parent's share, and a long name is in its title."""
    solution, other = chosen("v0", "v1", "v1", "v1"), chosen("v0", "v0", "v0", "v1")
    strip = tiles(solution, pw.Scenario("Server of a kind", other), brief=True)
    assert "+1 vs ref.<" in strip
    assert "+1 vs Server<" in tiles(solution, pw.Scenario("Server", other), brief=True)
    assert "title='Server of a kind'" in strip
    assert "of parent" not in strip
    assert "of parent" in tiles(solution, brief=True)
