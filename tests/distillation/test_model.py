"""The decoder, and its serving."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.costs import (
    MIB,
    generate,
    kv_cache_bytes,
    make_subblocks,
    model_bytes,
)
from puzzle_widgets.distillation.model import (
    Block,
    Decoder,
    NoOp,
    count_parameters,
    next_token_loss,
    tensor_bytes,
)
from puzzle_widgets.distillation.presets import (
    LINEAR,
    NO_OP,
    PRESETS,
    ModelShape,
    Workload,
    block_name,
)
from puzzle_widgets.library.model import SubBlock, block_from_name

SHAPE = ModelShape(layers=3, width=32, heads=8, kv_heads=8, ffn=40, context=24)
MIXED = [
    (SubBlock("sized", 2), SubBlock("sized", 20)),
    (NO_OP, LINEAR),
    (LINEAR, SubBlock("sized", 4)),
]


def test_no_op_blocks_are_the_identity() -> None:
    """A block of two no-ops gives its input back, bit by bit."""
    stream = torch.randn(2, 5, 32)
    assert torch.equal(Block(NoOp(), NoOp())(stream), stream)


def test_a_model_of_no_ops_sees_each_token_alone() -> None:
    """Without any block the last token decides alone what comes next."""
    model = Decoder(SHAPE, [(NO_OP, NO_OP)] * 3)
    first = model(torch.tensor([[1, 2, 3]]))
    second = model(torch.tensor([[9, 8, 3]]))
    assert torch.equal(first[:, -1], second[:, -1])


def test_parameters_follow_from_the_shape() -> None:
    """Matrices and norms counted by hand."""
    width, ffn = 32, 40
    block = 4 * width * width + 3 * width * ffn + 2 * width
    assert count_parameters(Decoder(SHAPE)) == 3 * block + 2 * 256 * width + width


def test_memory_formula_equals_the_tensors_bytes() -> None:
    """Weights and filled caches of a mixed model, byte by byte."""
    workload = Workload(batch=3, other_batches=(), prefill=10, decode=6, repeats=1)
    model = Decoder(SHAPE, MIXED)
    caches = model.new_caches(3, 16)
    generate(model, torch.zeros(3, 10, dtype=torch.long), 6, caches)
    stored = [x.untyped_storage() for c in caches if c is not None for x in (c.keys, c.values)]
    stored += [weight.untyped_storage() for weight in model.parameters()]
    formula = sum(kv_cache_bytes(block.attention, 3, 16) for block in model.blocks)
    formula += 4 * count_parameters(model)
    assert sum(storage.nbytes() for storage in stored) == formula == model_bytes(model, workload)
    assert [c.filled for c in caches if c is not None] == [16]


@pytest.mark.parametrize("architecture", [None, MIXED], ids=["parent", "mixed"])
def test_serving_gives_what_a_whole_pass_gives(architecture: Any) -> None:
    """Greedy generation with caches picks the tokens that full passes pick."""
    torch.manual_seed(5)
    model = Decoder(SHAPE, architecture)
    prompts = torch.randint(256, (2, 6))
    served = generate(model, prompts, 5, model.new_caches(2, 11))
    tokens = prompts
    for _ in range(6):
        tokens = torch.cat([tokens, model(tokens)[:, -1:].argmax(dim=-1)], dim=1)
    assert torch.equal(served, tokens[:, 6:])


def test_an_untrained_model_knows_nothing() -> None:
    """Its loss is about that of 256 equal chances."""
    torch.manual_seed(6)
    windows = torch.randint(256, (4, 21))
    loss = next_token_loss(Decoder(SHAPE)(windows[:, :-1]), windows[:, 1:])
    assert float(loss.detach()) == pytest.approx(5.545, abs=0.2)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_presets_have_the_paper_s_space(preset: Any) -> None:
    """6 attention and 9 FFN variants, the parent first; sizes are its shares exactly."""
    shape = preset.shape
    assert [v.size for v in shape.attention_variants] == [8, 4, 2, 1, None, None]
    shares = [v.size / shape.ffn for v in shape.ffn_variants[:7]]
    assert shares == pytest.approx([1, 0.875, 0.75, 0.5, 0.25, 0.2, 0.1], abs=0.005)
    assert len(shape.blocks) == 54
    assert shape.blocks[0] == shape.parent_block
    assert preset.child_share in preset.truths.shares
    assert preset.workload.tokens <= shape.context


def test_names_say_what_a_block_is() -> None:
    """The library's own reader finds both subblocks in a name."""
    for attention, ffn in SHAPE.blocks:
        name = block_name(attention, ffn)
        assert (block_from_name("attention", name), block_from_name("ffn", name)) == (
            attention,
            ffn,
        )


def test_every_subblock_has_its_bytes() -> None:
    """What costs count is what the tensors take."""
    for module in make_subblocks(SHAPE).values():
        assert tensor_bytes(module) == 4 * count_parameters(module)
    assert MIB == 1_048_576


torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.model import (
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
