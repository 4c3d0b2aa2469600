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
from tests.support.libraries import EMBEDDED, ROOT, load_script

GPUS = {"h200": "NVIDIA H200", "h100": "NVIDIA H100 80GB HBM3"}
BATCHES = [1, 8, 32, 64, 128, 256]
KL = "metrics.kl_div"
CARD = (ROOT / "data" / "measured-runtimes.md").read_text(encoding="utf-8")
MODEL_CARD = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
PEAKS = {"h100": (989.5e12, 3.35e12), "h200": (989.5e12, 4.8e12)}
"""Dense bfloat16 FLOP/s and bytes/s by the data sheets."""
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


def cells(line: str) -> list[str]:
    """The cells of a line of a table."""
    return [cell.strip() for cell in line.strip("|").split("|")]


def reading_text(row: Content) -> str:
    """Median and quartiles as the card has them."""
    return f"{row['ms']:.4g} [{row['lower_quartile_ms']:.4g}, {row['upper_quartile_ms']:.4g}]"


def test_the_card_has_these_readings(content: Content, gpu: str) -> None:
    """Each cell of its table: prefill, and a decode step with 688 tokens in the cache."""
    section = CARD.split(f"### {gpu.upper()}\n\n")[1].split("\n\n")[0]
    lines = [cells(line) for line in section.splitlines()[2:]]
    assert len(lines) == 12
    for name, *shown in lines:
        size = next((int(word) for word in name.split() if word.isdecimal()), 0)
        part = {"a": "attention", "F": "ffn", "n": "non_block"}[name[0]]
        for batch, cell in zip((1, 32, 256), shown, strict=True):
            mine = [
                row
                for row in content["readings"]
                if (row["part"], row["size"], row["batch_size"]) == (part, size, batch)
            ]
            (prefill,) = (row for row in mine if row["phase"] == "prefill")
            steps = [row for row in mine if row["phase"] == "decode"]
            (step,) = [row for row in steps if row["cached_tokens"] == 688] or steps
            assert cell == f"{reading_text(prefill)} / {reading_text(step)}"


@pytest.mark.parametrize("batch", BATCHES)
def test_the_card_has_the_parent_s_totals(batch: int) -> None:
    """Runtime and throughput on both, and memory."""
    told = [str(batch)]
    for gpu in GPUS:
        library = pw.with_workload(pw.load_library(f"{EMBEDDED}-{gpu}"), batch_size=batch)
        runtime, memory = (library.parent_totals[key] for key in (RUNTIME, MEMORY))
        told += [f"{runtime:,.0f}", f"{library.throughput(runtime):,.0f}"]
    assert f"| {' | '.join([*told, f'{memory:,.0f}'])} |" in CARD


def test_the_model_s_card_compares_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell: the workload's runtime as measured, as modeled in bfloat16, and their ratio."""
    script = load_script("make_modeled_library")
    monkeypatch.setattr(script, "BYTES", 2)
    section = MODEL_CARD.split("### The model and measurements")[1].split("| Subblock |")[1]
    lines = [cells(line) for line in section.split("\n\n")[0].splitlines()[2:]]
    libraries = {gpu: pw.load_library(f"{EMBEDDED}-{gpu}") for gpu in ("h100", "h200")}
    assert len(lines) == 14
    for name, *shown in lines:
        blocks, like = compared(script, name)
        for place, cell in enumerate(shown):
            gpu, batch = ("h100", "h200")[place // 3], (1, 32, 256)[place % 3]
            monkeypatch.setattr(script, "PEAK_FLOPS", PEAKS[gpu][0])
            monkeypatch.setattr(script, "PEAK_BANDWIDTH", PEAKS[gpu][1])
            modeled = sum(script.runtime_ms(block, batch) for block in blocks)
            variant = libraries[gpu].layer(0).variant(like)
            measured = variant.values[f"{RUNTIME}@batch {batch}"]
            assert cell == f"{measured:.1f} / {modeled:.1f} = {measured / modeled:.2f}"


def compared(script: Any, name: str) -> tuple[list[Any], str]:
    """Subblocks of a line, in two bytes, and the variant that has them and nothing else."""
    heads = [script.attention(number) for number in (8, 4, 2, 1)]
    known = {one.name: one for one in (*heads, *script.substitutes("attention"), *script.FFN)}
    if name == "parent's block":
        return [heads[0], script.FFN[0]], "attention 8 KV heads | FFN 28672"
    other = f"{name} | FFN no-op" if name.startswith("attention") else f"attention no-op | {name}"
    return [known[name]], other
