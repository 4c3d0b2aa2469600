"""The decoder, and its serving."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.costs import MIB, kv_cache_bytes, make_subblocks
from puzzle_widgets.distillation.model import (
    Block,
    Decoder,
    NoOp,
    count_parameters,
    next_token_loss,
    tensor_bytes,
)
from puzzle_widgets.distillation.presets import PRESETS, Workload
from puzzle_widgets.distillation.serve import generate, model_bytes
from puzzle_widgets.distillation.shape import LINEAR, NO_OP, ModelShape, block_name
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
