"""Stage ``library``: joins scores and costs to a block library that the explorer opens."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd

from puzzle_widgets.distillation.costs import MIB, NON_BLOCK, read_costs
from puzzle_widgets.distillation.parent import REPORT
from puzzle_widgets.distillation.presets import Subblocks, attention_name, block_name, ffn_name
from puzzle_widgets.distillation.run import Run, load_json
from puzzle_widgets.distillation.score import METRICS, read_scores
from puzzle_widgets.errors import BuildError
from puzzle_widgets.library import (
    BlockLibrary,
    BlockVariant,
    FrozenMapping,
    Layer,
    Measurement,
    Provenance,
    load_library,
    write_library,
)
from puzzle_widgets.library.quantity import FFN_SIZE, KV_HEADS

_PER_TOKEN = "nats/byte"  # noqa: S105
UNITS = FrozenMapping({"metrics.kl_div": _PER_TOKEN, "metrics.lm_loss": _PER_TOKEN})
_DIGITS = 6
SAMPLES = "scores_by_sample.csv"


def make_library(run: Run) -> None:
    """Write the library from what was measured."""
    path = library_file(run)
    library = assemble_library(run)
    write_library(library, path)
    write_samples(run)
    run.say(f"library: {path.name}, {len(library.layers)} layers, {library.starts[-1]} variants")


def write_samples(run: Run) -> None:
    """Write every block's scores sample by sample, a metric a row, beside the library."""
    rows = [
        [layer, variant, metric, *(float(f"{value:.5g}") for value in values)]
        for (layer, variant), metrics in read_scores(run).items()
        for metric, values in metrics.items()
    ]
    samples = [f"sample_{place}" for place in range(run.preset.score_windows)]
    path = run.folder / run.preset.title / SAMPLES
    path.parent.mkdir(exist_ok=True)
    table = pd.DataFrame(rows, columns=["layer", "variant", "metric", *samples])
    table.to_csv(path, index=False)


def library_file(run: Run) -> Path:
    """Where the library lies."""
    return run.folder / f"{run.preset.title}.json"


def read_library(run: Run) -> BlockLibrary:
    """Open the finished library.

    Raises
    ------
    BuildError
        If it is not written yet.
    """
    return load_library(run.file(library_file(run).name, "library"))


def assemble_library(run: Run) -> BlockLibrary:
    """Join scores and costs."""
    costs, scores, shape = read_costs(run), read_scores(run), run.preset.shape
    subblocks = {name: subblock_costs(run, costs, name) for name in costs["sizes"]}
    names = [block_name(*subblocks) for subblocks in shape.blocks]
    missing = [(i, name) for i in range(shape.layers) for name in names if (i, name) not in scores]
    if missing:
        raise BuildError(f"{len(missing):,} blocks are not scored yet. Run the stage 'score'.")
    layers = tuple(
        Layer(
            layer,
            tuple(_variant(h, scores[layer, block_name(*h)], subblocks) for h in shape.blocks),
            names[0],
        )
        for layer in range(shape.layers)
    )
    non_block_costs = {f"stats.{key}": value for key, value in subblocks[NON_BLOCK].items()}
    return BlockLibrary(
        run.preset.title,
        layers,
        _measurement(run, costs),
        UNITS,
        _provenance(run, costs),
        FrozenMapping(non_block_costs),
    )


def subblock_costs(run: Run, costs: dict[str, Any], name: str) -> dict[str, float]:
    """Costs of a subblock at the library's batch size.

    Runtime is one prefill and ``decode`` steps at the mean cache length; memory is the weights'
    and the KV cache's.
    """
    workload, sizes = run.preset.workload, costs["sizes"][name]
    times = costs["runtime_ms"][str(workload.batch)][name]
    prefill = times["prefill"]["median"]
    decode = workload.decode * times["decode_step"]["median"]
    return {
        "memory_mib": (sizes["weight_bytes"] + sizes["kv_cache_bytes"]) / MIB,
        "runtime_ms": round(prefill + decode, _DIGITS),
        "num_params": sizes["num_params"],
        "kv_cache_memory_mib": sizes["kv_cache_bytes"] / MIB,
        "prefill_runtime_ms": round(prefill, _DIGITS),
        "decode_runtime_ms": round(decode, _DIGITS),
    }


def _variant(
    block: Subblocks, scores: dict[str, list[float]], subblocks: dict[str, dict[str, float]]
) -> BlockVariant:
    attention, ffn = subblocks[attention_name(block[0])], subblocks[ffn_name(block[1])]
    values = {f"metrics.{metric}": float(f"{fmean(scores[metric]):.7g}") for metric in METRICS}
    values |= {f"stats.{key}": round(attention[key] + ffn[key], 9) for key in attention}
    values |= {KV_HEADS: block[0].size or 0, FFN_SIZE: block[1].size or 0}
    for part, costs in (("attention", attention), ("ffn", ffn)):
        for key in ("memory_mib", "runtime_ms", "num_params"):
            values[f"stats.{part}_{key}"] = costs[key]
    return BlockVariant(block_name(*block), *block, FrozenMapping(values))


def _measurement(run: Run, costs: dict[str, Any]) -> Measurement:
    workload, machine = run.preset.workload, costs["machine"]
    threads = "one thread" if machine["threads"] == 1 else f"{machine['threads']} threads"
    cpu = f"CPU: {machine['processor']}, {threads}"
    return Measurement(workload.batch, workload.tokens, cpu, costs["dtype"])


def _provenance(run: Run, costs: dict[str, Any]) -> Provenance:
    parent, workload = load_json(run.folder / REPORT), run.preset.workload
    note = (
        f"Byte-level decoder of {parent['parameters']:,} parameters, trained on the standard "
        f"library's sources for {parent['tokens']:,} tokens (validation loss "
        f"{parent['validation_loss']:.3f} nats/byte; a bigram model's "
        f"{parent['bigram_validation_loss']:.3f}). Scores: {run.preset.score_windows} samples of "
        f"{run.preset.shape.context} validation tokens. Runtime: a prefill of {workload.prefill} "
        f"tokens and {workload.decode} decode steps, measured {costs['measured'][:10]}."
    )
    source = f"puzzle-widgets build --preset {run.preset.name}"
    return Provenance("measured", source, note)
