"""Blocks by layer: sizes, choices, costs."""

from __future__ import annotations

import numpy as np

import puzzle_widgets as pw
from puzzle_widgets.charts.figure import Bars, Key
from puzzle_widgets.charts.layers import (
    MOST_ROWS,
    LayerChart,
    layer_chart,
    layers_figure,
    views_of,
)
from puzzle_widgets.charts.palette import (
    ATTENTION,
    ATTENTION_LINEAR,
    CURRENT,
    FFN,
    FFN_LINEAR,
    OUTLINE,
    SAVED,
    WHOLE,
)
from puzzle_widgets.problem.mckp import to_architecture
from puzzle_widgets.solution.sizes import LINEAR_HEIGHT, UNKNOWN_HEIGHT
from puzzle_widgets.solution.solution import evaluate
from tests.support.libraries import MEMORY, RUNTIME, make_library, published_files

PARTS = ("metrics.loss", RUNTIME, "stats.attention_runtime_ms", "stats.ffn_runtime_ms")


def bars_of(chart: LayerChart, choice: list[int]) -> Bars:
    """The bars of the variants at these places of the library's columns."""
    library = chart.library
    problem = pw.SearchProblem(library, minimize=library.scores[0])
    return chart.bars(evaluate(problem, to_architecture(library, np.array(choice))))


def published() -> pw.BlockLibrary:
    """Three layers whose blocks are known by kind and size."""
    return pw.load_files(published_files())


def legend(chart: LayerChart) -> str:
    """Words of the legend."""
    return "; ".join(key.words for key in chart.legend)


def test_attention_goes_up_and_ffn_down() -> None:
    """Bars have the share of the parent as height; linear ones a small one, no-op none."""
    bars = bars_of(layer_chart(published(), "Size"), [0, 4, 8])
    assert bars.heights.tolist() == [[1.0, 0.5, 0.0], [-1.0, -1.0, -LINEAR_HEIGHT]]
    assert bars.colors.tolist() == [[ATTENTION] * 3, [FFN, FFN, FFN_LINEAR]]
    assert bars.words(0).startswith("Layer 0: 8 KV heads")


def test_the_legend_says_what_the_library_has() -> None:
    """Linear FFNs and no-ops are there, linear attention is not."""
    chart = layer_chart(published(), "Size")
    assert "linear FFN" in legend(chart)
    assert "no-op" in legend(chart)
    assert ATTENTION_LINEAR not in {key.color for key in chart.legend}


def test_blocks_of_unknown_kind_are_one_bar() -> None:
    """Random libraries show whole blocks by their memory, and say so."""
    chart = layer_chart(make_library([[(0, 8, 1), (1, 2, 1)]]), "Size")
    assert bars_of(chart, [1]).heights.tolist() == [[0.25]]
    assert chart.legend[0].color == WHOLE
    assert "memory" in legend(chart)


def test_blocks_of_unknown_size_are_neutral() -> None:
    """Where nothing tells a size, every block has the same bar."""
    chart = layer_chart(make_library([[(0.0,), (1.0,)]], keys=("metrics.loss",)), "Size")
    assert bars_of(chart, [1]).heights.tolist() == [[UNKNOWN_HEIGHT]]
    assert "neutral" in legend(chart)


def rows_filled(bars: Bars, layer: int) -> list[int]:
    """Rows whose cells are filled in a layer, lowest first."""
    return [int(end) for end in np.cumsum(bars.heights[:, layer])[1::2]]


def test_every_kind_has_a_row() -> None:
    """FFN rows are below, attention rows above, larger ones higher; the chosen are filled."""
    chart = layer_chart(published(), "Choice")
    names = [words for _, words in chart.y.ticks]
    assert names == ["FFN linear", "FFN 64", "attn no-op", "attn 4 KV", "attn 8 KV"]
    bars = bars_of(chart, [0, 4, 8])
    assert [rows_filled(bars, layer) for layer in range(3)] == [[1, 4], [1, 3], [0, 2]]
    assert bars.colors[:, 0].tolist() == ["", FFN, "", ATTENTION]


def test_unknown_kinds_have_a_row_per_name() -> None:
    """Variants known by name only have a row each, the first one on top."""
    chart = layer_chart(make_library([[(0, 1, 1), (1, 1, 1)]] * 2), "Choice")
    assert [words for _, words in chart.y.ticks] == ["v1", "v0"]
    assert [rows_filled(bars_of(chart, [0, 3]), layer) for layer in range(2)] == [[1], [0]]


def test_too_many_rows_are_not_drawn() -> None:
    """Beyond what can be read there is a sentence and no chart."""
    chart = layer_chart(pw.random_library(2, MOST_ROWS + 1), "Choice")
    assert f"{MOST_ROWS + 1} rows" in chart.problem


def test_kept_and_saved_make_up_the_parent() -> None:
    """Kept and saved are stacked; a block dearer than the parent's saves nothing."""
    chart = layer_chart(make_library([[(0, 8, 1), (1, 2, 1)], [(0, 4, 1), (1, 5, 1)]]), "Memory")
    bars = bars_of(chart, [1, 3])
    assert bars.heights.tolist() == [[2.0, 5.0], [6.0, 0.0]]
    assert bars.colors[:, 0].tolist() == [CURRENT, SAVED]
    assert chart.y.title == "Memory (MiB) per layer"


def test_kept_is_split_where_the_subblocks_add_up() -> None:
    """Attention and FFN are told apart where the library knows both, and they fit."""
    chart = layer_chart(make_library([[(0, 10, 4, 6), (1, 5, 1, 4)]], keys=PARTS), "Runtime")
    bars = bars_of(chart, [1])
    assert bars.heights.tolist() == [[1.0], [4.0], [5.0]]
    assert bars.colors[:, 0].tolist() == [ATTENTION, FFN, SAVED]
    odd = layer_chart(make_library([[(0, 10, 4, 6), (1, 5, 1, 1)]], keys=PARTS), "Runtime")
    assert bars_of(odd, [1]).colors[:, 0].tolist() == [CURRENT, SAVED]


def test_views_are_those_that_the_library_has_figures_for() -> None:
    """Costs that it does not know have no view."""
    assert views_of(make_library([[(0, 8, 1)]])) == ["Size", "Choice", "Runtime", "Memory"]
    assert views_of(make_library([[(0, 8)]], keys=("metrics.loss", MEMORY))) == [
        "Size",
        "Choice",
        "Memory",
    ]


def test_a_chart_of_zeros_has_an_axis() -> None:
    """Costs of 0 are drawn all the same."""
    chart = layer_chart(make_library([[(0, 0, 0), (1, 0, 0)]]), "Memory")
    assert chart.y.high > chart.y.low


def test_a_reference_is_drawn_as_outlines() -> None:
    """What it has, and no gap or saving; the legend names it."""
    library = published()
    problem = pw.SearchProblem(library, minimize=library.scores[0])
    whole = pw.Scenario("A", pw.parent_solution(problem))
    small = evaluate(problem, to_architecture(library, np.array([2, 4, 8])))
    for view in views_of(library):
        chart = layer_chart(library, view)
        figure = chart.figure(small, reference=whole)
        assert figure.frames is not None
        assert figure.bars is not None
        own = chart.bars(whole.solution)
        parts = len(figure.frames.heights)
        np.testing.assert_array_equal(figure.frames.heights, own.heights[:parts])
        seen = own.colors[:parts] != ""
        assert set(figure.frames.colors[seen]) == {OUTLINE}
        assert set(figure.frames.colors[~seen]) <= {""}
        assert figure.frames.words(0).startswith("A, layer 0: ")
        assert figure.legend[-1] == Key("Reference: A", OUTLINE, "frame")
        assert chart.figure(small).frames is None


def test_costs_say_their_share_of_the_parents() -> None:
    """Each layer when it is pointed at, and all of them together in the legend."""
    library = make_library([[(0, 8, 1), (1, 2, 1)], [(0, 4, 1), (1, 0, 1)]])
    problem = pw.SearchProblem(library, minimize=library.scores[0])
    solution = evaluate(problem, to_architecture(library, np.array([1, 2])))
    figure = layers_figure(solution, "Memory")
    assert figure.bars is not None
    assert figure.bars.words(0).endswith("; 2 MiB, 25 % of the parent's")
    assert figure.bars.words(1).endswith("; 4 MiB, 100 % of the parent's")
    assert figure.legend[-1].words == "in all: 50 % kept, 50 % saved"
    sizes = layers_figure(solution)
    assert sizes.bars is not None
    assert "MiB" not in sizes.bars.words(0)
