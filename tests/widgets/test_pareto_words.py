"""Words of the Pareto plot."""

from __future__ import annotations

from dataclasses import replace

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.pareto_words import (
    legend_line,
    outcome_words,
    point_options,
    title_words,
    tooltip,
)
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

LIBRARY = make_library([[(0, 4, 2), (1, 2, 1)]])
SOLUTION = pw.search(pw.SearchProblem(LIBRARY, minimize=LOSS))


def test_tooltip_tells_score_and_costs_with_units() -> None:
    """A tooltip has a line each for title, score, memory, runtime and throughput."""
    assert tooltip("Parent", SOLUTION, LOSS, MEMORY).splitlines() == [
        "Parent",
        "Score: 0 (Loss)",
        "Memory: 4 MiB",
        "Runtime: 2 ms",
        "Throughput: 50,000 tokens/s",
    ]


def test_tooltip_tells_the_axis_and_leaves_out_the_unknown() -> None:
    """A library of one cost of its own shows that cost, and no NaN."""
    library = make_library([[(0, 4)]], keys=(LOSS, "stats.watts"))
    solution = pw.search(pw.SearchProblem(library, minimize=LOSS))
    words = tooltip("a\tb\nc", solution, LOSS, "stats.watts")
    assert words.splitlines() == ["a b c", "Score: 0 (Loss)", "Watts: 4"]


def test_legend_escapes_words() -> None:
    """What a legend says is text, and its shape is drawn in its colour."""
    line = legend_line([("triangle", "#123456", "<script>")])
    assert "&lt;script&gt;" in line
    assert "stroke='#123456'" in line


def test_points_are_listed_with_use_and_score() -> None:
    """The list has an entry for no point, then one a point."""
    front = pw.pareto_front(pw.SearchProblem(LIBRARY, minimize=LOSS), RUNTIME, 3)
    assert point_options(front, LOSS)[1:] == [
        ("1 of 2: 1 ms, score 1", 0),
        ("2 of 2: 2 ms, score 0", 1),
    ]
    assert point_options(None, LOSS) == [("No points yet", -1)]


def test_outcome_of_a_stopped_search_counts_its_searches() -> None:
    """A search that was stopped says how far it came, also before its first point."""
    state = ExplorerState(LIBRARY)
    state.start_front()
    front = state.front
    assert front is not None
    stopped = replace(front, done=1, asked=24, solutions=front.solutions[:1])
    assert outcome_words(state, stopped) == (
        "Stopped after 1 of 24 searches: 1 point, proven optimal."
    )
    assert outcome_words(state, replace(stopped, solutions=())).startswith("Stopped before")


def test_title_keeps_capitals_that_belong() -> None:
    """Labels stand in a sentence; abbreviations keep their capitals."""
    key = "stats.num_kv_heads"
    state = ExplorerState(make_library([[(0, 4), (1, 2)]], keys=("metrics.kl_div", key)))
    assert title_words(state) == "summed KL divergence against KV heads"
    assert title_words(ExplorerState(LIBRARY)).endswith("against throughput")
    assert ExplorerState(LIBRARY).front_resource == THROUGHPUT
