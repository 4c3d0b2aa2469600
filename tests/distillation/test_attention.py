"""Attention against its formula."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.attention import (
    Attention,
    KVCache,
    attend,
    attend_plainly,
    rotary_table,
    rotate,
)


def by_hand(queries: Any, keys: Any, values: Any) -> Any:
    """One head and one token after the other: softmax of scaled products over what came before."""
    out = torch.zeros_like(queries)
    group = queries.shape[1] // keys.shape[1]
    for head in range(queries.shape[1]):
        for place in range(queries.shape[2]):
            k, v = keys[:, head // group, : place + 1], values[:, head // group, : place + 1]
            scores = (k @ queries[:, head, place, :, None]).squeeze(-1)
            weights = torch.softmax(scores / queries.shape[-1] ** 0.5, dim=-1)
            out[:, head, place] = (weights[..., None] * v).sum(dim=1)
    return out


def draw(kv_heads: Any, tokens: Any = 7, heads: Any = 8, size: Any = 4) -> Any:
    torch.manual_seed(3)
    return (
        torch.randn(2, heads, tokens, size),
        torch.randn(2, kv_heads, tokens, size),
        torch.randn(2, kv_heads, tokens, size),
    )


@pytest.mark.parametrize("kv_heads", [8, 4, 2, 1])
@pytest.mark.parametrize("form", [attend, attend_plainly])
def test_attention_follows_its_formula(kv_heads: Any, form: Any) -> None:
    """Any number of KV heads gives the sum written out; 8 of 8 is full attention."""
    queries, keys, values = draw(kv_heads)
    if form is attend_plainly:
        keys, values = (x.repeat_interleave(8 // kv_heads, dim=1) for x in (keys, values))
    torch.testing.assert_close(form(queries, keys, values), by_hand(queries, keys, values))


@pytest.mark.parametrize("kv_heads", [8, 2, 1])
def test_grouped_queries_equal_full_attention_with_equal_heads(kv_heads: Any) -> None:
    """Heads that share keys and values are full attention with these copied."""
    queries, keys, values = draw(kv_heads)
    copied = (x.repeat_interleave(8 // kv_heads, dim=1) for x in (keys, values))
    torch.testing.assert_close(attend(queries, keys, values), attend(queries, *copied))


def test_later_tokens_change_nothing_before_them() -> None:
    """The mask is causal."""
    torch.manual_seed(0)
    attention = Attention(32, 8, 4, 16)
    stream = torch.randn(1, 10, 32)
    other = stream.clone()
    other[:, 6:] += 1
    before, after = attention(stream), attention(other)
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_rotary_scores_depend_on_the_distance_only() -> None:
    """The product of two turned vectors is the same at places 2 and 5 as at 9 and 12."""
    table = rotary_table(16, 8)
    torch.manual_seed(1)
    query, key = torch.randn(8), torch.randn(8)

    def product(first: int, second: int) -> float:
        turned = rotate(query[None], table[:, first : first + 1])
        return float((turned * rotate(key[None], table[:, second : second + 1])).sum())

    assert product(2, 5) == pytest.approx(product(9, 12), abs=1e-5)
    assert product(2, 5) != pytest.approx(product(2, 6), abs=1e-3)


def test_rotary_turns_keep_lengths_and_leave_place_0() -> None:
    """A turn changes no length, and by angle 0 nothing."""
    vectors = torch.randn(5, 8)
    turned = rotate(vectors, rotary_table(5, 8))
    torch.testing.assert_close(turned.norm(dim=-1), vectors.norm(dim=-1))
    torch.testing.assert_close(turned[0], vectors[0])


@pytest.mark.parametrize("kv_heads", [8, 2])
def test_token_by_token_equals_all_at_once(kv_heads: Any) -> None:
    """With the KV cache, a prompt and then single tokens give what one pass gives."""
    torch.manual_seed(2)
    attention = Attention(32, 8, kv_heads, 16)
    stream = torch.randn(3, 9, 32)
    cache = attention.new_cache(3, 12)
    pieces = [attention(piece, cache) for piece in stream.split([4, 2, 1, 1, 1], dim=1)]
    torch.testing.assert_close(torch.cat(pieces, dim=1), attention(stream))
    assert cache.filled == 9


def test_cache_bytes() -> None:
    """Two tensors of four bytes an entry."""
    cache = KVCache(3, 2, 12, 4)
    assert cache.bytes == sum(x.untyped_storage().nbytes() for x in (cache.keys, cache.values))
    assert cache.bytes == 2 * 3 * 2 * 12 * 4 * 4


def test_mixed_precision_is_near() -> None:
    """The training's bfloat16 form computes the same attention, to its precision."""
    torch.manual_seed(4)
    attention = Attention(32, 8, 2, 16)
    stream = torch.randn(2, 9, 32)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = attention(stream)
    torch.testing.assert_close(mixed.float(), attention(stream), atol=0.05, rtol=0.05)
