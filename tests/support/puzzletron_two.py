"""A run in the shape of Puzzletron's second version, made up: widths, scores by part, profiles."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Config = dict[str, Any]
WIDTHS = (128, 112)
LAYERS = 4
KV_HEADS, FFN_SIZES = (4, 2, None), (512, 256, None)
PARTS = "single_subblock_replacement_solutions--validation"
BLOCKS = "single_sequence_replacement_solutions--validation"
PROFILE = "memory-20"
METRICS = ("lm_loss", "token_accuracy_top_1", "cosine_embedding_loss_hidden_states")
_COST = {4: 2.6, 2: 1.4, 512: 3.1, 256: 1.6, None: 0.0}
_OUTSIDE = 4.25


def attention(heads: int | None) -> Config:
    """An attention part; ``None`` for a no-op."""
    head = {"kind": "attention", "name": "attention", "no_op": heads is None}
    sizes = {"num_kv_heads": heads, "num_query_heads": 8, "qk_head_dim": 16}
    return head if heads is None else head | sizes | {"sliding_window_size": "full"}


def ffn(size: int | None) -> Config:
    """An FFN part; ``None`` for a no-op."""
    head = {"kind": "ffn", "name": "ffn", "no_op": size is None}
    return head if size is None else head | {"intermediate_size": size}


def block(heads: int | None, size: int | None) -> Config:
    """A block of both."""
    return {"subblock_configs": [attention(heads), ffn(size)]}


PARENT = block(KV_HEADS[0], FFN_SIZES[0])
ALL_BLOCKS = [block(heads, size) for heads in KV_HEADS for size in FFN_SIZES]


def root_of(width: int) -> str:
    """Folder of one width."""
    return f"scenarios/width-{width:04d}/depth-00"


@dataclass
class SecondRun:
    """Content of the files by path; scores are rounded as bfloat16 has them.

    Parameters
    ----------
    widths
        Hidden widths, each with blocks, costs and scores of its own.
    seed
        Of the scores.
    """

    widths: tuple[int, ...] = WIDTHS
    seed: int = 0
    files: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill in all files."""
        rng = np.random.default_rng(self.seed)
        for width in self.widths:
            self.files |= _width(width, rng)

    def encoded(self) -> dict[str, bytes]:
        """Give all files as bytes by path."""
        return {path: json.dumps(content).encode() for path, content in self.files.items()}

    def write(self, folder: Path) -> Path:
        """Write all files."""
        for path, content in self.encoded().items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        return folder

    def score_exactly(self, width: int, layer: int, config: Config, loss: float) -> None:
        """Add the score of a whole block, as measured."""
        number = sum(BLOCKS in path for path in self.files)
        path = f"{root_of(width)}/{BLOCKS}/solution_{number}.json"
        self.files[path] = _report(number, layer, config, width, loss)


def baseline(width: int) -> dict[str, float]:
    """What the parent scores, cut to a width."""
    lost = (max(WIDTHS) - width) / 64
    return dict(zip(METRICS, (1.25 + lost, 0.75 - lost / 8, lost / 4), strict=True))


def _width(width: int, rng: np.random.Generator) -> dict[str, Any]:
    files = {
        "ckpts/sorted_teacher/config.json": _config(width),
        "replacement_library.json": _library(width),
        "subblock_stats.json": [_stats(width)],
    }
    number = 0
    for layer in range(LAYERS):
        for config in ALL_BLOCKS:
            if len(_changed(config)) == 1:
                loss = 2.0**-6 * int(rng.integers(1, 40))
                report = _report(number, layer, config, width, loss)
                files[f"{PARTS}/solution_{number}.json"] = report
                number += 1
    return {f"{root_of(width)}/{path}": content for path, content in files.items()}


def _config(width: int) -> Config:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": width,
        "num_attention_heads": 8,
        "num_key_value_heads": KV_HEADS[0],
        "head_dim": 16,
        "intermediate_size": FFN_SIZES[0],
        "num_hidden_layers": LAYERS,
        "vocab_size": 128,
        "block_configs": [PARENT] * LAYERS,
    }


def _library(width: int) -> Config:
    return {
        "version": 2,
        "hidden_width": width,
        "teacher_hidden_width": max(WIDTHS),
        "scenario": f"width-{width:04d}",
        "entries": [
            {"parent_layer_indices": [layer], "child_block_configs": [config], "weight_paths": []}
            for layer in range(LAYERS)
            for config in ALL_BLOCKS
        ],
    }


def _stats(width: int) -> Config:
    rows = [
        _row("AttentionConfig", attention(heads), heads, layer, width)
        for layer in range(LAYERS)
        for heads in KV_HEADS
    ]
    rows += [
        # Of all layers at once, as the second version writes timings of unique parts.
        _row("FFNConfig", ffn(size), size, -1, width)
        for size in FFN_SIZES
    ]
    timing = {"runtime_ms": 1.5, "latency_difference_negative": False}
    return {
        "args": {
            "gpu": None,
            "batch_size": 1,
            "prefill_seq_len": 128,
            "generation_seq_len": 128,
            "n_embd": width,
            "n_head": 8,
            "runtime_stats": True,
            "runtime_granularity": "block",
            "weights_dtype": "torch.bfloat16",
            "activations_dtype": "torch.bfloat16",
            "kv_cache_dtype": "torch.bfloat16",
            "parameter_inventory_identity": f"{width:x}" * 8,
        },
        "non_block": {
            **timing,
            "memory_mib": _OUTSIDE * width / max(WIDTHS),
            "num_params": 2 * 128 * width,
            "parameter_count_source": "checkpoint_tensor_inventory",
        },
        "subblocks": rows,
        "block_runtime_records": [{"block_config": PARENT, "runtime_ms": 3.0}],
    }


def _row(kind: str, config: Config, size: int | None, layer: int, width: int) -> Config:
    cost = _COST[size] * (1 + max(layer, 0) / 16) * width / max(WIDTHS)
    is_kv = kind == "AttentionConfig" and size is not None
    return {
        "subblock_config": config,
        "subblock_config_class": kind,
        "num_params": int(cost * 2**18),
        "active_params": int(cost * 2**18),
        "parent_layer_index": layer,
        "runtime_ms": cost / 2,
        "prefill_runtime_ms": None,
        "latency_difference_negative": size is None,
        "memory_mib": cost,
        "kv_cache_memory_mib": 2 * (size or 0) * 16 * 256 * 2 / 2**20 if is_kv else 0.0,
        "additive_metric_provenance": {"memory_mib": "typed_formula"},
    }


def _changed(config: Config) -> list[Config]:
    pairs = zip(config["subblock_configs"], PARENT["subblock_configs"], strict=True)
    return [mine for mine, parents in pairs if mine != parents]


def _report(number: int, layer: int, config: Config, width: int, loss: float) -> Config:
    own = baseline(width)
    changes = (loss, -loss / 8, loss / 2)
    values = {key: own[key] + add for key, add in zip(METRICS, changes, strict=True)}
    one = {"parent_layer_indices": [layer], "child_block_configs": [config], "weight_paths": []}
    solution: Config = {"single_sequence_replacement": one}
    changed = _changed(config)
    if len(changed) == 1:
        names = {"kind": changed[0]["kind"], "name": changed[0]["name"]}
        solution["subblock_replacement"] = {"layer_idx": layer, **names}
    return {
        **{key: {"avg": value, "per_sample": []} for key, value in values.items()},
        "i_solution": number,
        "hidden_width": width,
        "puzzle_solution": solution,
        "sliced_teacher_baseline": {key: {"avg": value} for key, value in own.items()},
        "args": {"teacher_dir": f"/mnt/run/{root_of(width)}/ckpts/sorted_teacher"},
    }


def search_folder(width: int, profile: str = PROFILE) -> str:
    """Folder of one search of a profile."""
    solved = f"scenarios/width-{width:04d}/depth-00/puzzle_solutions/default"
    return f"mip/profiles/{profile}/{solved}/stats_memory_mib_20"


def solutions_file(
    run: SecondRun, width: int, chosen: list[Config], value: float, limit: object = 20
) -> list[Config]:
    """What a search of the second version writes, of one architecture."""
    stats = run.files[f"{root_of(width)}/subblock_stats.json"][0]
    return [
        {
            "chosen_replacements": [
                {"parent_layer_indices": [layer], "block_config": config}
                for layer, config in enumerate(chosen)
            ],
            "total_value": {"metrics.lm_loss": value},
            "total_costs": {},
            "puzzle_args": {"mip_constraints": {"stats.memory_mib": limit}},
            "subblock_stats": stats["args"],
        }
    ]
