"""Words of the Pareto plot."""

from __future__ import annotations

from dataclasses import replace

import puzzle_widgets as pw
from puzzle_widgets.library import Measurement
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.pareto import (
    axis_options,
    outcome_words,
    point_options,
    title_words,
)
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

LIBRARY = make_library([[(0, 4, 2), (1, 2, 1)]])


def test_points_are_listed_with_use_and_score() -> None:
    """The list has an entry for no point, then one per point."""
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


ROWS = [[(0, 4, 2, 7), (1, 2, 1, 3)]]
MANY = make_library(ROWS, keys=(LOSS, "stats.watts", MEMORY, RUNTIME))


def test_options_put_the_usual_resources_first() -> None:
    """Memory, runtime and throughput come before other costs, each with its unit."""
    assert axis_options(MANY, MEMORY) == [
        ("Memory (MiB)", MEMORY),
        ("Runtime (ms)", RUNTIME),
        ("Throughput (tokens/s)", THROUGHPUT),
        ("Watts", "stats.watts"),
    ]


def test_options_leave_out_an_unknown_throughput() -> None:
    """Without batch size and sequence length there is no throughput to choose."""
    library = make_library(
        ROWS, keys=(LOSS, "stats.watts", MEMORY, RUNTIME), measurement=Measurement()
    )
    assert THROUGHPUT not in [key for _, key in axis_options(library, MEMORY)]
