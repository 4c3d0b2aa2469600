"""A Llama-shaped decoder whose layers may each have another block.

A subblock maps the residual stream to the residual stream, so a no-op is the identity.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from puzzle_widgets.distillation.attention import Attention, KVCache
from puzzle_widgets.distillation.shape import ModelShape, Subblocks
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
