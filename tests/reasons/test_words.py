"""Words for changes of blocks, and round amounts."""

from __future__ import annotations

from dataclasses import replace

import puzzle_widgets as pw
from puzzle_widgets.reasons.words import change_words, changes_between, listed, round_step
from tests.support.libraries import EMBEDDED, MEMORY, RUNTIME, make_library


def test_neighbors_that_change_alike_are_told_together() -> None:
    """Runs of layers; layers that stay are not told."""
    library = pw.load_library(EMBEDDED)
    parent = library.parent_architecture
    names = {v.label: v.name for v in library.layers[0].variants}
    less = names["attention no-op, FFN width 14,336"]
    other = parent | {4: less, 5: less, 7: less}
    said = change_words(library, changes_between(library, parent, other))
    words = "attention from 8 KV heads to no-op, FFN from width 28,672 to width 14,336"
    assert said == f"layers 4 and 5: {words}; layer 7: {words}"
    assert change_words(library, ()) == "nothing"


def test_blocks_of_unknown_kind_are_told_by_name() -> None:
    """Nothing else is known of them."""
    library = make_library([[(0, 1, 1), (1, 1, 1)]])
    (change,) = changes_between(library, {0: "v0"}, {0: "v1"})
    assert (change.before, change.after) == ("v0", "v1")
    assert change.words == "block from 'v0' to 'v1'"


def test_steps_are_round_and_about_a_hundredth() -> None:
    """Of what the parent uses; in GiB where the model is large."""
    library = make_library([[(0, 4_000, 700), (1, 1, 1)]] * 10)
    assert round_step(library, MEMORY) == (1024.0, "1 GiB")
    assert round_step(library, RUNTIME) == (100.0, "100 ms")
    bare = replace(library, units=pw.BlockLibrary("", library.layers).units)
    assert round_step(bare, "metrics.loss") == (1.0, "1 loss")


def test_long_lists_are_cut() -> None:
    """With how many more there are."""
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefgh"), 3) == "a, b, c and 5 more"
