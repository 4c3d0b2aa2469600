"""Another workload: memory by hand, what is left out, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, dump_library, load_files
from puzzle_widgets.library.rescale import (
    KV_CACHE,
    known_sizes,
    scale_of,
    serving_in,
    serving_out,
    why_no_split,
)
from tests.support.libraries import EMBEDDED, MEMORY, RUNTIME, make_library

PARAMS = "stats.num_params"
KEYS = ("metrics.loss", MEMORY, KV_CACHE, PARAMS, RUNTIME, f"{RUNTIME}@batch 8", "stats.energy")
MIB = 2**20


def small(dtype: str = "bf16") -> pw.BlockLibrary:
    """Two layers; a block of 3 MiB of weights and 4 of cache beside one of weights alone."""
    rows = [
        [
            [0.0, 7.0, 4.0, 1.5 * MIB, 5.0, 9.0, 1.0],
            [1.0, 2.0, 0.0, 1.0 * MIB, 2.0, 3.0, 1.0],
        ]
    ] * 2
    measured = pw.Measurement(4, 100, "gpu", dtype, prefill_length=60)
    made = make_library(rows, KEYS, measured)
    return replace(made, non_block_costs=FrozenMapping({MEMORY: 10.0}))


@pytest.mark.parametrize(
    ("asked", "memory"),
    [
        ({"batch_size": 8}, 10 + 2 * (3 + 8)),
        ({"batch_size": 1}, 10 + 2 * (3 + 1)),
        ({"prefill": 60, "generation": 140}, 10 + 2 * (3 + 8)),
        ({"generation": 140}, 10 + 2 * (3 + 8)),
        ({"weights_dtype": "fp8"}, 5 + 2 * (1.5 + 4)),
        ({"kv_dtype": "fp8"}, 10 + 2 * (3 + 2)),
        ({"weights_dtype": "float32", "kv_dtype": "int8", "batch_size": 2}, 20 + 2 * (6 + 1)),
        ({"non_block_costs": {MEMORY: 1}}, 1 + 2 * 7),
        ({"batch_size": 8, "non_block_costs": {MEMORY: 0}}, 2 * (3 + 8)),
    ],
)
def test_memory_is_what_the_hand_works_out(asked: dict[str, Any], memory: float) -> None:
    """Weights by their bytes; the cache by sequences, tokens and bytes; non-block by weights."""
    library = pw.with_workload(small(), **asked)
    assert library.parent_totals[MEMORY] == memory


def test_a_queue_of_prefills_has_a_cache_too() -> None:
    """Two sequences that wait beside four: six caches become ten."""
    library = small()
    queued = replace(library, measurement=replace(library.measurement, prefill_queue=2))
    found = pw.with_workload(queued, batch_size=8)
    assert found.parent_totals[KV_CACHE] == pytest.approx(8 * 10 / 6)


def test_runtimes_of_another_workload_are_not_shown() -> None:
    """Nor other measured costs; scores and counts stay, and a note says all that."""
    library = pw.with_workload(small(), batch_size=2)
    assert RUNTIME not in library.keys
    assert "stats.energy" not in library.keys
    assert {"metrics.loss", PARAMS, MEMORY, KV_CACHE} <= set(library.keys)
    assert not library.has_throughput
    assert library.measurement.batch_size == 2
    assert "Not known for this workload, and left out: Runtime, Energy." in library.notes


def test_a_runtime_measured_at_the_batch_size_is_taken() -> None:
    """From the column of its own; with other lengths it does not hold."""
    library = pw.with_workload(small(), batch_size=8)
    assert library.parent_totals[RUNTIME] == 18
    assert library.throughput(18.0) == 1000 * 8 * 100 / 18
    assert RUNTIME not in pw.with_workload(small(), batch_size=8, generation=80).keys


def test_columns_of_batch_sizes_hold_for_their_lengths_and_formats_alone() -> None:
    """Another batch size keeps them, also by way of one that is not known; lengths do not."""
    library = small()
    by_way = pw.with_workload(pw.with_workload(library, batch_size=2), batch_size=8)
    assert by_way.parent_totals[RUNTIME] == 18
    for asked in ({"generation": 80}, {"kv_dtype": "fp8"}):
        other = pw.with_workload(library, **asked)
        assert f"{RUNTIME}@batch 8" not in other.keys
        assert not pw.with_workload(other, batch_size=8).has_throughput
    assert known_sizes(library) == [4, 8]
    assert known_sizes(by_way) == [8]
    assert known_sizes(pw.with_workload(library, batch_size=2)) == [8]


def test_a_non_block_runtime_switches_with_the_batch_size() -> None:
    """And is not named twice among the costs outside the blocks."""
    costs = {RUNTIME: 1.0, f"{RUNTIME}@batch 8": 2.0}
    library = replace(small(), non_block_costs=FrozenMapping(costs))
    served = pw.with_workload(library, batch_size=8)
    assert served.parent_totals[RUNTIME] == 18 + 2
    assert "Known for this batch size: Runtime." in served.notes
    words = "Every total includes the non-block costs: Runtime 1 ms."
    assert library.non_block_words == words


def test_what_was_measured_is_the_library_itself() -> None:
    """Nothing is worked out where nothing differs."""
    library = small()
    assert pw.with_workload(library) is library
    assert pw.with_workload(library, batch_size=4, prefill=60, generation=40) is library


def test_the_modeled_library_follows_its_formulas() -> None:
    """Layer by layer, by the tensor shapes of Llama-3.3-70B."""
    library = pw.load_library(EMBEDDED)
    found = pw.with_workload(
        library, batch_size=32, prefill=2000, generation=48, weights_dtype="bf16", kv_dtype="fp8"
    )
    for variant in found.layer(40).variants:
        heads = variant.attention.size or 0
        cache = 2 * heads * 128 * 32 * 2048
        assert variant.values[KV_CACHE] == pytest.approx(cache / MIB, rel=1e-12)
        weights = 2 * variant.values[PARAMS]
        assert variant.values[MEMORY] == pytest.approx((weights + cache) / MIB, rel=1e-12)
        parts = sum(variant.values[f"stats.{part}_memory_mib"] for part in ("attention", "ffn"))
        assert parts == pytest.approx(variant.values[MEMORY], rel=1e-12)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"batch_size": 0}, "from 1 on"),
    ({"batch_size": True}, "whole number"),
    ({"batch_size": 2.5}, "whole number"),
    ({"prefill": 0, "generation": 0}, "needs a token"),
    ({"kv_dtype": "fp3"}, "give one of float32"),
    ({"non_block_costs": {"stats.x": 1}}, "there are stats"),
    ({"non_block_costs": {MEMORY: -1}}, "0 or more"),
    ({"non_block_costs": {MEMORY: float("nan")}}, "0 or more"),
]


@pytest.mark.parametrize(("asked", "words"), REFUSED)
def test_what_makes_no_sense_is_refused(asked: dict[str, Any], words: str) -> None:
    """In plain words."""
    with pytest.raises(pw.LibraryError, match=words):
        pw.with_workload(small(), **asked)


def test_a_library_without_the_split_is_refused() -> None:
    """And one whose memory is more than weights and cache, or whose format is not known."""
    library = pw.random_library(2, 2)
    with pytest.raises(pw.LibraryError, match="does not tell the KV cache apart"):
        pw.with_workload(library, batch_size=2)
    assert "takes 1.5 MiB beside them" in why_no_split(small("fp8"))
    with pytest.raises(pw.LibraryError, match="does not say a format"):
        pw.with_workload(small("q9"), kv_dtype="fp8")
    bare = replace(small(), measurement=pw.Measurement(4, None))
    assert "which batch size" in why_no_split(bare)
    unsplit = replace(small(), measurement=replace(small().measurement, prefill_length=None))
    with pytest.raises(pw.LibraryError, match="Give both"):
        pw.with_workload(unsplit, prefill=10)


def test_a_workload_is_written_and_read() -> None:
    """In a library's file, and as what differs."""
    library = pw.with_workload(small(), batch_size=8, kv_dtype="fp8")
    again = load_files({"a.json": dump_library(library).encode()})
    assert again == library
    assert scale_of(again.measurement).kv_dtype == "fp8"
    serving = pw.Serving(batch_size=3, non_block_costs=FrozenMapping({MEMORY: 2.0}))
    assert serving_in(serving_out(serving)) == serving
    assert serving_out(pw.Serving()) == {}
