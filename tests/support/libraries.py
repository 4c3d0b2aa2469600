"""Small libraries for the tests, and the truth about them by brute force."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, LayerName, SubBlock

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
EMBEDDED = "llama-3.3-70b-modeled"
LOSS, MEMORY, RUNTIME = "metrics.loss", "stats.memory_mib", "stats.runtime_ms"
OTHER = SubBlock("other")

WHOLE_FFN = "ffn = intermediate size 64 (parent * 100%)"
PARENT_NAME = f"attention = 8 kv heads (parent * 100%)\t&&\t{WHOLE_FFN}"
HALF_NAME = f"attention = 4 kv heads (parent * 50%)\t&&\t{WHOLE_FFN}"
EMPTY_NAME = "attention = no_op (parent * 0%)\t&&\tffn = linear (parent * 0%)"

Row = Sequence[float]


def load_script(name: str) -> ModuleType:
    """Import a script of the data folder."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "data" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def make_library(
    layers: Sequence[Sequence[Row]],
    keys: Sequence[str] = (LOSS, MEMORY, RUNTIME),
    measurement: pw.Measurement | None = None,
) -> pw.BlockLibrary:
    """Build a library from bare numbers: ``layers[i][j]`` are the values of layer i's variant j.

    Variants are named ``v0``, ``v1`` and so on; ``v0`` is the parent.
    """
    return pw.BlockLibrary(
        "small",
        tuple(
            pw.Layer(
                i,
                tuple(
                    pw.BlockVariant(
                        f"v{j}",
                        OTHER,
                        OTHER,
                        FrozenMapping(zip(keys, map(float, row), strict=True)),
                    )
                    for j, row in enumerate(rows)
                ),
                "v0",
            )
            for i, rows in enumerate(layers)
        ),
        measurement or pw.Measurement(batch_size=2, sequence_length=50),
    )


def scaled_library(library: pw.BlockLibrary, key: str, factor: float) -> pw.BlockLibrary:
    """Multiply one key of every variant."""

    def change(variant: pw.BlockVariant) -> pw.BlockVariant:
        values = {k: v * factor if k == key else v for k, v in variant.values.items()}
        return replace(variant, values=FrozenMapping(values))

    layers = (replace(la, variants=tuple(map(change, la.variants))) for la in library.layers)
    return replace(library, layers=tuple(layers))


def published_content() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Give a small ``block_library.json`` in the published form: 3 layers of 3 variants."""
    rows = {
        PARENT_NAME: (8, 64, 10, 5, 0),
        HALF_NAME: (4, 64, 7, 4, 1),
        EMPTY_NAME: (0, 0, 1, 1, 9),
    }
    return {
        f"layer_{layer}": {
            name: {
                "stats": {
                    "num_kv_heads": heads,
                    "ffn_intermediate_size": width,
                    "memory_mib": memory + 0.25,
                    "runtime_ms": runtime + 0.5,
                },
                "metrics": {"kl_div": loss * (layer + 1) / 10},
            }
            for name, (heads, width, memory, runtime, loss) in rows.items()
        }
        for layer in range(3)
    }


def published_files(content: Any = None, **changes: Any) -> dict[str, bytes]:
    """Give the three files of the published form; ``changes`` replace whole sidecars."""
    library = published_content() if content is None else content
    files = {
        "block_library.json": library,
        "measurement_info.json": {
            "batch_size": 4,
            "sequence_length": 100,
            "gpu": "Some GPU",
            "dtype": "fp8",
        },
        "parent_block_stats.json": {"stats": published_content()["layer_0"][PARENT_NAME]["stats"]},
    }
    files.update({f"{name}.json": value for name, value in changes.items()})
    return {name: json.dumps(value).encode() for name, value in files.items() if value is not None}


def architectures(library: pw.BlockLibrary) -> Iterator[dict[LayerName, str]]:
    """Every architecture of a small library."""
    names = [layer.name for layer in library.layers]
    for choice in product(*([v.name for v in layer.variants] for layer in library.layers)):
        yield dict(zip(names, choice, strict=True))


def keeps(problem: pw.SearchProblem, architecture: Mapping[LayerName, str]) -> bool:
    """Whether an architecture meets every rule of a problem, by the plainest reading."""
    totals = problem.library.totals(architecture)
    within = all(
        budget.lower - 1e-9 <= totals[key] <= budget.upper + 1e-9
        for key, budget in problem.budgets.items()
    )
    allowed = all(architecture[layer] == name for layer, name in problem.fixed.items()) and not any(
        architecture[layer] in names for layer, names in problem.banned.items()
    )
    apart = all(
        sum(architecture[layer] != name for layer, name in rule.architecture.items()) >= rule.layers
        for rule in problem.differences
    )
    own = all(
        row.lower - 1e-9
        <= sum(terms.get(architecture[layer], 0) for layer, terms in row.coefficients.items())
        <= row.upper + 1e-9
        for row in problem.rows
    )
    few = all(
        len(
            {_kind(problem.library, layer, architecture[layer], rule.part) for layer in rule.layers}
        )
        <= rule.most
        for rule in problem.distinct
    )
    return within and allowed and apart and own and few


def _kind(library: pw.BlockLibrary, layer: LayerName, name: str, part: str | None) -> object:
    """What is counted of a block: its name where what it is is not known."""
    variant = library.layer(layer).variant(name)
    parts = (variant.attention, variant.ffn) if part is None else (getattr(variant, part),)
    return name if OTHER in parts else parts


def best_score(problem: pw.SearchProblem) -> float:
    """Optimum by trying every architecture; NaN where none is feasible."""
    scores = [
        problem.library.totals(architecture)[problem.objective]
        for architecture in architectures(problem.library)
        if keeps(problem, architecture)
    ]
    if not scores:
        return math.nan
    return min(scores) if problem.goal == "minimize" else max(scores)


def random_rows(rng: np.random.Generator, kind: str) -> list[list[list[float]]]:
    """Draw layers of differing size; ``kind`` sets how the numbers look."""
    layers = [
        rng.uniform(0, 10, size=(int(rng.integers(1, 5)), 3)) for _ in range(rng.integers(2, 6))
    ]
    if kind == "ties":
        layers = [np.floor(rows / 3) for rows in layers]
    if kind == "negative":
        layers = [rows - 5 for rows in layers]
    if kind == "zero":
        layers = [rows * (rng.random(rows.shape) < 0.5) for rows in layers]
    if kind == "scales":
        layers = [rows * np.array([1e-6, 1e11, 1e-3]) for rows in layers]
    return [rows.tolist() for rows in layers]


def published_folder() -> Path:
    """Find the published library, or skip the test and say why."""
    named = os.environ.get("PUZZLE_WIDGETS_PUBLISHED")
    folder = Path(named) if named else SHARED / "data"
    for candidate in (folder, folder / "Llama-3.3-70B-Instruct"):
        if (candidate / "block_library.json").is_file():
            return candidate
    pytest.skip(f"no published library in {folder}: name its folder in PUZZLE_WIDGETS_PUBLISHED")


def golden() -> dict[str, Any]:
    """Read the known optima of the published library, or skip the test and say why."""
    file = SHARED / "reference" / "golden.json"
    if not file.is_file():
        pytest.skip(f"no known optima: {file} is missing")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
