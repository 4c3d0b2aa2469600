"""First weights of a variant, made from the parent's as in the Puzzle paper (ICML 2025).

KV heads are mean-pooled (Ainslie et al., 2023). FFN channels are kept by their contribution
``mean |activation| x norm of the down column``. A linear attention is the product of value and
output matrices, as if each token attended to itself; a linear FFN that of up and down.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from puzzle_widgets.distillation.attention import Attention
from puzzle_widgets.distillation.model import FFN, LinearSubblock, NoOp


@torch.no_grad()
def pool_kv_heads(parent: Attention, kv_heads: int) -> Attention:
    """Make an attention whose KV heads are means of neighboring ones of the parent."""
    width = parent.query.in_features
    child = Attention(width, parent.heads, kv_heads, parent.rotary.shape[1])
    _copy(parent.norm, child.norm)
    _copy(parent.query, child.query)
    _copy(parent.out, child.out)
    for mine, theirs in ((child.key, parent.key), (child.value, parent.value)):
        heads = theirs.weight.unflatten(0, (kv_heads, -1, parent.head_size))
        mine.weight.copy_(heads.mean(dim=1).flatten(0, 1))
    return child


@torch.no_grad()
def contributions(parent: FFN, stream: Tensor) -> Tensor:
    """Contribution of each channel on a stream of shape (..., width): shape (size,)."""
    activation = parent.activation(stream).abs().flatten(0, -2).mean(dim=0)
    return activation * parent.down.weight.norm(dim=0)


@torch.no_grad()
def keep_channels(parent: FFN, size: int, contribution: Tensor) -> FFN:
    """Make an FFN of the channels that contribute most, in their order in the parent."""
    kept = contribution.topk(size).indices.sort().values
    child = FFN(parent.gate.in_features, size)
    _copy(parent.norm, child.norm)
    child.gate.weight.copy_(parent.gate.weight[kept])
    child.up.weight.copy_(parent.up.weight[kept])
    child.down.weight.copy_(parent.down.weight[:, kept])
    return child


@torch.no_grad()
def linear_attention(parent: Attention) -> LinearSubblock:
    """Make the matrix that an attention is where each token attends to itself only."""
    child = LinearSubblock(parent.query.in_features)
    _copy(parent.norm, child.norm)
    values = parent.value.weight.unflatten(0, (parent.kv_heads, parent.head_size))
    for_each_head = values.repeat_interleave(parent.heads // parent.kv_heads, dim=0).flatten(0, 1)
    child.matrix.weight.copy_(parent.out.weight @ for_each_head)
    return child


@torch.no_grad()
def linear_ffn(parent: FFN) -> LinearSubblock:
    """Make the product of up and down matrices: the FFN without its gate."""
    child = LinearSubblock(parent.gate.in_features)
    _copy(parent.norm, child.norm)
    child.matrix.weight.copy_(parent.down.weight @ parent.up.weight)
    return child


def first_attention(parent: Attention, variant: str, size: int | None) -> nn.Module:
    """Make the untrained attention of a variant's kind and size."""
    if size is not None:
        return pool_kv_heads(parent, size)
    return linear_attention(parent) if variant == "linear" else NoOp()


def first_ffn(parent: FFN, variant: str, size: int | None, contribution: Tensor) -> nn.Module:
    """Make the untrained FFN of a variant's kind and size."""
    if size is not None:
        return keep_channels(parent, size, contribution)
    return linear_ffn(parent) if variant == "linear" else NoOp()


def _copy(source: nn.Module, target: nn.Module) -> None:
    target.load_state_dict(source.state_dict())
