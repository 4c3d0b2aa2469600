"""Grouped-query attention with rotary positions and a KV cache."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

ROTARY_BASE = 10_000.0


class KVCache:
    """Keys and values of one layer, with room for ``length`` tokens of each sequence.

    Parameters
    ----------
    batch, kv_heads, length, head_size
        Shape of either tensor, in this order.
    """

    def __init__(self, batch: int, kv_heads: int, length: int, head_size: int) -> None:
        self.keys = torch.zeros(batch, kv_heads, length, head_size)
        self.values = torch.zeros_like(self.keys)
        self.filled = 0

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Keep new tokens; gives keys and values of all tokens so far."""
        start, self.filled = self.filled, self.filled + keys.shape[2]
        self.keys[:, :, start : self.filled] = keys
        self.values[:, :, start : self.filled] = values
        return self.keys[:, :, : self.filled], self.values[:, :, : self.filled]

    @property
    def bytes(self) -> int:
        """Bytes of both tensors."""
        return 2 * self.keys.numel() * self.keys.element_size()


class Attention(nn.Module):
    """Causal self-attention behind an RMSNorm.

    Parameters
    ----------
    width
        Hidden size.
    heads, kv_heads
        Query heads, and KV heads that each serve ``heads / kv_heads`` of them.
    context
        Most tokens of a sequence.
    """

    rotary: Tensor

    def __init__(self, width: int, heads: int, kv_heads: int, context: int) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_size = heads, kv_heads, width // heads
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, kv_heads * self.head_size, bias=False)
        self.value = nn.Linear(width, kv_heads * self.head_size, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.register_buffer("rotary", rotary_table(context, self.head_size), persistent=False)

    def forward(self, stream: Tensor, cache: KVCache | None = None) -> Tensor:
        """Add the attention's output to a stream of shape (batch, tokens, width)."""
        inner = self.norm(stream)
        start = cache.filled if cache is not None else 0
        angles = self.rotary[:, start : start + stream.shape[1]]
        queries = rotate(self._split(self.query(inner), self.heads), angles)
        keys = rotate(self._split(self.key(inner), self.kv_heads), angles)
        values = self._split(self.value(inner), self.kv_heads)
        if cache is not None:
            keys, values = cache.append(keys, values)
        mixed = attend(queries, keys, values)
        return stream + self.out(mixed.transpose(1, 2).reshape(stream.shape))

    def new_cache(self, batch: int, length: int) -> KVCache:
        """Make an empty cache for this attention."""
        return KVCache(batch, self.kv_heads, length, self.head_size)

    def _split(self, projected: Tensor, heads: int) -> Tensor:
        """(batch, tokens, heads x head size) to (batch, heads, tokens, head size)."""
        return projected.unflatten(-1, (heads, self.head_size)).transpose(1, 2)


def attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Causal grouped-query attention of the last tokens over all tokens.

    Parameters
    ----------
    queries
        Shape (batch, heads, new tokens, head size).
    keys, values
        Shape (batch, KV heads, tokens, head size), the new tokens last.
    """
    batch, heads, new, size = queries.shape
    kv_heads, tokens = keys.shape[1], keys.shape[2]
    if new == 1:  # heads of one group are the queries of one KV head: nothing is copied
        grouped = queries.reshape(batch, kv_heads, heads // kv_heads, size)
        return _weigh(grouped, keys, values).reshape(queries.shape)
    if kv_heads < heads:
        keys, values = (x.repeat_interleave(heads // kv_heads, dim=1) for x in (keys, values))
    if torch.is_autocast_enabled("cpu"):  # the fused kernel is slow in bfloat16
        return attend_plainly(queries, keys, values)
    if new == tokens:
        return functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
    seen = torch.ones(new, tokens, dtype=torch.bool).tril(tokens - new)
    return functional.scaled_dot_product_attention(queries, keys, values, attn_mask=seen)


def attend_plainly(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Causal attention by its formula, with as many heads in all three."""
    new, tokens = queries.shape[2], keys.shape[2]
    later = torch.full((new, tokens), -torch.inf, dtype=values.dtype).triu(tokens - new + 1)
    return _weigh(queries.to(values.dtype), keys.to(values.dtype), values, later)


def _weigh(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(QK' / sqrt(head size) + mask) V."""
    scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(-1, -2)
    if mask is not None:
        scores = scores + mask
    return functional.softmax(scores, dim=-1, dtype=scores.dtype).to(values.dtype) @ values


def rotary_table(context: int, head_size: int) -> Tensor:
    """Cosines and sines of the rotary angles, shape (2, context, head size / 2)."""
    speeds = ROTARY_BASE ** (-torch.arange(0, head_size, 2) / head_size)
    angles = torch.outer(torch.arange(context), speeds)
    return torch.stack((angles.cos(), angles.sin()))


def rotate(vectors: Tensor, table: Tensor) -> Tensor:
    """Turn the pairs (i, i + half) of each head by its position's angles (RoPE)."""
    cosine, sine = table
    first, second = vectors.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)
