"""Assembles a chosen architecture, and distills it as a whole (stage ``child``).

Global knowledge distillation as in the Puzzle paper (ICML 2025): KL divergence of the logits
plus 1 - cosine of the hidden states, on training text.
"""

from __future__ import annotations

import re
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from puzzle_widgets.distillation.architectures import SCORE, Candidate, candidates
from puzzle_widgets.distillation.model import Decoder
from puzzle_widgets.distillation.parent import load_parent, train
from puzzle_widgets.distillation.presets import Subblocks, block_name
from puzzle_widgets.distillation.run import Run, load_tensors
from puzzle_widgets.distillation.score import load_block
from puzzle_widgets.distillation.text import random_windows
from puzzle_widgets.distillation.write_library import read_library
from puzzle_widgets.errors import BuildError
from puzzle_widgets.library import LayerName
from puzzle_widgets.problem import Architecture

_SEED = 9_000_000
DISTILLED_FAMILIES = ("mip", "greedy", "random")


def distill_children(run: Run) -> None:
    """Distill a searched, a greedy and a random child of the same runtime budget."""
    for candidate in chosen_children(run):
        path = child_file(run, candidate.name)
        total = read_library(run).totals(candidate.architecture)
        run.say(f"child: {candidate.name}, predicted KL divergence {total[SCORE]:.4f}")
        distill_child(run, candidate.architecture, path)


def chosen_children(run: Run) -> list[Candidate]:
    """The candidates that are distilled: the first of each family at the preset's share."""
    preset = run.preset
    found = candidates(read_library(run), preset.truths, preset.seed)
    at_share = [one for one in found if one.share == preset.child_share]
    return [
        next(one for one in at_share if one.family == family)
        for family in DISTILLED_FAMILIES
        if any(one.family == family for one in at_share)
    ]


def child_file(run: Run, name: str) -> Path:
    """Where a child's training lies."""
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return run.folder / "children" / f"child_{word}.pt"


def assemble(run: Run, parent: Decoder, architecture: Architecture) -> Decoder:
    """Build the child of an architecture from the trained blocks, with weights of its own.

    Raises
    ------
    BuildError
        If a variant is not in the search space, or a block is not trained yet.
    """
    subblocks = subblocks_of(run, architecture)
    child = Decoder(run.preset.shape, subblocks)
    for layer, block in enumerate(child.blocks):
        attention, ffn = load_block(run, parent, layer, subblocks[layer])
        block.attention.load_state_dict(attention.state_dict())
        block.ffn.load_state_dict(ffn.state_dict())
    for outside in ("embedding", "norm", "head"):
        weights = parent.get_submodule(outside).state_dict()
        child.get_submodule(outside).load_state_dict(weights)
    return child.requires_grad_(requires_grad=False).eval()


def subblocks_of(run: Run, architecture: Architecture) -> list[Subblocks]:
    """Subblocks of each layer from the names in a library."""
    known = {block_name(*subblocks): subblocks for subblocks in run.preset.shape.blocks}
    layers: list[LayerName] = list(range(run.preset.shape.layers))
    if set(architecture) != set(layers) or not set(architecture.values()) <= set(known):
        raise BuildError(
            f"Not an architecture of this build: give each of the layers 0 to {layers[-1]} one of "
            f"the library's variants, such as {next(iter(known))!r}."
        )
    return [known[architecture[layer]] for layer in layers]


def distill_child(run: Run, architecture: Architecture, checkpoint: Path) -> Decoder:
    """Distill a child globally, or go on with it; gives the finished child."""
    parent, preset = load_parent(run), run.preset
    child = assemble(run, parent, architecture).requires_grad_().train()

    def loss_of(step: int) -> Tensor:
        windows = random_windows(
            run.text.train, preset.child.batch, preset.shape.context, preset.seed + _SEED + step
        )
        return global_loss(parent, child, windows)

    train(child, loss_of, preset.child, checkpoint, run.say)
    return child.requires_grad_(requires_grad=False).eval()


def load_child(run: Run, candidate: Candidate) -> Decoder:
    """Load a distilled child.

    Raises
    ------
    BuildError
        If it is not distilled yet.
    """
    path = child_file(run, candidate.name)
    path = run.file(f"{path.parent.name}/{path.name}", "child")
    child = Decoder(run.preset.shape, subblocks_of(run, candidate.architecture))
    child.load_state_dict(load_tensors(path)["model"])
    return child.requires_grad_(requires_grad=False).eval()


def global_loss(parent: Decoder, child: Decoder, windows: Tensor) -> Tensor:
    """KL(parent || child) a token, plus the mean of 1 - cosine of the hidden states."""
    with torch.no_grad():
        target = parent.hidden(windows)
        logits = parent.head(target)
    hidden = child.hidden(windows)
    theirs = functional.log_softmax(logits.float(), dim=-1)
    mine = functional.log_softmax(child.head(hidden).float(), dim=-1)
    divergence = (theirs.exp() * (theirs - mine)).sum(dim=-1).mean()
    away = 1 - functional.cosine_similarity(hidden.float(), target.float(), dim=-1).mean()
    return divergence + away
