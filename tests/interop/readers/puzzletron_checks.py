"""Open and realize what is exported by ModelOpt's own Puzzletron, on a CPU, JSON on stdout.

Patched, as Puzzletron expects a GPU: where a model lies, and nothing of what it computes.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from modelopt.torch.puzzletron.anymodel.model_descriptor import ModelDescriptorFactory
from modelopt.torch.puzzletron.anymodel.puzzformer import deci_x_patcher
from modelopt.torch.puzzletron.mip.run_puzzle import run_puzzle
from modelopt.torch.puzzletron.replacement_library.library import ReplacementLibrary
from modelopt.torch.puzzletron.replacement_library.replacement_utils import (
    parse_layer_replacement,
)
from modelopt.torch.puzzletron.tools.checkpoint_utils_hf import load_model_config
from modelopt.torch.utils import distributed as dist
from omegaconf import DictConfig
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def main(task: str, folder: Path, rest: list[str]) -> None:
    """Run one task and print what it gives."""
    found = {"anymodel": _anymodel, "realize": _realise, "search": _search}[task](folder, rest)
    print("\n" + json.dumps({"version": version("nvidia-modelopt"), **found}))  # noqa: T201


def _anymodel(folder: Path, rest: list[str]) -> dict[str, Any]:
    """Load a model's folder, and compute."""
    config = load_model_config(folder)
    model = _model(config, load_file(folder / "model.safetensors"))
    return {"whole": _logits(model, json.loads(rest[0]))}


def _realise(folder: Path, rest: list[str]) -> dict[str, Any]:
    """Put a model together from solutions.json and the weights of its blocks, and compute."""
    library = ReplacementLibrary(
        folder / "replacement_library.json",
        descriptor=ModelDescriptorFactory.get("llama"),
        model_config_overrides={"use_cache": False},
    )
    (solution,) = json.loads(Path(rest[1]).read_text())
    chosen = [parse_layer_replacement(one) for one in solution["chosen_replacements"]]
    dist.local_rank = lambda: "cpu"
    model = library.load_model(chosen).float().eval()
    return {"whole": _logits(model, json.loads(rest[0]))}


def _search(folder: Path, rest: list[str]) -> dict[str, Any]:
    """Search a run's directory under human constraints."""
    scores = folder / "single_sequence_replacement_solutions--validation"
    asked = DictConfig(
        {
            "puzzle_profile": None,
            "single_block_replacement_validation_dir": scores,
            "gathered_metrics_path": None,
            "subblock_stats_path": folder / "subblock_stats.json",
            "subblock_stats_args": [json.loads(rest[1])],
            "objective": "metrics.kl_div",
            "mip_constraints": None,
            "human_constraints": [json.loads(rest[0])],
            "report_additional_costs": ["stats.memory_mib", "stats.runtime_ms"],
            "output_path": folder / "mip",
            "max_seconds_per_solution": 60.0,
            "metric_overrides": None,
            "bigger_is_better": False,
        }
    )
    paths = run_puzzle(asked)
    solutions = [one for path in paths for one in json.loads(Path(path).read_text())]
    kept = ("total_value", "total_costs", "chosen_block_configs")
    found = [{key: solution[key] for key in kept} for solution in solutions[:1]]
    return {"found": bool(found), **(found[0] if found else {})}


def _model(config: Any, weights: dict[str, torch.Tensor]) -> Any:
    config.dtype = torch.float32
    with deci_x_patcher(ModelDescriptorFactory.get("llama"), config.block_configs):
        model = AutoModelForCausalLM.from_config(config)
    missing, unknown = model.load_state_dict(weights, strict=False)
    if missing or unknown:
        raise SystemExit(f"weights do not fit: {missing} {unknown}")
    return model.eval()


def _logits(model: Any, ids: list[int]) -> list[list[float]]:
    with torch.no_grad():
        logits = model(torch.tensor([ids]), use_cache=False).logits[0].double()
    found: list[list[float]] = torch.log_softmax(logits, -1).tolist()
    return found


if __name__ == "__main__":
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
