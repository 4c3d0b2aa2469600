"""The truth about a library: whole models measured, and how well the sums predict them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch

from puzzle_widgets.distillation.children import (
    SCORE,
    Candidate,
    assemble,
    candidates,
    chosen_children,
    load_child,
)
from puzzle_widgets.distillation.costs import (
    COSTS,
    MIB,
    Reading,
    generate,
    model_bytes,
    one_thread,
    timed,
)
from puzzle_widgets.distillation.model import Decoder, count_parameters
from puzzle_widgets.distillation.parent import REPORT as PARENT_REPORT
from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.run import (
    Progress,
    Run,
    append_line,
    machine,
    read_lines,
    save_json,
)
from puzzle_widgets.distillation.score import (
    METRICS,
    make_reference,
    validation_windows,
    whole_model_quality,
)
from puzzle_widgets.distillation.text import even_windows
from puzzle_widgets.distillation.write_library import read_library
from puzzle_widgets.errors import BuildError
from puzzle_widgets.files.ground_truth import FORMAT, GROUND_TRUTH_FILE, VERSION
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.library.model import FloatArray
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME
from puzzle_widgets.solution.agreement import kendall, spearman

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


COMPARED = (*(f"metrics.{metric}" for metric in METRICS), MEMORY, RUNTIME, PARAMETERS)
FAMILIES = ("mip", "greedy", "random", "homogeneous", "mip (memory)")

Record = dict[str, Any]


def make_truth(run: Run) -> None:
    """Write the truth beside the library, and say what it shows."""
    library = read_library(run)
    models = _models(run, library)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "library": library.name,
        "library_sha256": library_digest(library),
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "text": run.text.facts,
        "summary": summary(models),
        "models": models,
    }
    save_json(content, truth_file(run))
    for report in (PARENT_REPORT, COSTS):
        shutil.copyfile(run.folder / report, truth_file(run).with_name(report))
    for line in summary_lines(content["summary"]):  # type: ignore[arg-type]
        run.say(line)


def truth_file(run: Run) -> Path:
    """Where the truth lies: in a folder of the library's name, which is no library itself."""
    return run.folder / run.preset.title / GROUND_TRUTH_FILE


def predicted(library: BlockLibrary, candidate: Candidate) -> dict[str, float]:
    """What the sums say of an architecture.

    A score that the parent has too, such as its loss, is the parent's own plus the changes.
    """
    totals = library.totals(candidate.architecture)
    sums = {key: totals[key] for key in COMPARED}
    for key in (key for key in COMPARED if key.startswith("metrics.")):
        own = library.layers[0].parent_variant.values[key]
        sums[key] += own * (1 - len(library.layers))
    return {key: float(f"{value:.8g}") for key, value in sums.items()}


def summary(models: Sequence[Record]) -> Record:
    """Agreement by quantity and by family, families at equal runtime, effect of distillation."""
    before = [model for model in models if not model["distilled"] and model["family"] != "parent"]
    families = {
        family: [model for model in before if model["family"] == family] for family in FAMILIES
    }
    return {
        "agreement": {key: _agreement(before, key) for key in COMPARED},
        "agreement_on_test_text": _agreement(before, SCORE, "test"),
        "agreement_by_family": {
            family: _agreement(found, SCORE) for family, found in families.items() if found
        },
        "equal_runtime": _equal_runtime(before),
        "global_distillation": _distillation(models),
    }


def summary_lines(content: Record) -> list[str]:
    """Say a summary in words."""
    lines = [
        f"truth: {what} of {found['models']} models: Spearman {_shown(found['spearman'])}, Kendall "
        f"{_shown(found['kendall'])}, predicted / true "
        f"{_shown(found['median_predicted_over_true'])} (median)"
        for what, found in (
            ("KL divergence", content["agreement"][SCORE]),
            ("runtime", content["agreement"][RUNTIME]),
        )
    ]
    for row in content["equal_runtime"]:
        found = [f"{f} {_shown(row['true_kl_div'].get(f))}" for f in ("mip", "greedy", "random")]
        lines.append(f"truth: {row['share']:.0%} of runtime, true KL: {', '.join(found)}")
    for row in content["global_distillation"]:
        values = f"{_shown(row['before'])} before, {_shown(row['after'])} after"
        lines.append(f"truth: {row['name']} distilled, true KL on test text: {values}")
    return lines


def _models(run: Run, library: BlockLibrary) -> list[Record]:
    quality, runtimes = read_quality(run), read_runtimes(run)
    return [
        {
            "name": name,
            "family": candidate.family,
            "share": candidate.share,
            "distilled": name.endswith(AFTER),
            "predicted": predicted(library, candidate),
            "true": _true(quality[name], runtimes.get(candidate.name)),
            "test": {f"metrics.{key}": _short(quality[name]["test"][key]) for key in METRICS},
            "runtime_quartiles_ms": _quartiles(runtimes.get(candidate.name)),
            "architecture": [[layer, name] for layer, name in candidate.architecture.items()],
        }
        for name, candidate in architectures(run)
    ]


def _true(quality: Record, runtime: Reading | None) -> dict[str, float]:
    values = {f"metrics.{key}": _short(quality["validation"][key]) for key in METRICS}
    values |= {key: quality[key] for key in (MEMORY, PARAMETERS)}
    return values if runtime is None else values | {RUNTIME: runtime.median}


def _quartiles(runtime: Reading | None) -> list[float] | None:
    return None if runtime is None else [runtime.lower, runtime.upper]


def _agreement(models: Sequence[Record], key: str, side: str = "true") -> Record:
    return agreement(
        [model["predicted"][key] for model in models], [model[side][key] for model in models]
    )


def _equal_runtime(models: Sequence[Record]) -> list[Record]:
    """True and predicted divergence by family at each runtime budget; random ones averaged."""
    families = ("mip", "greedy", "random")
    shares = sorted({model["share"] for model in models if model["family"] == "mip"})
    return [
        {
            "share": share,
            **{
                f"{side}_kl_div": {
                    family: _short(fmean(values))
                    for family in families
                    if (values := _values(models, family, share, side))
                }
                for side in ("predicted", "true")
            },
        }
        for share in shares
    ]


def _values(models: Sequence[Record], family: str, share: float, side: str) -> list[float]:
    return [
        model[side][SCORE]
        for model in models
        if (model["family"], model["share"]) == (family, share)
    ]


def _distillation(models: Sequence[Record]) -> list[Record]:
    """Divergence on text that neither scores nor distillation saw."""
    before = {model["name"]: model for model in models}
    return [
        {
            "name": model["name"].removesuffix(AFTER),
            "before": before[model["name"].removesuffix(AFTER)]["test"][SCORE],
            "after": model["test"][SCORE],
        }
        for model in models
        if model["distilled"]
    ]


def _short(value: float) -> float:
    return float(f"{value:.7g}")


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def agreement(predicted: Sequence[float], true: Sequence[float]) -> dict[str, float | None]:
    """Compare predictions with what was measured.

    Parameters
    ----------
    predicted, true
        One value a model each, in the same unit.

    Returns
    -------
    dict
        Models compared; Spearman's rho and Kendall's tau-b (``None`` where either side has no
        two values); mean absolute error in the unit; median of |predicted - true| / |true| and
        of predicted / true over the models whose true value is not 0.
    """
    left, right = np.asarray(predicted, dtype=float), np.asarray(true, dtype=float)
    shown = right != 0
    ratios = left[shown] / right[shown]
    return {
        "models": len(left),
        "spearman": _or_none(spearman(left, right)),
        "kendall": _or_none(kendall(left, right)),
        "mean_absolute_error": _or_none(float(np.abs(left - right).mean()) if len(left) else None),
        "median_relative_error": _or_none(_median(np.abs(ratios - 1))),
        "median_predicted_over_true": _or_none(_median(ratios)),
    }


def _median(values: FloatArray) -> float | None:
    return float(np.median(values)) if values.size else None


def _or_none(value: float | None) -> float | None:
    """Round for a file; JSON has no NaN."""
    return None if value is None or np.isnan(value) else float(f"{value:.6g}")
