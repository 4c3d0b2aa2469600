"""A small Llama with random weights, its blocks, and the folders that readers take."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, SubBlock

HIDDEN, HEADS, HEAD, KV_HEADS, WIDTH, WORDS, LAYERS = 256, 8, 32, 4, 1024, 128, 6
IDS = [3, 17, 92, 5, 64, 33, 8, 101, 77, 2, 54, 29]
PLAIN_5 = {"rope_parameters": {"rope_type": "default", "rope_theta": 30_000.0}}
PLAIN_4 = {"rope_theta": 30_000.0, "rope_scaling": None}
_LLAMA_3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LLAMA_3_5 = {"rope_parameters": {**_LLAMA_3, "rope_theta": 30_000.0}}
LLAMA_3_4 = {"rope_theta": 30_000.0, "rope_scaling": _LLAMA_3}
ROPES = {
    "plain, transformers 5": PLAIN_5,
    "plain, transformers 4": PLAIN_4,
    "llama3, transformers 5": LLAMA_3_5,
    "llama3, transformers 4": LLAMA_3_4,
}
NO_OP, LINEAR = SubBlock("no_op"), SubBlock("linear")
PARENT = (SubBlock("sized", KV_HEADS), SubBlock("sized", WIDTH))
SMALLER = (
    (SubBlock("sized", 2), SubBlock("sized", 512)),
    (NO_OP, SubBlock("sized", 768)),
    (SubBlock("sized", KV_HEADS), NO_OP),
    (NO_OP, NO_OP),
    (SubBlock("sized", 1), SubBlock("sized", 256)),
)
LINEARS = ((LINEAR, SubBlock("sized", 512)), (SubBlock("sized", 2), LINEAR))


def parent(rope: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parent's configuration with this RoPE."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": HIDDEN,
        "intermediate_size": WIDTH,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "num_hidden_layers": LAYERS,
        "head_dim": HEAD,
        "hidden_act": "silu",
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": False,
        "vocab_size": WORDS,
        "dtype": "float32",
        "bos_token_id": 0,
        "eos_token_id": 1,
        **rope,
    }


def library(others: Sequence[tuple[SubBlock, SubBlock]]) -> pw.BlockLibrary:
    """Make a library of these blocks beside the parent's; costs by subblocks, scores by place."""
    rows = [
        tuple(_variant(place, subblocks) for subblocks in (PARENT, *others))
        for place in range(LAYERS)
    ]
    layers = tuple(pw.Layer(place, row, row[0].name) for place, row in enumerate(rows))
    non_block_costs = FrozenMapping({"stats.memory_mib": 7.0, "stats.runtime_ms": 2.0})
    return pw.BlockLibrary(
        "random Llama", layers, pw.Measurement(4, 40), non_block_costs=non_block_costs
    )


def chosen(library: pw.BlockLibrary, choice: Sequence[int]) -> pw.Solution:
    """Choose variants by their numbers."""
    fixed = {
        layer.name: layer.variants[number].name
        for layer, number in zip(library.layers, choice, strict=True)
    }
    return pw.search(pw.SearchProblem(library, minimize="metrics.kl_div", fixed=fixed))


def model_weights(blocks: Sequence[pw.BlockVariant]) -> dict[str, npt.NDArray[np.float32]]:
    """Draw the weights of a model, the same for the same block in the same layer."""
    weights = outer_weights()
    for place, block in enumerate(blocks):
        weights |= attention_weights(place, block.attention) | ffn_weights(place, block.ffn)
    return weights


def outer_weights() -> dict[str, npt.NDArray[np.float32]]:
    """Draw the weights outside the blocks."""
    shapes = {"model.embed_tokens.weight": (WORDS, HIDDEN), "lm_head.weight": (WORDS, HIDDEN)}
    return _drawn("", shapes) | {"model.norm.weight": np.ones(HIDDEN, np.float32)}


def attention_weights(place: int, subblock: SubBlock) -> dict[str, npt.NDArray[np.float32]]:
    """Draw an attention's weights with its norm's; none for a no-op."""
    if subblock.kind == "linear":
        return _layer(place, "input_layernorm", {"self_attn.linear": (HIDDEN, HIDDEN)})
    if subblock.size is None:
        return {}
    few = subblock.size * HEAD
    shapes = {"q": (HIDDEN, HIDDEN), "k": (few, HIDDEN), "v": (few, HIDDEN), "o": (HIDDEN, HIDDEN)}
    named = {f"self_attn.{one}_proj": shape for one, shape in shapes.items()}
    return _layer(place, "input_layernorm", named)


def ffn_weights(place: int, subblock: SubBlock) -> dict[str, npt.NDArray[np.float32]]:
    """Draw an FFN's weights with its norm's; none for a no-op."""
    if subblock.kind == "linear":
        return _layer(place, "post_attention_layernorm", {"mlp.linear": (HIDDEN, HIDDEN)})
    if subblock.size is None:
        return {}
    wide, thin = (subblock.size, HIDDEN), (HIDDEN, subblock.size)
    shapes = {"mlp.gate_proj": wide, "mlp.up_proj": wide, "mlp.down_proj": thin}
    return _layer(place, "post_attention_layernorm", shapes)


def write_model(folder: Path, config: str, weights: Mapping[str, npt.NDArray[np.float32]]) -> Path:
    """Write a model's folder."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(config, encoding="utf-8")
    write_safetensors(folder / "model.safetensors", weights)
    return folder


def write_block_weights(library: pw.BlockLibrary) -> None:
    """Write every block's weights where the library says, and those outside the blocks.

    Each checkpoint has a configuration beside its weights, as Puzzletron's own have.
    """
    for place, layer in enumerate(library.layers):
        for variant in layer.variants:
            subblocks = (
                attention_weights(place, variant.attention),
                ffn_weights(place, variant.ffn),
            )
            kept = [subblock for subblock in subblocks if subblock]
            for path, subblock in zip(variant.weight_paths, kept, strict=True):
                write_safetensors(Path(path), subblock)
                config = Path(path).parents[1] / "config.json"
                if not config.exists():
                    config.write_text(library.parent_config, encoding="utf-8")
    outer = outer_weights()
    folder = Path(library.layers[0].parent_variant.weight_paths[0]).parent
    embeddings = {k: v for k, v in outer.items() if "embed" in k}
    write_safetensors(folder / "embeddings.safetensors", embeddings)
    rest = {k: v for k, v in outer.items() if "embed" not in k}
    write_safetensors(folder / "lm_head.safetensors", rest)


def write_safetensors(path: Path, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Write tensors: length of the header, the header as JSON, then all values in a row."""
    header, start = {"__metadata__": {"format": "pt"}}, 0
    entries: dict[str, Any] = dict(header)
    for name, value in weights.items():
        ends = [start, start + value.nbytes]
        entries[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": ends}
        start = ends[1]
    text = json.dumps(entries).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    body = b"".join(np.ascontiguousarray(value).tobytes() for value in weights.values())
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


def _variant(place: int, subblocks: tuple[SubBlock, SubBlock]) -> pw.BlockVariant:
    attention, ffn = subblocks
    heads, width = float(attention.size or 0), float(ffn.size or 0)
    costs = {
        "attention_memory_mib": heads / 2,
        "ffn_memory_mib": width / 256,
        "attention_runtime_ms": heads / 4,
        "ffn_runtime_ms": width / 512,
    }
    for key in ("memory_mib", "runtime_ms"):
        costs[key] = costs[f"attention_{key}"] + costs[f"ffn_{key}"]
    lost = (KV_HEADS - heads) / KV_HEADS + 2 * (WIDTH - width) / WIDTH
    values = {f"stats.{key}": value for key, value in costs.items()}
    values["metrics.kl_div"] = round(lost * (1 + 0.37 * ((place * 5) % 7)), 6)
    name = f"{attention.describe('attention')}, {ffn.describe('ffn')}"
    return pw.BlockVariant(name, *subblocks, FrozenMapping(values))


def _layer(
    place: int, norm: str, shapes: Mapping[str, tuple[int, int]]
) -> dict[str, npt.NDArray[np.float32]]:
    prefix = f"model.layers.{place}."
    named = {f"{prefix}{name}.weight": shape for name, shape in shapes.items()}
    drawn = _drawn(prefix, named)
    rng = np.random.default_rng(len(norm) + place)
    scale = 1 + 0.1 * rng.standard_normal(HIDDEN)
    return drawn | {f"{prefix}{norm}.weight": scale.astype(np.float32)}


def _drawn(seed: str, shapes: Mapping[str, tuple[int, int]]) -> dict[str, npt.NDArray[np.float32]]:
    return {
        name: (
            0.08 * np.random.default_rng([*f"{seed}{name}{shape}".encode()]).standard_normal(shape)
        ).astype(np.float32)
        for name, shape in shapes.items()
    }
