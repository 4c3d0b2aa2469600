"""Blockwise local distillation."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation import distil
from puzzle_widgets.distillation.distil import (
    distil_blocks,
    load_subblock,
    normalized_error,
    parent_streams,
    subblock_file,
    subblocks,
)
from puzzle_widgets.distillation.files import load_tensors
from puzzle_widgets.distillation.parent import load_parent, train_parent
from puzzle_widgets.distillation.run import open_run
from puzzle_widgets.distillation.training import train_step
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

    monkeypatch.setattr(distil, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        distil_blocks(micro)
    done = [place for place in places if subblock_file(micro, *place).exists()]
    assert done == places[:5]
    times = {place: subblock_file(micro, *place).stat().st_mtime_ns for place in done}
    lines: list[str] = []
    distil_blocks(open_run(micro.preset, micro.folder, lines.append))
    assert lines[0] == "distil: subblock: going on after 5 of 22"
    assert times == {place: subblock_file(micro, *place).stat().st_mtime_ns for place in done}


def test_a_resumed_block_equals_one_trained_in_one_go(built: Any) -> None:
    """A block deleted and trained again has the same weights."""
    place = list(subblocks(built))[6]
    path = subblock_file(built, *place)
    before = load_tensors(path)["weights"]
    path.unlink()
    distil_blocks(built)
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
    with pytest.raises(BuildError, match="Run the stage 'distil' first"):
        load_subblock(micro, load_parent(micro), 0, "ffn", SubBlock("sized", 20))
