"""The library itself: sums, reach, arrays and words."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, SubBlock
from puzzle_widgets.library.model import once_per_library
from tests.support.libraries import LOSS, MEMORY, OTHER, RUNTIME, make_library

LIBRARY = make_library([[(0, 10, 5), (1, 6, 4)], [(0, 20, 7)], [(0, 1, 1), (2, 3, 0.5), (9, 0, 2)]])


def test_columns_run_over_all_layers() -> None:
    """Flat arrays hold layer after layer, with the place where each begins."""
    assert LIBRARY.column(MEMORY).tolist() == [10, 6, 20, 1, 3, 0]
    assert LIBRARY.starts.tolist() == [0, 2, 3, 6]


def test_arrays_cannot_be_changed() -> None:
    """A caller who writes into a column would change the library for everyone."""
    with pytest.raises(ValueError, match="read-only"):
        LIBRARY.column(MEMORY)[0] = 99
    with pytest.raises(ValueError, match="read-only"):
        LIBRARY.starts[0] = 1


def test_sums_parent_and_reach() -> None:
    """Totals of an architecture, of the parent, and the least and greatest possible."""
    assert LIBRARY.totals({0: "v1", 1: "v0", 2: "v2"}) == {LOSS: 10, MEMORY: 26, RUNTIME: 13}
    assert LIBRARY.parent_totals == {LOSS: 0, MEMORY: 31, RUNTIME: 13}
    assert LIBRARY.parent_architecture == {0: "v0", 1: "v0", 2: "v0"}
    assert LIBRARY.total_range(MEMORY) == (26, 33)


def test_throughput_is_tokens_over_runtime() -> None:
    """100 tokens in 20 ms are 5,000 tokens/s; unknown without batch size, infinite at zero."""
    assert LIBRARY.throughput(20.0) == 5000.0
    assert LIBRARY.throughput(0.0) == float("inf")
    unknown = replace(LIBRARY, measurement=pw.Measurement(batch_size=2))
    assert unknown.throughput(20.0) is None
    assert make_library([[(1,)]], keys=["stats.x"]).throughput(20.0) is None


def test_scores_and_costs_are_told_apart() -> None:
    """Keys of metrics are scores, keys of stats are costs."""
    assert (LIBRARY.scores, LIBRARY.costs) == ((LOSS,), (MEMORY, RUNTIME))


def test_an_unknown_key_is_named_with_those_there_are() -> None:
    """Asking for a column that is not there says which are."""
    with pytest.raises(pw.LibraryError, match=r"no 'stats\.disk' here; it has metrics\.loss"):
        LIBRARY.column("stats.disk")


def test_units_of_the_library_reach_the_words() -> None:
    """Stated units override those of the suffix."""
    changed = replace(LIBRARY, units=FrozenMapping({MEMORY: "MB"}))
    assert changed.quantity(MEMORY).title == "Memory (MB)"
    assert changed.quantity(RUNTIME).title == "Runtime (ms)"


def test_labels_describe_known_blocks_and_name_unknown_ones() -> None:
    """A structured variant is described; one of unknown kind shows its name on one line."""
    values = FrozenMapping({LOSS: 0.0})
    known = pw.BlockVariant("x", SubBlock("sized", 8), SubBlock("no_op"), values)
    unknown = pw.BlockVariant("a\tb\n c", OTHER, SubBlock("no_op"), values)
    assert known.label == "8 KV heads, FFN no-op"
    assert unknown.label == "a b c"


def test_libraries_are_frozen_hashable_and_can_be_pickled() -> None:
    """Equal libraries have equal hashes, also after a trip through pickle."""
    twin = pickle.loads(pickle.dumps(LIBRARY))  # noqa: S301
    assert twin == LIBRARY
    assert hash(twin) == hash(LIBRARY)
    assert np.array_equal(twin.column(LOSS), LIBRARY.column(LOSS))
    with pytest.raises(FrozenInstanceError):
        LIBRARY.name = "other"  # type: ignore[misc]
    assert repr(LIBRARY) == "BlockLibrary('small': 3 layers, 6 variants, 3 scores and costs)"


def test_what_is_derived_is_remembered_per_library() -> None:
    """Once for one library and its arguments; a copy elsewhere starts without it."""
    asked: list[int] = []

    @once_per_library
    def count(library: pw.BlockLibrary, more: int) -> int:
        asked.append(more)
        return len(library.layers) + more

    library = replace(LIBRARY)
    assert [count(library, 1), count(library, 1), count(library, 2)] == [4, 4, 5]
    assert asked == [1, 2]
    copy = pickle.loads(pickle.dumps(library))  # noqa: S301 - our own
    assert (copy, hash(copy)) == (library, hash(library))
    assert count(copy, 1) == 4
    assert asked == [1, 2, 1]
