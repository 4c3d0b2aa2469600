"""Puzzletron directories made up for the tests: their layout, their traps, random figures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

FOREIGN = "/mnt/lustre/users/someone/puzzle_dir"
SCORES = "single_sequence_replacement_solutions--validation"
SEARCH = "mip/puzzle_solutions/target_memory_78000MiB"
HIDDEN, HEADS, KV_HEADS, VOCAB = 4096, 32, 8, 128256
WIDTHS = (14336, 11520, 8704, 5888, 3072)
KINDS = ("lm_loss", "token_accuracy_top_1", "cosine_embedding_loss_hidden_states", "kl_div")
GAIN = "greedy_teacher_prediction_in_student_top_1"
Config = dict[str, Any]


def attention(kv_heads: int | None) -> Config:
    """An attention's config as ModelOpt dumps it; ``None`` for a no-op."""
    return {
        "no_op": kv_heads is None,
        "replace_with_linear": False,
        "sparsify": None,
        "weights_precision": "bf16",
        "num_key_value_heads": kv_heads,
        "llama4": None,
        "mamba": None,
    }


def ffn(width: int | None) -> Config:
    """An FFN's config as ModelOpt dumps it; ``None`` for a no-op."""
    return {
        "no_op": width is None,
        "replace_with_linear": False,
        "sparsify": None,
        "weights_precision": "bf16",
        "moe": None,
        "intermediate_size": width,
    }


def block(kv_heads: int | None, width: int | None) -> Config:
    """A block's config."""
    return {"attention": attention(kv_heads), "ffn": ffn(width), "parallel_blocks": None}


PARENT = block(KV_HEADS, WIDTHS[0])
BLOCKS = [block(heads, width) for heads in (KV_HEADS, None) for width in (*WIDTHS, None)]


@dataclass
class Run:
    """The content of a run's files by path, to be changed at will before it is written.

    Parameters
    ----------
    layers
        Layers of the model.
    blocks
        Configs of every layer's blocks, the parent's first.
    batches
        Batch size of each workload.
    seed
        Of scores and runtimes.
    """

    layers: int = 3
    blocks: list[Config] = field(default_factory=lambda: BLOCKS)
    batches: tuple[int, ...] = (96, 32)
    seed: int = 0
    files: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill in all files."""
        self.rng = np.random.default_rng(self.seed)
        self.runtimes = {
            (layer, json.dumps(part, sort_keys=True)): float(self.rng.uniform(1, 4))
            for layer in range(self.layers)
            for config in self.blocks
            for part in (config["attention"], config["ffn"])
        }
        self.files["ckpts/teacher/config.json"] = self.teacher_config()
        self.files["replacement_library.json"] = self.library()
        self.files["subblock_stats.json"] = [self.workload(batch) for batch in self.batches]
        self.files[f"{SCORES}/teacher.json"] = self.teacher_report()
        self.files |= self.reports()

    def teacher_config(self) -> Config:
        """The parent's Hugging Face config with its blocks."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_size": HIDDEN,
            "intermediate_size": WIDTHS[0],
            "num_attention_heads": HEADS,
            "num_key_value_heads": KV_HEADS,
            "num_hidden_layers": self.layers,
            "vocab_size": VOCAB,
            "dtype": "torch.bfloat16",
            "block_configs": [self.blocks[0]] * self.layers,
        }

    def library(self) -> list[Config]:
        """Every layer's blocks, out of order, with paths of another machine."""
        entries = [
            {
                "parent_layer_indices": [layer],
                # One or a list of one: both are found.
                "child_block_configs": [config] if layer % 2 else config,
                "weight_paths": _paths(config, layer, parent=place == 0),
            }
            for layer in range(self.layers)
            for place, config in enumerate(self.blocks)
        ]
        return [entries[place] for place in self.rng.permutation(len(entries))]

    def workload(self, batch: int) -> Config:
        """Costs at one batch size; the first workload has runtimes."""
        timed = batch == self.batches[0]
        parts = {
            (name, json.dumps(config[name], sort_keys=True)): config[name]
            for config in self.blocks
            for name in ("attention", "ffn")
        }
        rows = [
            self._part(name, config, layer, batch, timed=timed)
            for layer in range(self.layers)
            for (name, _), config in parts.items()
        ]
        return {
            "args": {
                "gpu": "NVIDIA H100 80GB HBM3",
                "batch_size": batch,
                "prefill_seq_len": 4096,
                "generation_seq_len": 4096,
                "n_embd": HIDDEN,
                "n_head": HEADS,
                "vocab_size": VOCAB,
                "runtime_stats": timed,
                "weights_dtype": "torch.bfloat16",
                "activations_dtype": "torch.bfloat16",
                "kv_cache_dtype": "torch.bfloat16",
            },
            "non_block": {
                "runtime_ms": 5.5 if timed else None,
                "memory_mib": 2004.0078125,
                "num_params": 1050677248,
            },
            "subblocks": rows,
        }

    def teacher_report(self) -> Config:
        """What the parent scores: measured metrics only."""
        return {
            "lm_loss": {"avg": 1.1183, "per_sample": [1.0, 1.2366]},
            "token_accuracy_top_1": {"avg": 0.7332, "per_sample": [0.7, 0.7664]},
            "args": {
                "teacher_dir": f"{FOREIGN}/ckpts/teacher",
                "descriptor": "llama",
                "replacement_library_path": f"{FOREIGN}/replacement_library.json",
                "eval_samples": 2,
            },
        }

    def reports(self) -> dict[str, Config]:
        """One validation file for every block but the parent's, numbered out of order."""
        pairs = [(la, config) for la in range(self.layers) for config in self.blocks[1:]]
        order = self.rng.permutation(len(pairs))
        return {
            f"{SCORES}/solution_{number}.json": self._report(number, *pairs[place])
            for number, place in enumerate(order)
        }

    def report_of(self, layer: int, config: Config) -> str:
        """Path of the validation file of one block."""
        for path, content in self.files.items():
            one = content.get("puzzle_solution") if isinstance(content, dict) else None
            if one and one["single_sequence_replacement"]["parent_layer_indices"] == [layer]:
                found = one["single_sequence_replacement"]["child_block_configs"]
                if found == [config]:
                    return path
        raise KeyError(layer, config)

    def write(self, folder: Path) -> Path:
        """Write all files, NaN as Python writes it."""
        for path, content in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_encoded(content))
        return folder

    def encoded(self) -> dict[str, bytes]:
        """Give all files as bytes by path."""
        return {path: _encoded(content) for path, content in self.files.items()}

    def _part(self, name: str, config: Config, layer: int, batch: int, *, timed: bool) -> Config:
        size = config["num_key_value_heads" if name == "attention" else "intermediate_size"] or 0
        head = HIDDEN // HEADS
        if name == "attention":
            params = (2 * HIDDEN * HIDDEN + 2 * HIDDEN * head * size + HIDDEN) if size else 0
        else:
            params = (3 * HIDDEN * size + HIDDEN) if size else 0
        cache = 2 * size * head * 8192 * batch * 2 / 2**20 if name == "attention" else 0.0
        runtime = self.runtimes[layer, json.dumps(config, sort_keys=True)] if size else 0.0
        return {
            "subblock_config": config,
            "subblock_config_class": "AttentionConfig" if name == "attention" else "FFNConfig",
            "runtime_ms": runtime if timed else None,
            "prefill_runtime_ms": None,
            "decode_runtime_ms": float("nan"),
            "num_params": params,
            "active_params": params,
            "parent_layer_index": layer,
            "memory_mib": params * 2 / 2**20 + cache,
            "kv_cache_memory_mib": cache,
        }

    def _report(self, number: int, layer: int, config: Config) -> Config:
        loss = float(self.rng.uniform(0.001, 1))
        values = (1.1183 + loss, 0.7332 - loss / 10, loss / 3, loss * float(self.rng.uniform(1, 2)))
        metrics = dict(zip(KINDS, values, strict=True)) | {GAIN: 1 - loss / 2}
        chosen = [self.blocks[0]] * self.layers
        whole = [*chosen[:layer], config, *chosen[layer + 1 :]]
        return {
            **{key: {"avg": value, "per_sample": [value, value]} for key, value in metrics.items()},
            "i_solution": number,
            "puzzle_solution": {
                "single_sequence_replacement": {
                    "parent_layer_indices": [layer],
                    "child_block_configs": [config],
                    "weight_paths": _paths(config, layer, parent=False),
                },
                # Each file repeats the whole model, as Puzzletron's do.
                "chosen_replacements": [
                    {
                        "parent_layer_indices": [place],
                        "child_block_configs": [one],
                        "weight_paths": _paths(one, place, parent=place != layer),
                    }
                    for place, one in enumerate(whole)
                ],
                "block_configs": whole,
            },
            "args": {"teacher_dir": f"{FOREIGN}/ckpts/teacher", "eval_samples": 2},
        }


def _paths(config: Config, layer: int, *, parent: bool) -> list[str]:
    """Where the weights lie: parts that equal the parent's are the parent's files."""
    found = []
    for name in ("attention", "ffn"):
        if config[name].get("no_op"):
            continue
        own = parent or config[name] == PARENT[name]
        folder = "teacher" if own else "ffn_pruned"
        file = f"subblocks_safetensors/block_{layer}_{name}.safetensors"
        found.append(f"{FOREIGN}/ckpts/{folder}/{file}")
    return found


def _encoded(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def small_run() -> Run:
    """Two layers of four blocks, two workloads."""
    blocks = [PARENT, block(8, 3072), block(None, 14336), block(None, None)]
    return Run(layers=2, blocks=blocks, seed=5)


def records_file(run: Run, place: int = 0) -> Config:
    """What a search writes down of all blocks, in one workload."""
    stats = run.files["subblock_stats.json"][place]
    costs = {
        (row["parent_layer_index"], json.dumps(row["subblock_config"], sort_keys=True)): row
        for row in stats["subblocks"]
    }
    students = [
        _record(path, content)
        for path, content in run.files.items()
        if path.startswith(SCORES) and "puzzle_solution" in content
    ]
    records = [*students, *(_teacher_record(run, layer) for layer in range(run.layers))]
    for record in records:
        layer, config = record["parent_layer_indices"][0], record["block_config"]
        subblocks = {
            name: costs[layer, json.dumps(config[name], sort_keys=True)]
            for name in ("attention", "ffn")
        }
        record["stats"] = _stats(subblocks)
    return {f"replacement_{number}": record for number, record in enumerate(records)}


def solutions_file(run: Run) -> list[Config]:
    """What a search found: the first records of each layer, with sums and what is outside."""
    records = records_file(run)
    chosen = {record["parent_layer_indices"][0]: record for record in records.values()}
    ordered = [chosen[layer] for layer in sorted(chosen)]
    outside = run.files["subblock_stats.json"][0]["non_block"]
    keys = ("memory_mib", "num_params", "runtime_ms")
    totals = {f"stats.{k}": sum(r["stats"][k] for r in ordered) + outside[k] for k in keys}
    objective = "metrics.kl_div"
    return [
        {
            "chosen_replacements": [
                {**record, "child_block_configs": record["block_config"]} for record in ordered
            ],
            "total_value": {objective: sum(r["metrics"]["kl_div"] for r in ordered)},
            "total_costs": {**totals, "throughput": 1234.5},
            "puzzle_args": {
                "mip_constraints": {"stats.memory_mib": totals["stats.memory_mib"] + 1}
            },
            "subblock_stats": run.files["subblock_stats.json"][0]["args"],
            "chosen_block_configs": [record["block_config"] for record in ordered],
        }
    ]


def deci_config(run: Run) -> Config:
    """A DeciLM config: the second block in layer 0, the parent's elsewhere."""
    return {
        "architectures": ["DeciLMForCausalLM"],
        "model_type": "nemotron-nas",
        "hidden_size": HIDDEN,
        "num_attention_heads": HEADS,
        "num_hidden_layers": run.layers,
        "intermediate_size": None,
        "block_configs": [
            _deci_block(run.blocks[1 if layer == 0 else 0]) for layer in range(run.layers)
        ],
    }


def sparse_config(run: Run) -> Config:
    """The same with the differences only: layer 0 has no attention and a narrow FFN."""
    return {
        "hidden_size": HIDDEN,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "intermediate_size": WIDTHS[0],
        "num_hidden_layers": run.layers,
        "per_layer_config": {"0": {"skip": ["attention"]}},
    }


def sweep_file() -> bytes:
    """A sweep's table of two rows."""
    return (
        b"compression_rate,target_memory_mib,actual_memory_mib,teacher_memory_mib,num_params,"
        b"lm_loss,token_accuracy_top_1,token_accuracy_top_5,token_accuracy_top_10\n"
        b"0.5,50000,49000.5,100000,4000000000,1.9,0.6,0.8,0.85\n"
        b"0.9,90000,88000.25,100000,7000000000,1.2,,0.9,0.94\n"
    )


def version_two(run: Run) -> dict[str, bytes]:
    """The same run in the second version's schema, with a workload's runtime."""
    files = dict(run.files)
    files["replacement_library.json"] = {
        "version": 2,
        "entries": [
            {**entry, "child_block_configs": [second_block(one_block(entry))]}
            for entry in run.files["replacement_library.json"]
        ],
    }
    files["subblock_stats.json"] = [
        {**stats, "subblocks": [_second_row(row) for row in stats["subblocks"]]}
        for stats in run.files["subblock_stats.json"]
    ]
    config = run.files["ckpts/teacher/config.json"]
    blocks = [second_block(found) for found in config["block_configs"]]
    files["ckpts/teacher/config.json"] = {**config, "block_configs": blocks}
    for path, content in run.files.items():
        if "puzzle_solution" in content:
            one = content["puzzle_solution"]["single_sequence_replacement"]
            changed = {**one, "child_block_configs": [second_block(one_block(one))]}
            solution = {"single_sequence_replacement": changed}
            files[path] = {**content, "puzzle_solution": solution}
    return {path: _encoded(content) for path, content in files.items()}


def one_block(entry: Config) -> Config:
    """The block of an entry, which is given bare or in a list."""
    found = entry["child_block_configs"]
    return dict(found[0] if isinstance(found, list) else found)


def second_block(config: Config) -> Config:
    """A block's config in the second version's schema."""
    heads, width = config["attention"]["num_key_value_heads"], config["ffn"]["intermediate_size"]
    sizes = {"num_kv_heads": heads, "num_query_heads": HEADS} if heads else {}
    first = {"kind": "attention", "name": "attention", "no_op": heads is None, **sizes}
    sizes = {"intermediate_size": width} if width else {}
    second = {"kind": "ffn", "name": "ffn", "no_op": width is None, **sizes}
    return {"subblock_configs": [first, second]}


def _second_row(row: Config) -> Config:
    name = "attention" if row["subblock_config_class"] == "AttentionConfig" else "ffn"
    other = {"attention": attention(None), "ffn": ffn(None)}
    parts = second_block({**other, name: row["subblock_config"]})["subblock_configs"]
    changed = {k: v for k, v in row.items() if k != "subblock_config_class"}
    runtime = row["runtime_ms"]
    return {
        **changed,
        "subblock_config": parts[0 if name == "attention" else 1],
        "runtime_ms@chat": None if runtime is None else 2 * runtime,
    }


def _deci_block(config: Config) -> Config:
    heads, width = config["attention"]["num_key_value_heads"], config["ffn"]["intermediate_size"]
    return {
        "attention": {
            "n_heads_in_group": HEADS // heads if heads else None,
            "no_op": heads is None,
            "replace_with_linear": False,
            "sparsify": None,
            "window_length": None,
            "num_sink_tokens": None,
            "use_prefill_window_in_sink_attention": False,
            "unshifted_sink": False,
        },
        "ffn": {
            "ffn_mult": round(3 * width / (2 * HIDDEN), 6) if width else None,
            "no_op": width is None,
            "replace_with_linear": False,
            "sparsify": None,
        },
    }


def _record(path: str, content: Config) -> Config:
    one = content["puzzle_solution"]["single_sequence_replacement"]
    metrics = {key: content[key]["avg"] for key in (*KINDS, GAIN)}
    return {
        "block_config": one_block(one),
        "parent_layer_indices": one["parent_layer_indices"],
        "metrics": metrics | {f"one_minus_{key}": 1 - value for key, value in metrics.items()},
        "layer_replacement": one,
        "is_teacher": False,
        "block_repr": path,
    }


def _teacher_record(run: Run, layer: int) -> Config:
    """The parent's record: 0 for every similarity, as Puzzletron writes it."""
    keys = (*KINDS, GAIN)
    metrics = {**dict.fromkeys([*keys, *(f"one_minus_{key}" for key in keys)], 0.0)}
    report = run.files[f"{SCORES}/teacher.json"]
    for key in ("lm_loss", "token_accuracy_top_1"):
        metrics[key] = report[key]["avg"]
        metrics[f"one_minus_{key}"] = 1 - metrics[key]
    return {
        "block_config": run.blocks[0],
        "block_idx": layer,
        "parent_layer_indices": [layer],
        "metrics": metrics,
        "is_teacher": True,
    }


def _stats(subblocks: dict[str, Config]) -> Config:
    found: Config = {}
    for key in (
        "runtime_ms",
        "num_params",
        "memory_mib",
        "kv_cache_memory_mib",
        "prefill_runtime_ms",
    ):
        values = [subblock[key] for subblock in subblocks.values()]
        found[key] = None if None in values else sum(values)
        found |= {f"{name}_{key}": subblock[key] for name, subblock in subblocks.items()}
    layer = subblocks["ffn"]["parent_layer_index"]
    heads = subblocks["attention"]["subblock_config"]["num_key_value_heads"]
    # Summed like a cost, as Puzzletron does it.
    return {**found, "parent_layer_index": 2 * layer, "num_kv_heads": heads or 0}
