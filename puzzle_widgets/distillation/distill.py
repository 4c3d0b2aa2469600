"""Stage ``distill``: trains every subblock alone, with the parent around it (decoupled BLD).

An attention variant works before the parent's frozen FFN, an FFN variant behind the parent's
frozen attention, both from the parent's inputs. The loss is the normalized error of the block's
output, ``MSE(parent's, child's) / MSE(parent's, 0)``, as in the Puzzle paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from puzzle_widgets.distillation.model import (
    FFN,
    Attention,
    Block,
    Decoder,
    LinearSubblock,
    NoOp,
    make_attention,
    make_ffn,
)
from puzzle_widgets.distillation.parent import load_parent, make_optimizer, train_step
from puzzle_widgets.distillation.presets import Schedule
from puzzle_widgets.distillation.run import Progress, Run, load_tensors, save_tensors
from puzzle_widgets.distillation.text import random_windows
from puzzle_widgets.library.model import Part, SubBlock

_HELD_OUT_SHARE = 0.0625
_SEED = 7_000_000
_WINDOWS_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class Streams:
    """The parent's residual stream around one layer, each of shape (windows, tokens, width).

    Parameters
    ----------
    inputs, middle, outputs
        Before the attention, between attention and FFN, and behind the FFN.
    """

    inputs: Tensor
    middle: Tensor
    outputs: Tensor


def distill_blocks(run: Run) -> None:
    """Train all subblocks of all layers; those that are saved already are not trained again."""
    missing = [place for place in subblocks(run) if not subblock_file(run, *place).exists()]
    total = sum(1 for _ in subblocks(run))
    if not missing:
        run.say(f"distill: all {total:,} subblocks already trained")
        return
    progress = Progress("distill: subblock", total, run.say, total - len(missing))
    parent = load_parent(run)
    for layer, streams in parent_streams(run, parent):
        for place in (place for place in missing if place[0] == layer):
            words = distill_subblock(run, parent.blocks[layer], streams, place)
            progress.step(words)


def subblocks(run: Run) -> Iterator[tuple[int, Part, SubBlock]]:
    """Every layer's variants that have weights and are not the parent's."""
    shape = run.preset.shape
    for layer in range(shape.layers):
        for part, variants in (
            ("attention", shape.attention_variants),
            ("ffn", shape.ffn_variants),
        ):
            for variant in variants[1:]:
                if variant.kind != "no_op":
                    yield layer, part, variant  # type: ignore[misc]


def subblock_file(run: Run, layer: int, part: Part, variant: SubBlock) -> Path:
    """Where a trained subblock lies."""
    word = variant.kind if variant.size is None else str(variant.size)
    return run.folder / "blocks" / f"layer_{layer:02d}_{part}_{word}.pt"


@torch.no_grad()
def parent_streams(run: Run, parent: Decoder) -> Iterator[tuple[int, Streams]]:
    """The parent's streams on the same training windows, layer by layer."""
    shape, preset = run.preset.shape, run.preset
    windows = random_windows(
        run.text.train, preset.block_windows, shape.context, preset.seed + _SEED
    )
    stream = parent.embedding(windows)
    for layer, block in enumerate(parent.blocks):
        middle = _in_pieces(block.attention, stream)
        outputs = _in_pieces(block.ffn, middle)
        with torch.enable_grad():
            yield layer, Streams(stream, middle, outputs)
        stream = outputs


def distill_subblock(
    run: Run, parent: Block, streams: Streams, place: tuple[int, Part, SubBlock]
) -> str:
    """Train and save one subblock; gives words on its error."""
    layer, part, variant = place
    torch.manual_seed(run.preset.seed)
    child = first_subblock(parent, streams, part, variant)
    forward, inputs = composed(parent, child, part), streams.inputs
    if part == "ffn":
        forward, inputs = child, streams.middle
    held = max(1, round(_HELD_OUT_SHARE * len(inputs)))
    before = held_out_error(forward, inputs[-held:], streams.outputs[-held:])
    _train(child, forward, inputs[:-held], streams.outputs[:-held], run.preset.block)
    after = held_out_error(forward, inputs[-held:], streams.outputs[-held:])
    content: dict[str, Any] = {"weights": child.state_dict(), "before": before, "after": after}
    save_tensors(content, subblock_file(run, layer, part, variant))
    return (
        f"layer {layer} {part} {variant.describe(part)}: error {before:.4f} before, {after:.4f} now"
    )


def first_subblock(parent: Block, streams: Streams, part: Part, variant: SubBlock) -> nn.Module:
    """Make an untrained subblock from the parent's."""
    if part == "attention":
        return first_attention(parent.attention, variant.kind, variant.size)
    contribution = contributions(parent.ffn, streams.middle[:_WINDOWS_AT_ONCE])
    return first_ffn(parent.ffn, variant.kind, variant.size, contribution)


def composed(parent: Block, child: nn.Module, part: Part) -> nn.Module:
    """Put a child into the parent's block."""
    return Block(child, parent.ffn) if part == "attention" else Block(parent.attention, child)


def normalized_error(output: Tensor, target: Tensor) -> Tensor:
    """``MSE(target, output) / MSE(target, 0)``, the loss of the Puzzle paper's BLD."""
    target = target.float()
    return (output.float() - target).square().mean() / target.square().mean()


@torch.no_grad()
def held_out_error(forward: Callable[[Tensor], Tensor], inputs: Tensor, target: Tensor) -> float:
    """Error on windows that are not trained on."""
    return float(normalized_error(forward(inputs), target))


def load_subblock(
    run: Run, parent: Decoder, layer: int, part: Part, variant: SubBlock
) -> nn.Module:
    """Load a trained subblock, the parent's own, or a no-op; without gradients.

    Raises
    ------
    BuildError
        If it is not trained yet.
    """
    block = parent.blocks[layer]
    if variant == run.preset.shape.parent_block[part == "ffn"]:
        return block.get_submodule(part)
    make = make_attention if part == "attention" else make_ffn
    child = make(run.preset.shape, variant)
    if variant.kind != "no_op":
        path = subblock_file(run, layer, part, variant)
        path = run.file(f"{path.parent.name}/{path.name}", "distill")
        child.load_state_dict(load_tensors(path)["weights"])
    return child.requires_grad_(requires_grad=False).eval()


def _train(
    child: nn.Module,
    forward: Callable[[Tensor], Tensor],
    inputs: Tensor,
    target: Tensor,
    schedule: Schedule,
) -> None:
    optimizer = make_optimizer(child, schedule, decay=0.0)

    def loss_of(step: int) -> Tensor:
        start = step * schedule.batch % (len(inputs) - schedule.batch + 1)
        batch = slice(start, start + schedule.batch)
        return normalized_error(forward(inputs[batch]), target[batch])

    for step in range(schedule.steps):
        train_step(optimizer, loss_of, step, schedule)


def _in_pieces(module: nn.Module, stream: Tensor) -> Tensor:
    return torch.cat([module(piece) for piece in stream.split(_WINDOWS_AT_ONCE)])


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
