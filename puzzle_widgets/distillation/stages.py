"""What a build is asked to do: all stages in their order, or a chosen architecture's check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pandas as pd
from torch import Tensor

from puzzle_widgets.distillation.children import (
    SCORE,
    Candidate,
    assemble,
    child_file,
    distill_child,
    distill_children,
)
from puzzle_widgets.distillation.costs import (
    MIB,
    generate,
    measure_costs,
    model_bytes,
    one_thread,
    timed,
)
from puzzle_widgets.distillation.distill import distill_blocks
from puzzle_widgets.distillation.model import Decoder, count_parameters
from puzzle_widgets.distillation.parent import load_parent, train_parent
from puzzle_widgets.distillation.presets import preset_of
from puzzle_widgets.distillation.run import Run, Say, open_run
from puzzle_widgets.distillation.score import (
    KL,
    Reference,
    make_reference,
    score_blocks,
    validation_windows,
    whole_model_quality,
)
from puzzle_widgets.distillation.text import even_windows
from puzzle_widgets.distillation.truth import (
    make_truth,
    measure_quality,
    measure_runtimes,
    predicted,
)
from puzzle_widgets.distillation.write_library import make_library, read_library
from puzzle_widgets.errors import BuildError
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME
from puzzle_widgets.problem import Architecture

STAGES: dict[str, Callable[[Run], None]] = {
    "parent": train_parent,
    "distill": distill_blocks,
    "score": score_blocks,
    "costs": measure_costs,
    "library": make_library,
    "child": distill_children,
    "quality": measure_quality,
    "runtime": measure_runtimes,
    "truth": make_truth,
}


def build(preset: str, folder: str | Path, stages: Sequence[str] = (), say: Say = print) -> Path:
    """Build a block library, from the parent's training to the truth about its prediction.

    Parameters
    ----------
    preset
        ``"tiny"`` (about three minutes on two cores) or ``"small"`` (under an hour).
    folder
        Where all files go. What an earlier run finished is used, not made again.
    stages
        Stages to run, by default all.
    say
        Takes lines on the progress.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BuildError
        If preset or stage is unknown, or the folder holds another build.
    """
    for name in stages:
        if name not in STAGES:
            raise BuildError(f"--stage {name!r}: choose one of {', '.join(STAGES)}.")
    run = open_run(preset_of(preset), Path(folder).expanduser(), say)
    for name in stages or STAGES:
        say(f"== {name}")
        STAGES[name](run)
    return run.folder


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


def distill_chosen(preset: str, folder: str | Path, file: str | Path, say: Say = print) -> None:
    """Assemble the architectures of a scenario file, distill each, and say what is true of it.

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
            after = distill_child(run, architecture, child_file(run, name))
            predicted = library.totals(architecture)[SCORE]
            values = [predicted, *(_divergence(model, reference) for model in (before, after))]
            words = ("predicted", "assembled", "distilled")
            told = ", ".join(f"{v:.4f} {w}" for v, w in zip(values, words, strict=True))
            say(f"child: {name}, KL divergence on validation text: {told}")


def _divergence(model: Decoder, reference: Reference) -> float:
    return fmean(whole_model_quality(model, reference)[KL])
