"""Blockwise local distillation."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation import distill
from puzzle_widgets.distillation.distill import (
    distill_blocks,
    load_subblock,
    normalized_error,
    parent_streams,
    subblock_file,
    subblocks,
)
from puzzle_widgets.distillation.parent import load_parent, train_parent, train_step
from puzzle_widgets.distillation.run import load_tensors, open_run
from puzzle_widgets.errors import BuildError
from puzzle_widgets.library.model import SubBlock


def test_every_variant_with_weights_is_trained(built: Any) -> None:
    """4 attention and 7 FFN variants per layer; the parent's own and no-ops need no training."""
    places = list(subblocks(built))
    assert len(places) == 2 * (4 + 7)
    assert len(list((built.folder / "blocks").iterdir())) == len(places)


def test_distillation_lowers_the_error(built: Any) -> None:
    """The held-out error falls for nearly all subblocks, and on average."""
    states = [load_tensors(subblock_file(built, *place)) for place in subblocks(built)]
    better = [state["after"] < state["before"] for state in states]
    assert sum(better) > 0.7 * len(better)
    assert sum(s["after"] for s in states) < sum(s["before"] for s in states)


def test_normalized_error() -> None:
    """0 for the target itself, 1 for nothing at all, 4 for minus the target."""
    target = torch.randn(2, 3)
    assert [
        float(normalized_error(factor * target, target)) for factor in (1, 0, -1)
    ] == pytest.approx([0, 1, 4])


@torch.no_grad()
def test_streams_are_the_parent_s(built: Any) -> None:
    """Layer by layer they are what the blocks compute, and the last leads to the logits."""
    parent = load_parent(built)
    last = None
    for layer, streams in parent_streams(built, parent):
        assert last is None or torch.equal(streams.inputs, last)
        torch.testing.assert_close(parent.blocks[layer](streams.inputs), streams.outputs)
        last = streams.outputs


def test_an_interruption_loses_the_block_at_hand_only(micro: Any, monkeypatch: Any) -> None:
    """What was saved stays as it is, the rest is trained, and all equals one go."""
    train_parent(micro)
    places = list(subblocks(micro))
    whole = train_step
    steps = micro.preset.block.steps
    calls = iter(range(10_000))

    def interrupted(*arguments: Any) -> Any:
        if next(calls) == 5 * steps + 1:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(distill, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        distill_blocks(micro)
    done = [place for place in places if subblock_file(micro, *place).exists()]
    assert done == places[:5]
    times = {place: subblock_file(micro, *place).stat().st_mtime_ns for place in done}
    lines: list[str] = []
    distill_blocks(open_run(micro.preset, micro.folder, lines.append))
    assert lines[0] == "distill: subblock: resuming after 5 of 22"
    assert times == {place: subblock_file(micro, *place).stat().st_mtime_ns for place in done}


def test_a_resumed_block_equals_one_trained_in_one_go(built: Any) -> None:
    """A block deleted and trained again has the same weights."""
    place = list(subblocks(built))[6]
    path = subblock_file(built, *place)
    before = load_tensors(path)["weights"]
    path.unlink()
    distill_blocks(built)
    after = load_tensors(path)["weights"]
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_the_parent_s_own_subblock_is_used_as_it_is(built: Any) -> None:
    """No copy, so that nothing can differ."""
    parent = load_parent(built)
    own = load_subblock(built, parent, 1, "ffn", SubBlock("sized", 40))
    assert own is parent.blocks[1].ffn


def test_a_subblock_that_is_not_trained(micro: Any) -> None:
    """The message names the stage to run."""
    train_parent(micro)
    with pytest.raises(BuildError, match="Run the stage 'distill' first"):
        load_subblock(micro, load_parent(micro), 0, "ffn", SubBlock("sized", 20))


torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.distill import (
    contributions,
    keep_channels,
    linear_attention,
    linear_ffn,
    pool_kv_heads,
)
from puzzle_widgets.distillation.model import FFN, Attention


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
