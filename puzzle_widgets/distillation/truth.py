"""Stages ``quality`` and ``runtime``: measure whole architectures, to set beside the sums."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from puzzle_widgets.distillation.architectures import SCORE, Candidate, candidates
from puzzle_widgets.distillation.child import (
    assemble,
    child_file,
    chosen_children,
    distil_child,
    load_child,
)
from puzzle_widgets.distillation.costs import MIB, Reading, generate, model_bytes, one_thread, timed
from puzzle_widgets.distillation.model import Decoder, count_parameters
from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.presets import preset_of
from puzzle_widgets.distillation.progress import Progress, Say
from puzzle_widgets.distillation.run import Run, append_line, open_run, read_lines
from puzzle_widgets.distillation.score import (
    KL,
    METRICS,
    Reference,
    make_reference,
    validation_windows,
    whole_model_quality,
)
from puzzle_widgets.distillation.text import even_windows
from puzzle_widgets.distillation.write_library import read_library
from puzzle_widgets.distillation.write_truth import predicted
from puzzle_widgets.errors import BuildError
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME
from puzzle_widgets.problem.problem import Architecture

QUALITY, RUNTIMES = "quality.jsonl", "runtimes.jsonl"
AFTER = ", distilled"
LEAST_ROUNDS = 2


def measure_quality(run: Run) -> None:
    """Measure divergence, loss, accuracy, memory of every architecture; each is kept at once."""
    path = run.folder / QUALITY
    known = {record["name"] for record in read_lines(path)}
    names = [name for name, _ in architectures(run)]
    if known >= set(names):
        run.say(f"quality: all {len(names):,} models measured before")
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
        run.say(f"runtime: all {total:,} readings taken before")
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


_REPEATS = 3


def check_architecture(run: Run, architecture: Architecture) -> pd.DataFrame:
    """Assemble an architecture and measure it as a whole.

    Parameters
    ----------
    run
        A finished build.
    architecture
        Variant of each layer, such as a solution's ``architecture``.

    Returns
    -------
    pandas.DataFrame
        A row for each quantity, with its unit: ``predicted`` from the library's sums, ``true``
        of the assembled model on the validation text and on this machine, now.
    """
    library, parent = read_library(run), load_parent(run)
    child = assemble(run, parent, architecture)
    candidate = Candidate("checked", "checked", 0.0, FrozenMapping(architecture))
    sums, true = predicted(library, candidate), measure(run, parent, child)
    rows = {
        library.quantity(key).title: {"predicted": value, "true": true[key]}
        for key, value in sums.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def measure(run: Run, parent: Decoder, child: Decoder) -> dict[str, float]:
    """Measure a model as the stages ``quality`` and ``runtime`` do, in a few seconds."""
    quality = whole_model_quality(child, make_reference(parent, validation_windows(run)))
    return {
        **{f"metrics.{metric}": fmean(values) for metric, values in quality.items()},
        MEMORY: model_bytes(child, run.preset.workload) / MIB,
        PARAMETERS: float(count_parameters(child)),
        RUNTIME: 1e3 * median(_seconds(run, child) for _ in range(_REPEATS)),
    }


def _seconds(run: Run, model: Decoder) -> float:
    workload: Any = run.preset.workload
    prompts: Tensor = even_windows(run.text.validation, workload.batch, workload.prefill)
    caches = model.new_caches(workload.batch, workload.tokens)
    with one_thread():
        return timed(lambda: generate(model, prompts, workload.decode, caches))


def distil_chosen(preset: str, folder: str | Path, file: str | Path, say: Say = print) -> None:
    """Assemble the architectures of a scenario file, distil each, and say what is true of it.

    Parameters
    ----------
    preset, folder
        A finished build.
    file
        JSON or CSV as the explorer keeps it, or as ``puzzle-widgets search`` writes it.
    say
        Takes lines on the progress.

    Raises
    ------
    BuildError
        If the file cannot be read.
    ScenarioError
        If it is not a scenario file of this library.
    """
    run, path = open_run(preset_of(preset), Path(folder).expanduser(), say), Path(file).expanduser()
    library = read_library(run)
    try:
        scenarios = read_scenarios(path.read_bytes(), path.name, library)
    except OSError as error:
        raise BuildError(f"{path.name}: cannot be read ({error.strerror}).") from error
    found = [(one.name, one.solution.architecture) for one in scenarios]
    parent = load_parent(run)
    reference = make_reference(parent, validation_windows(run))
    for name, architecture in found:
        if architecture:
            before = assemble(run, parent, architecture)
            after = distil_child(run, architecture, child_file(run, name))
            predicted = library.totals(architecture)[SCORE]
            values = [predicted, *(_divergence(model, reference) for model in (before, after))]
            words = ("predicted", "assembled", "distilled")
            told = ", ".join(f"{v:.4f} {w}" for v, w in zip(values, words, strict=True))
            say(f"child: {name}, KL divergence on validation text: {told}")


def _divergence(model: Decoder, reference: Reference) -> float:
    return fmean(whole_model_quality(model, reference)[KL])
