"""A Llama-shaped decoder whose layers may each have another block.

A subblock maps the residual stream to the residual stream, so a no-op is the identity.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from puzzle_widgets.distillation.presets import ModelShape, Subblocks
from puzzle_widgets.library.model import SubBlock

INITIAL_DEVIATION = 0.02


class FFN(nn.Module):
    """Gated FFN (SwiGLU) behind an RMSNorm.

    Parameters
    ----------
    width, size
        Hidden and intermediate size.
    """

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.gate = nn.Linear(width, size, bias=False)
        self.up = nn.Linear(width, size, bias=False)
        self.down = nn.Linear(size, width, bias=False)

    def activation(self, stream: Tensor) -> Tensor:
        """What enters the down projection, shape (..., size)."""
        inner = self.norm(stream)
        return functional.silu(self.gate(inner)) * self.up(inner)

    def forward(self, stream: Tensor, _cache: KVCache | None = None) -> Tensor:
        """Add the FFN's output to the stream."""
        return stream + self.down(self.activation(stream))


class LinearSubblock(nn.Module):
    """One matrix behind an RMSNorm, in place of an attention or an FFN."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.matrix = nn.Linear(width, width, bias=False)

    def forward(self, stream: Tensor, _cache: KVCache | None = None) -> Tensor:
        """Add the matrix' output to the stream."""
        return stream + self.matrix(self.norm(stream))


class NoOp(nn.Module):
    """Nothing: the stream goes through."""

    def forward(self, stream: Tensor, _cache: KVCache | None = None) -> Tensor:
        """Give the stream back."""
        return stream


def make_attention(shape: ModelShape, variant: SubBlock) -> nn.Module:
    """Make an attention variant with weights of its own."""
    if variant.size is None:
        return LinearSubblock(shape.width) if variant.kind == "linear" else NoOp()
    return Attention(shape.width, shape.heads, variant.size, shape.context)


def make_ffn(shape: ModelShape, variant: SubBlock) -> nn.Module:
    """Make an FFN variant with weights of its own."""
    if variant.size is None:
        return LinearSubblock(shape.width) if variant.kind == "linear" else NoOp()
    return FFN(shape.width, variant.size)


class Block(nn.Module):
    """One layer: an attention subblock, then an FFN subblock."""

    def __init__(self, attention: nn.Module, ffn: nn.Module) -> None:
        super().__init__()
        self.attention = attention
        self.ffn = ffn

    def forward(self, stream: Tensor, cache: KVCache | None = None) -> Tensor:
        """Run both subblocks on a stream of shape (batch, tokens, width)."""
        return self.ffn(self.attention(stream, cache))


class Decoder(nn.Module):
    """Embedding, blocks, final norm and output layer.

    Parameters
    ----------
    shape
        Sizes of the parent.
    architecture
        Subblocks of each layer; by default the parent's.
    """

    def __init__(self, shape: ModelShape, architecture: Sequence[Subblocks] | None = None) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        if architecture is None:
            architecture = [shape.parent_block] * shape.layers
        self.blocks = nn.ModuleList(
            Block(make_attention(shape, attention), make_ffn(shape, ffn))
            for attention, ffn in architecture
        )
        self.norm = nn.RMSNorm(shape.width, eps=1e-5)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        self.apply(_initialize)

    def finish(
        self, stream: Tensor, first: int = 0, caches: Sequence[KVCache | None] | None = None
    ) -> Tensor:
        """Run the blocks from ``first`` on and the final norm: the hidden states."""
        for place in range(first, len(self.blocks)):
            stream = self.blocks[place](stream, caches[place] if caches else None)
        return self.norm(stream)

    def hidden(self, tokens: Tensor) -> Tensor:
        """Hidden states after the final norm, shape (batch, tokens, width)."""
        return self.finish(self.embedding(tokens))

    def forward(self, tokens: Tensor, caches: Sequence[KVCache | None] | None = None) -> Tensor:
        """Logits of the next token, shape (batch, tokens, vocabulary)."""
        return self.head(self.finish(self.embedding(tokens), caches=caches))

    def new_caches(self, batch: int, length: int) -> list[KVCache | None]:
        """Empty KV caches, one for each layer that has an attention."""
        return [
            block.attention.new_cache(batch, length)
            if isinstance(block.attention, Attention)
            else None
            for block in self.blocks
        ]


def next_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats a token; for bytes, nats a byte."""
    return functional.cross_entropy(logits.flatten(0, -2), targets.flatten())


def tensor_bytes(module: nn.Module) -> int:
    """Bytes of a module's weights."""
    return sum(weights.numel() * weights.element_size() for weights in module.parameters())


def count_parameters(module: nn.Module) -> int:
    """Weights of a module."""
    return sum(weights.numel() for weights in module.parameters())


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        torch.nn.init.normal_(module.weight, std=INITIAL_DEVIATION)


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
