"""What is exported, in the hands of its readers: mlx-lm, vLLM, transformers and Puzzletron."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import export, write_puzzletron
from tests.interop import model
from tests.interop.conftest import Reader
from tests.interop.reference import log_probabilities

pytestmark = pytest.mark.interop

# The parent's block, fewer heads and a narrower FFN, no attention, no FFN, one KV head.
MIXED = [0, 1, 2, 3, 5, 0]
# Besides, a linear attention in the first layer and a linear FFN in the fifth.
LINEAR = [6, 1, 2, 3, 7, 0]
ROPES = pytest.mark.parametrize("rope", model.ROPES.values(), ids=model.ROPES)


def unlike(
    found: Any, solution: pw.Solution, parent: dict[str, Any], ids: list[int] = model.IDS
) -> float:
    """Greatest difference of a reader's log-probabilities from the reference's."""
    weights = model.model_weights(solution.blocks)
    ought = log_probabilities(solution.blocks, parent, weights, ids)
    return float(np.abs(np.array(found) - ought).max())


def written(folder: Path, target: str, choice: list[int], parent: dict[str, Any]) -> pw.Solution:
    """Write a model's folder for a target."""
    solution = model.chosen(model.library(model.SMALLER + model.LINEARS), choice)
    text = export(solution, target, parent_config=parent).text
    model.write_model(folder, text, model.model_weights(solution.blocks))
    return solution


@ROPES
def test_mlx_computes_the_same(reader: Reader, tmp_path: Path, rope: dict[str, Any]) -> None:
    """As a whole and token by token, no-op and linear subblocks among them, for either form."""
    parent = model.parent(rope)
    solution = written(tmp_path / "m", "mlx", LINEAR, parent)
    found = reader("mlx", "mlx_logits.py", tmp_path / "m", json.dumps(model.IDS))
    assert found["theta"] == 30_000.0
    assert unlike(found["whole"], solution, parent) < 1e-4
    assert unlike(found["steps"], solution, parent) < 1e-4


@ROPES
def test_vllm_serves_the_same(reader: Reader, tmp_path: Path, rope: dict[str, Any]) -> None:
    """Four, two and one KV heads, no-op attention and no-op FFN in one model, on a CPU."""
    parent = model.parent(rope)
    solution = written(tmp_path / "m", "vllm", MIXED, parent)
    found = reader("vllm", "vllm_logits.py", tmp_path / "m", json.dumps(model.IDS))
    assert unlike(found["whole"], solution, parent) < 1e-3


def test_transformers_reads_the_configuration_and_builds_no_model(
    reader: Reader, tmp_path: Path
) -> None:
    """Each layer's sizes and skipped subblocks as meant. A model would make the warning wrong."""
    parent = model.parent(model.LLAMA_3_4)
    written(tmp_path / "m", "transformers", MIXED, parent)
    found = reader("vllm", "transformers_config.py", tmp_path / "m")
    assert found["type"] == "llama"
    assert found["rope"] == model.LLAMA_3_5["rope_parameters"]
    assert found["layers"] == [
        [[], 4, 1024],
        [[], 2, 512],
        [["attention"], 4, 768],
        [["mlp"], 4, 1024],
        [[], 1, 256],
        [[], 4, 1024],
    ]
    assert found["model"] == "AmbiguousGlobalPerLayerAttributeError"


@ROPES
def test_modelopt_loads_anymodel(reader: Reader, tmp_path: Path, rope: dict[str, Any]) -> None:
    """Its own classes build the model and compute the same."""
    parent = model.parent(rope)
    solution = written(tmp_path / "m", "anymodel", MIXED, parent)
    asked = ("anymodel", tmp_path / "m", json.dumps(model.IDS))
    found = reader("modelopt", "puzzletron_checks.py", *asked)
    assert unlike(found["whole"], solution, parent) < 1e-4


@pytest.fixture
def run(tmp_path: Path) -> pw.BlockLibrary:
    """A library as a Puzzletron directory with weights, and read again."""
    parent = model.parent(model.LLAMA_3_5)
    folder = write_puzzletron(model.library(model.SMALLER), tmp_path / "run", parent_config=parent)
    library = pw.load_library(folder)
    model.write_block_weights(library)
    return library


def test_puzzletron_realises_our_solutions(
    reader: Reader, tmp_path: Path, run: pw.BlockLibrary
) -> None:
    """The model that it puts together from its blocks' weights is the one chosen, in bfloat16."""
    solution = model.chosen(run, MIXED)
    file = export(solution, "puzzletron").write(tmp_path / "solutions.json")
    asked = ("realize", tmp_path / "run", json.dumps(model.IDS), file)
    found = reader("modelopt", "puzzletron_checks.py", *asked)
    assert unlike(found["whole"], solution, model.parent(model.LLAMA_3_5)) < 0.2


# Shares of the parent: of its memory (at most, or between two), of its runtime, of its throughput.
SEARCHES: dict[str, dict[str, Any]] = {
    "memory 90 %": {"memory": 0.9},
    "memory 70 %": {"memory": 0.7},
    "memory 50 %": {"memory": 0.5},
    "memory between": {"memory": (0.5, 0.6)},
    "throughput 130 %": {"throughput": 1.3},
    "throughput 180 %": {"throughput": 1.8},
    "latency 60 %": {"latency": 0.6},
    "memory and throughput": {"memory": 0.7, "throughput": 1.3},
    "memory and latency": {"memory": 0.6, "latency": 0.75},
    "impossible": {"memory": 0.01},
}


def their_words(run: pw.BlockLibrary, shares: dict[str, Any]) -> dict[str, Any]:
    """Human constraints of ``run_puzzle``."""
    memory, runtime = (run.parent_totals[f"stats.{key}"] for key in ("memory_mib", "runtime_ms"))
    found: dict[str, Any] = {}
    if "memory" in shares:
        share = shares["memory"]
        several = isinstance(share, tuple)
        found["target_memory"] = [one * memory for one in share] if several else share * memory
    if "throughput" in shares:
        found["target_throughput"] = shares["throughput"] * (run.throughput(runtime) or 0)
    if "latency" in shares:
        found["target_latency_seconds"] = shares["latency"] * runtime / 1000
    return found


def our_problem(run: pw.BlockLibrary, shares: dict[str, Any]) -> pw.SearchProblem:
    """Ask the same of ourselves."""
    share = shares.get("memory")
    pair = share if isinstance(share, tuple) else (None, share)
    lower, upper = (None if one is None else pw.Share(one) for one in pair)
    throughput, latency = shares.get("throughput"), shares.get("latency")
    return pw.SearchProblem(
        run,
        minimize="metrics.kl_div",
        budgets={"stats.memory_mib": (lower, upper)},
        throughput=throughput and pw.Share(throughput),
        latency_ms=latency and pw.Share(latency),
    )


@pytest.mark.parametrize("shares", SEARCHES.values(), ids=SEARCHES)
def test_puzzletron_searches_our_directory(
    reader: Reader, tmp_path: Path, run: pw.BlockLibrary, shares: dict[str, Any]
) -> None:
    """It opens it, and its optimum is ours: score, memory, runtime, throughput, or none at all."""
    asked = json.dumps(their_words(run, shares))
    words = ("search", tmp_path / "run", asked, json.dumps({"batch_size": 4}))
    theirs = reader("modelopt", "puzzletron_checks.py", *words)
    ours = pw.search(our_problem(run, shares))
    if not theirs["found"]:
        assert ours.status == "infeasible"
        return
    assert ours.status == "optimal"
    assert ours.totals["metrics.kl_div"] == pytest.approx(theirs["total_value"]["metrics.kl_div"])
    for key, value in theirs["total_costs"].items():
        if key.startswith("stats."):
            assert ours.totals[key] == pytest.approx(value)
    tokens_per_s = 1000 * 4 * 40 / ours.totals["stats.runtime_ms"]
    assert theirs["total_costs"]["throughput"] == pytest.approx(tokens_per_s)
