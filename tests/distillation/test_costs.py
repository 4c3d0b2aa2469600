"""Costs and the library that they go into."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.costs import NON_BLOCK, Reading, model_bytes, read_costs
from puzzle_widgets.distillation.model import Decoder, count_parameters
from puzzle_widgets.distillation.presets import block_name
from puzzle_widgets.distillation.write_library import library_file, read_library
from puzzle_widgets.library import load_library
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME


def test_a_reading_is_median_and_quartiles() -> None:
    """Of seconds, in ms."""
    assert Reading.of([0.005, 0.001, 0.003, 0.002, 0.004]) == Reading(3.0, 2.0, 4.0)


def test_every_subblock_is_timed_at_every_batch_size(built: Any) -> None:
    """15 subblocks and what stands outside them, with a spread."""
    costs = read_costs(built)
    assert set(costs["runtime_ms"]) == {"2", "1"}
    for subblocks in costs["runtime_ms"].values():
        assert len(subblocks) == 16
        for times in subblocks.values():
            for reading in (times["prefill"], times["decode_step"]):
                assert 0 < reading["lower"] <= reading["median"] <= reading["upper"]


def test_sums_of_the_library_are_the_parent_s_own(built: Any) -> None:
    """Memory and parameters of the parent are its tensors', to the byte."""
    library, parent = read_library(built), Decoder(built.preset.shape)
    totals = library.parent_totals
    assert totals[PARAMETERS] == count_parameters(parent)
    assert totals[MEMORY] * 2**20 == pytest.approx(
        model_bytes(parent, built.preset.workload), abs=1e-3
    )


def test_the_library_opens_like_any_other(built: Any) -> None:
    """Measured, all variants, keys that the explorer knows, parent scores 0."""
    library = load_library(library_file(built))
    assert library.provenance.origin == "measured"
    assert "bigram" in library.provenance.note
    assert [len(layer.variants) for layer in library.layers] == [54, 54]
    assert {MEMORY, RUNTIME, PARAMETERS} <= set(library.non_block_costs)
    assert {"metrics.kl_div", "metrics.lm_loss", "stats.num_kv_heads"} <= set(library.keys)
    own = library.layers[0].parent_variant
    assert own.name == block_name(*built.preset.shape.parent_block)
    assert own.values["metrics.kl_div"] == 0
    assert library.throughput(1000.0) == 2 * 16


def test_costs_of_a_block_are_its_subblocks(built: Any) -> None:
    """Attention and FFN add up, in every variant."""
    for variant in read_library(built).layers[1].variants:
        for key in ("memory_mib", "runtime_ms", "num_params"):
            subblocks = (variant.values[f"stats.{part}_{key}"] for part in ("attention", "ffn"))
            assert variant.values[f"stats.{key}"] == pytest.approx(sum(subblocks), abs=1e-6)
    assert NON_BLOCK in read_costs(built)["sizes"]
