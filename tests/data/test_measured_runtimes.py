"""The libraries whose runtimes are measured on a GPU: each figure again from the raw readings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from math import fsum
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import SubBlock
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME
from puzzle_widgets.library.rescale import KV_CACHE, known_sizes
from tests.support.libraries import EMBEDDED, ROOT

GPUS = {"h200": "NVIDIA H200", "h100": "NVIDIA H100 80GB HBM3"}
BATCHES = [1, 8, 32, 64, 128, 256]
KL = "metrics.kl_div"
DIGESTS = {
    "h200": "a9e9dfc3667c9610f447c43012bf26c1c1a50999f7df43e74756ebb0a8b10843",
    "h100": "f547ebc9a652a9590218ca804413b4e2c72bfdc2dcc8838308cbcf0b699eedf5",
}
"""Of layers and figures: the same on every machine."""

Content = dict[str, Any]


@pytest.fixture(scope="module", params=GPUS)
def gpu(request: pytest.FixtureRequest) -> str:
    """One of the GPUs."""
    return str(request.param)


@pytest.fixture(scope="module")
def library(gpu: str) -> pw.BlockLibrary:
    """Open the library by its name."""
    return pw.load_library(f"{EMBEDDED}-{gpu}")


@pytest.fixture(scope="module")
def content(gpu: str) -> Content:
    """Read the file as it is."""
    path = ROOT / "data" / f"{EMBEDDED}-{gpu}.json"
    found: Content = json.loads(path.read_text(encoding="utf-8"))
    return found


def by_hand(content: Content, part: str, block: SubBlock, batch: int) -> float:
    """Prefill and 1,024 decode steps, step k interpolated at 176 + k cached tokens."""
    mine = [
        row
        for row in content["readings"]
        if (row["part"], row["size"], row["batch_size"]) == (part, block.size or 0, batch)
        and row["kind"] in (block.kind, "outer")
    ]
    (prefill,) = (row["ms"] for row in mine if row["phase"] == "prefill")
    steps = {row["cached_tokens"]: row["ms"] for row in mine if row["phase"] == "decode"}
    return float(prefill) + fsum(interpolated(steps, 176 + k) for k in range(1, 1025))


def interpolated(steps: Mapping[int, float], cached: int) -> float:
    """The time between the two nearest lengths; of one length that time."""
    below = max(length for length in steps if length < cached)
    above = min((length for length in steps if length >= cached), default=below)
    share = (cached - below) / (above - below) if above > below else 0.0
    return steps[below] + share * (steps[above] - steps[below])


def test_name_and_notes_say_what_is_measured(library: pw.BlockLibrary, gpu: str) -> None:
    """Scores are modeled wherever one looks; runtimes are of which GPU, software and weights."""
    assert library.name == f"Llama-3.3-70B on {gpu.upper()} (scores modeled)"
    assert library.provenance.origin == "scores modeled"
    for said in (library.provenance.note, " ".join(library.notes)):
        assert "Scores are modeled, not measured" in said
        assert f"Runtimes are measured on one {GPUS[gpu]}" in said
        assert "random weights" in said
        assert "PyTorch 2.11.0, CUDA 13.0" in said
        assert "not by a serving engine" in said
    assert library.measurement == pw.Measurement(256, 1200, GPUS[gpu], "bfloat16", 176)


def test_figures_are_the_same_everywhere(library: pw.BlockLibrary, gpu: str) -> None:
    """What the readings make is told by its digest."""
    assert library_digest(library) == DIGESTS[gpu]


def test_scores_and_blocks_are_the_modeled_ones(library: pw.BlockLibrary) -> None:
    """Nothing but costs differs."""
    modeled = pw.load_library(EMBEDDED)
    assert library.scores == modeled.scores
    for key in (*library.scores, PARAMETERS):
        assert (library.column(key) == modeled.column(key)).all()
    assert [layer.parent for layer in library.layers] == [layer.parent for layer in modeled.layers]
    assert library.variant_names == modeled.variant_names


def test_memory_is_two_bytes_a_weight_and_entry(library: pw.BlockLibrary) -> None:
    """And embeddings and output layer count: 2 x 128,256 x 8,192 and a norm."""
    for variant in library.layer(79).variants:
        cache = 2 * (variant.attention.size or 0) * 128 * 256 * 1200 * 2 / 2**20
        weights = variant.values[PARAMETERS] * 2 / 2**20
        assert variant.values[KV_CACHE] == cache
        assert variant.values[MEMORY] == pytest.approx(weights + cache, rel=1e-12)
    outside = 2 * 128_256 * 8192 + 8192
    assert library.non_block_cost(PARAMETERS) == outside
    assert library.non_block_cost(MEMORY) == outside * 2 / 2**20
    assert library.parent_totals[PARAMETERS] == 70_553_706_496  # as the model's card says: 70.6 B


@pytest.mark.parametrize("batch", BATCHES)
def test_runtimes_follow_from_the_readings(
    library: pw.BlockLibrary, content: Content, batch: int
) -> None:
    """Every pair of subblocks at every batch size, and what surrounds the layers."""
    key = f"{RUNTIME}@batch {batch}"
    for variant in library.layer(7).variants:
        parts = (("attention", variant.attention), ("ffn", variant.ffn))
        taken = [by_hand(content, *one, batch) for one in parts if one[1].kind != "no_op"]
        assert variant.values[key] == pytest.approx(fsum(taken), abs=2e-4)
    outside = by_hand(content, "non_block", SubBlock("other"), batch)
    assert library.non_block_cost(key) == pytest.approx(outside, abs=1e-4)
    assert len({tuple(v.values[key] for v in layer.variants) for layer in library.layers}) == 1


def test_a_batch_size_switches_to_what_was_measured(library: pw.BlockLibrary) -> None:
    """Exactly, from any size to any other; between them there is no throughput."""
    assert known_sizes(library) == BATCHES
    for batch in BATCHES:
        served = pw.with_workload(library, batch_size=batch)
        assert served.parent_totals[RUNTIME] == library.parent_totals[f"{RUNTIME}@batch {batch}"]
        assert served.non_block_cost(RUNTIME) == library.non_block_cost(f"{RUNTIME}@batch {batch}")
        again = pw.with_workload(pw.with_workload(served, batch_size=100), batch_size=256)
        assert (again.column(RUNTIME) == library.column(RUNTIME)).all()
        assert again.parent_totals[MEMORY] == pytest.approx(library.parent_totals[MEMORY])
    assert not pw.with_workload(library, batch_size=100).has_throughput
    assert not pw.with_workload(library, kv_dtype="fp8").has_throughput


def test_each_measured_size_is_searched(library: pw.BlockLibrary) -> None:
    """By itself, with its own throughput."""
    problem = pw.SearchProblem(library, minimize=KL, budgets={MEMORY: 100_000})
    found = pw.search_batch_sizes(problem)
    assert [one.batch_size for one in found] == BATCHES
    for one in found:
        assert one.solution is not None
        assert one.solution.status == "optimal"
        runtime = one.solution.totals[RUNTIME]
        assert one.solution.throughput == pytest.approx(1000 * one.batch_size * 1200 / runtime)


def test_readings_are_whole_and_plausible(content: Content) -> None:
    """264 of them, each between its quartiles, and a longer cache takes no less but for noise."""
    rows = content["readings"]
    assert len(rows) == 264
    assert content["rounds"] == 30
    for row in rows:
        assert 0 < row["lower_quartile_ms"] <= row["ms"] <= row["upper_quartile_ms"]
        assert row["upper_quartile_ms"] < 1.15 * row["lower_quartile_ms"]
    for batch in BATCHES:
        for heads in (8, 4, 2, 1):
            steps = [
                row["ms"]
                for row in rows
                if (row["batch_size"], row["part"], row["size"]) == (batch, "attention", heads)
                and row["phase"] == "decode"
            ]
            assert len(steps) == 5
            assert all(later > 0.98 * one for one, later in pairwise(steps))
