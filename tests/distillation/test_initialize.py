"""First weights of variants against what they should be exactly."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.attention import Attention
from puzzle_widgets.distillation.initialize import (
    contributions,
    keep_channels,
    linear_attention,
    linear_ffn,
    pool_kv_heads,
)
from puzzle_widgets.distillation.model import FFN


@pytest.fixture
def attention() -> Any:
    torch.manual_seed(1)
    return Attention(32, 8, 8, 16)


@pytest.fixture
def ffn() -> Any:
    torch.manual_seed(2)
    return FFN(32, 40)


@pytest.fixture
def stream() -> Any:
    torch.manual_seed(3)
    return torch.randn(3, 9, 32)


@torch.no_grad()
def test_pooling_equal_heads_changes_nothing(attention: Any, stream: Any) -> None:
    """Where the heads of each group are equal, their mean is each of them."""
    for matrix in (attention.key, attention.value):
        heads = matrix.weight.unflatten(0, (8, 4))
        matrix.weight.copy_(heads[::4].repeat_interleave(4, dim=0).flatten(0, 1))
    pooled = pool_kv_heads(attention, 2)
    assert pooled.key.weight.shape == (8, 32)
    torch.testing.assert_close(pooled(stream), attention(stream))


@torch.no_grad()
def test_pooling_takes_the_mean_of_neighbors(attention: Any) -> None:
    """The first of two KV heads is the mean of the parent's first four."""
    pooled = pool_kv_heads(attention, 2)
    torch.testing.assert_close(
        pooled.value.weight[:4],
        sum(attention.value.weight[4 * i : 4 * i + 4] for i in range(4)) / 4,
    )


@torch.no_grad()
def test_keeping_all_channels_changes_nothing(ffn: Any, stream: Any) -> None:
    """Full width is the parent, bit by bit."""
    kept = keep_channels(ffn, 40, contributions(ffn, stream))
    assert torch.equal(kept(stream), ffn(stream))


@torch.no_grad()
def test_the_channels_that_contribute_are_kept(ffn: Any, stream: Any) -> None:
    """Channels that cannot contribute are the first to go, and then nothing changes."""
    ffn.down.weight[:, ::2] = 0
    score = contributions(ffn, stream)
    assert (score[::2] == 0).all()
    assert (score[1::2] > 0).all()
    torch.testing.assert_close(keep_channels(ffn, 20, score)(stream), ffn(stream))


@torch.no_grad()
def test_contribution_follows_its_formula(ffn: Any, stream: Any) -> None:
    """Mean size of the activation times length of the down column, of one channel by hand."""
    inner = ffn.norm(stream)
    gate = inner @ ffn.gate.weight[7]
    activation = gate * torch.sigmoid(gate) * (inner @ ffn.up.weight[7])
    by_hand = activation.abs().mean() * ffn.down.weight[:, 7].square().sum().sqrt()
    torch.testing.assert_close(contributions(ffn, stream)[7], by_hand)


@torch.no_grad()
@pytest.mark.parametrize("kv_heads", [8, 2])
def test_linear_attention_is_attention_to_oneself(kv_heads: Any, stream: Any) -> None:
    """On sequences of one token, attention is exactly the product of its matrices."""
    torch.manual_seed(4)
    attention = Attention(32, 8, kv_heads, 16)
    alone = stream.reshape(27, 1, 32)
    torch.testing.assert_close(linear_attention(attention)(alone), attention(alone))


@torch.no_grad()
def test_linear_ffn_is_the_product_of_up_and_down(ffn: Any, stream: Any) -> None:
    """As if the gate let everything through."""
    by_hand = stream + ffn.down(ffn.up(ffn.norm(stream)))
    torch.testing.assert_close(linear_ffn(ffn)(stream), by_hand)
