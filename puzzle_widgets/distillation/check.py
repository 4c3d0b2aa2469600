"""Check one architecture of a finished build: what the sums say, and what is true."""

from __future__ import annotations

from statistics import fmean, median
from typing import Any

import pandas as pd
from torch import Tensor

from puzzle_widgets.distillation.architectures import Candidate
from puzzle_widgets.distillation.child import assemble
from puzzle_widgets.distillation.costs import MIB, one_thread, timed
from puzzle_widgets.distillation.model import Decoder, count_parameters
from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.quality import make_reference, whole_model_quality
from puzzle_widgets.distillation.run import Run
from puzzle_widgets.distillation.score import validation_windows
from puzzle_widgets.distillation.serve import generate, model_bytes
from puzzle_widgets.distillation.text import even_windows
from puzzle_widgets.distillation.write_library import read_library
from puzzle_widgets.distillation.write_truth import predicted
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME
from puzzle_widgets.problem.problem import Architecture

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
