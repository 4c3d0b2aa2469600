"""Serving a model: one prefill of a batch of prompts, then one step for each generated token."""

from __future__ import annotations

import torch
from torch import Tensor

from puzzle_widgets.distillation.attention import KVCache
from puzzle_widgets.distillation.model import Decoder, tensor_bytes
from puzzle_widgets.distillation.presets import Workload

Caches = list[KVCache | None]


def prefill(model: Decoder, prompts: Tensor, caches: Caches) -> Tensor:
    """Read prompts of shape (batch, tokens); gives the first generated tokens, (batch, 1)."""
    for cache in caches:
        if cache is not None:
            cache.filled = 0
    hidden = model.finish(model.embedding(prompts), caches=caches)
    return model.head(hidden[:, -1:]).argmax(dim=-1)


def decode_step(model: Decoder, tokens: Tensor, caches: Caches) -> Tensor:
    """Read the last tokens, (batch, 1); gives the next ones."""
    return model(tokens, caches).argmax(dim=-1)


def generate(model: Decoder, prompts: Tensor, steps: int, caches: Caches) -> Tensor:
    """Greedy generation: the tokens after the prompts, shape (batch, steps + 1)."""
    with torch.inference_mode():
        tokens = [prefill(model, prompts, caches)]
        for _ in range(steps):
            tokens.append(decode_step(model, tokens[-1], caches))
    return torch.cat(tokens, dim=1)


def model_bytes(model: Decoder, workload: Workload) -> int:
    """Bytes of all weights and of the KV caches that a workload fills."""
    caches = model.new_caches(workload.batch, workload.tokens)
    return tensor_bytes(model) + sum(cache.bytes for cache in caches if cache is not None)
