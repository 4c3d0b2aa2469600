"""A Llama of unlike layers in plain NumPy: what every reader has to compute."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import puzzle_widgets as pw

Array = npt.NDArray[np.float64]
Weights = Mapping[str, npt.NDArray[np.float32]]


def log_probabilities(
    blocks: Sequence[pw.BlockVariant], parent: Mapping[str, Any], weights: Weights, ids: list[int]
) -> Array:
    """Log-probabilities of the next token after each one, tokens x vocabulary."""
    values = {name: value.astype(np.float64) for name, value in weights.items()}
    hidden = values["model.embed_tokens.weight"][ids]
    for place, block in enumerate(blocks):
        prefix = f"model.layers.{place}."
        own = {k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)}
        if block.attention.kind != "no_op":
            hidden = hidden + _attend(_norm(hidden, own["input_layernorm.weight"]), own, parent)
        if block.ffn.kind != "no_op":
            hidden = hidden + _feed(_norm(hidden, own["post_attention_layernorm.weight"]), own)
    logits = _norm(hidden, values["model.norm.weight"]) @ values["lm_head.weight"].T
    peak = logits.max(-1, keepdims=True)
    return np.asarray(logits - peak - np.log(np.exp(logits - peak).sum(-1, keepdims=True)))


def _norm(hidden: Array, weight: Array) -> Array:
    return np.asarray(hidden / np.sqrt((hidden**2).mean(-1, keepdims=True) + 1e-5) * weight)


def _feed(hidden: Array, own: Mapping[str, Array]) -> Array:
    if "mlp.linear.weight" in own:
        return hidden @ own["mlp.linear.weight"].T
    gate = hidden @ own["mlp.gate_proj.weight"].T
    up = hidden @ own["mlp.up_proj.weight"].T
    return np.asarray((gate / (1 + np.exp(-gate)) * up) @ own["mlp.down_proj.weight"].T)


def _attend(hidden: Array, own: Mapping[str, Array], parent: Mapping[str, Any]) -> Array:
    if "self_attn.linear.weight" in own:
        return hidden @ own["self_attn.linear.weight"].T
    head = parent["head_dim"]
    query, key, value = (
        _heads(hidden @ own[f"self_attn.{one}_proj.weight"].T, head) for one in "qkv"
    )
    query, key = _turned(query, parent), _turned(key, parent)
    group = len(query) // len(key)
    key, value = key.repeat(group, axis=0), value.repeat(group, axis=0)
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(head)
    scores = np.where(np.tri(len(hidden), dtype=bool), scores, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = shares / shares.sum(-1, keepdims=True) @ value
    return (
        np.asarray(mixed.transpose(1, 0, 2).reshape(len(hidden), -1))
        @ own["self_attn.o_proj.weight"].T
    )


def _heads(values: Array, head: int) -> Array:
    """Heads x tokens x head size."""
    return np.asarray(values.reshape(len(values), -1, head).transpose(1, 0, 2))


def _turned(heads: Array, parent: Mapping[str, Any]) -> Array:
    """Turn by position: RoPE in subblocks, as Llama has it."""
    angles = np.arange(heads.shape[1])[:, None] * _frequencies(parent)[None, :]
    cos, sin = np.cos(angles), np.sin(angles)
    first, second = np.split(heads, 2, axis=-1)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def _frequencies(parent: Mapping[str, Any]) -> Array:
    scaling = parent.get("rope_parameters") or parent.get("rope_scaling") or {}
    theta = scaling.get("rope_theta") or parent["rope_theta"]
    plain = theta ** (-np.arange(0, parent["head_dim"], 2) / parent["head_dim"])
    if scaling.get("rope_type", "default") == "default":
        return np.asarray(plain)
    return np.array([_llama_3(float(one), scaling) for one in plain])


def _llama_3(frequency: float, scaling: Mapping[str, Any]) -> float:
    """Llama 3's: long waves slower by a factor, short ones as they are, a ramp between."""
    turns = scaling["original_max_position_embeddings"] * frequency / (2 * math.pi)
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    share = min(max((turns - low) / (high - low), 0.0), 1.0)
    return float(frequency * (share + (1 - share) / scaling["factor"]))
