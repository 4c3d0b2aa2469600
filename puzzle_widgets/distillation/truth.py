"""Stages ``quality`` and ``runtime``: measure whole architectures, to set beside the sums."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from typing import Any

import torch

from puzzle_widgets.distillation.architectures import Candidate, candidates
from puzzle_widgets.distillation.child import assemble, chosen_children, load_child
from puzzle_widgets.distillation.costs import MIB, Reading, generate, model_bytes, one_thread, timed
from puzzle_widgets.distillation.model import Decoder, count_parameters
from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.progress import Progress
from puzzle_widgets.distillation.run import Run, append_line, read_lines
from puzzle_widgets.distillation.score import (
    METRICS,
    make_reference,
    validation_windows,
    whole_model_quality,
)
from puzzle_widgets.distillation.text import even_windows
from puzzle_widgets.distillation.write_library import read_library
from puzzle_widgets.errors import BuildError

QUALITY, RUNTIMES = "quality.jsonl", "runtimes.jsonl"
AFTER = ", distilled"
LEAST_ROUNDS = 2


def measure_quality(run: Run) -> None:
    """Measure divergence, loss, accuracy, memory of every architecture; each is kept at once."""
    path = run.folder / QUALITY
    known = {record["name"] for record in read_lines(path)}
    names = [name for name, _ in architectures(run)]
    if known >= set(names):
        run.say(f"quality: all {len(names):,} models already measured")
        return
    progress = Progress("quality: model", len(names), run.say, len(known))
    parent = load_parent(run)
    references = {
        "validation": make_reference(parent, validation_windows(run)),
        "test": make_reference(
            parent,
            even_windows(run.text.test, run.preset.score_windows, run.preset.shape.context + 1),
        ),
    }
    for name, candidate in architectures(run):
        if name in known:
            continue
        model = model_of(run, parent, name, candidate)
        record: dict[str, Any] = {"name": name, **_sizes(run, model)}
        for split, reference in references.items():
            record[split] = whole_model_quality(model, reference)
        append_line(record, path)
        progress.step(f"{name}: KL divergence {fmean(record['validation']['kl_div']):.4f}")


def measure_runtimes(run: Run) -> None:
    """Measure the runtime of every architecture in rounds; each reading is kept at once."""
    path, rounds = run.folder / RUNTIMES, run.preset.truths.rounds
    known = {(record["round"], record["name"]) for record in read_lines(path)}
    undistilled = [(name, one) for name, one in architectures(run) if not name.endswith(AFTER)]
    total = rounds * len(undistilled)
    if len(known) >= total:
        run.say(f"runtime: all {total:,} readings already taken")
        return
    progress = Progress("runtime: reading", total, run.say, len(known))
    parent, workload = load_parent(run), run.preset.workload
    models = {name: model_of(run, parent, name, one) for name, one in undistilled}
    prompts = even_windows(run.text.validation, workload.batch, workload.prefill)
    with one_thread():
        for model in models.values():
            _serve(model, run, prompts, steps=2)
        for place in range(rounds):
            for name in (name for name in models if (place, name) not in known):
                seconds = _serve(models[name], run, prompts, workload.decode)
                append_line({"round": place, "name": name, "seconds": seconds}, path)
                progress.step(f"round {place + 1} of {rounds}")


def architectures(run: Run) -> Iterator[tuple[str, Candidate]]:
    """Every model that is measured: all candidates, then those distilled, with their names."""
    for candidate in candidates(read_library(run), run.preset.truths, run.preset.seed):
        yield candidate.name, candidate
    for candidate in chosen_children(run):
        yield candidate.name + AFTER, candidate


def model_of(run: Run, parent: Decoder, name: str, candidate: Candidate) -> Decoder:
    """Assemble a candidate, or load it where its name says that it was distilled."""
    if name.endswith(AFTER):
        return load_child(run, candidate)
    return assemble(run, parent, candidate.architecture)


def read_quality(run: Run) -> dict[str, dict[str, Any]]:
    """What was measured, by name; metrics as means over samples.

    Raises
    ------
    BuildError
        If architectures are not measured yet.
    """
    found = {record["name"]: record for record in read_lines(run.file(QUALITY, "quality"))}
    for name, _ in architectures(run):
        if name not in found:
            raise BuildError(f"{name!r} is not measured yet. Run the stage 'quality'.")
    return {
        name: record
        | {
            split: {metric: fmean(record[split][metric]) for metric in METRICS}
            for split in ("validation", "test")
        }
        for name, record in found.items()
    }


def read_runtimes(run: Run) -> dict[str, Reading]:
    """Runtimes in ms by name.

    Raises
    ------
    BuildError
        If there are fewer than two rounds of any.
    """
    seconds: dict[str, list[float]] = {}
    for record in read_lines(run.file(RUNTIMES, "runtime")):
        seconds.setdefault(record["name"], []).append(record["seconds"])
    for name, _ in architectures(run):
        if not name.endswith(AFTER) and len(seconds.get(name, [])) < LEAST_ROUNDS:
            raise BuildError(f"The runtime of {name!r} is not known yet. Run the stage 'runtime'.")
    return {name: Reading.of(values) for name, values in seconds.items()}


def _serve(model: Decoder, run: Run, prompts: torch.Tensor, steps: int) -> float:
    """Seconds of serving one batch."""
    workload = run.preset.workload
    caches = model.new_caches(workload.batch, workload.tokens)
    return timed(lambda: generate(model, prompts, steps, caches))


def _sizes(run: Run, model: Decoder) -> dict[str, float]:
    return {
        "stats.memory_mib": model_bytes(model, run.preset.workload) / MIB,
        "stats.num_params": count_parameters(model),
    }
