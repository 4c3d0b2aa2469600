"""Stage ``score``: one block replaced at a time in the parent, and what a model's quality is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from puzzle_widgets.distillation.distill import load_subblock
from puzzle_widgets.distillation.model import Decoder
from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.presets import Subblocks, block_name
from puzzle_widgets.distillation.run import Progress, Run, append_line, read_lines
from puzzle_widgets.distillation.text import even_windows

SCORES = "scores.jsonl"


def score_blocks(run: Run) -> None:
    """Score every block of every layer; each is kept as soon as it is known."""
    path = run.folder / SCORES
    known = {(record["layer"], record["variant"]) for record in read_lines(path)}
    shape = run.preset.shape
    total = shape.layers * len(shape.blocks)
    if len(known) == total:
        run.say(f"score: all {total:,} blocks already scored")
        return
    parent = load_parent(run)
    reference = make_reference(parent, validation_windows(run))
    progress = Progress("score: block", total, run.say, len(known))
    for layer in range(shape.layers):
        for record in _layer_scores(run, parent, reference, layer, known):
            append_line(record, path)
            progress.step(f"layer {layer}")


def validation_windows(run: Run) -> Tensor:
    """Windows that scores are measured on, shape (samples, context + 1)."""
    count = run.preset.score_windows
    return even_windows(run.text.validation, count, run.preset.shape.context + 1)


def read_scores(run: Run) -> dict[tuple[int, str], dict[str, list[float]]]:
    """Scores by layer and variant, each with one value a sample.

    Raises
    ------
    BuildError
        If blocks are not scored yet.
    """
    records = read_lines(run.file(SCORES, "score"))
    return {(record["layer"], record["variant"]): record["scores"] for record in records}


def replace_one_block(
    parent: Decoder, reference: Reference, layer: int, block: tuple[Any, Any]
) -> dict[str, list[float]]:
    """Score the parent with another block, as attention and FFN modules, in one layer."""
    attention, ffn = block
    with torch.no_grad():
        stream = ffn(attention(reference.streams[layer]))
        return compare(parent, parent.finish(stream, layer + 1), reference)


def _layer_scores(
    run: Run, parent: Decoder, reference: Reference, layer: int, known: set[tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    for subblocks in run.preset.shape.blocks:
        name = block_name(*subblocks)
        if (layer, name) not in known:
            modules = load_block(run, parent, layer, subblocks)
            scores = replace_one_block(parent, reference, layer, modules)
            yield {"layer": layer, "variant": name, "scores": scores}


def load_block(run: Run, parent: Decoder, layer: int, subblocks: Subblocks) -> tuple[Any, Any]:
    """Load both trained subblocks of a block."""
    attention, ffn = subblocks
    return (
        load_subblock(run, parent, layer, "attention", attention),
        load_subblock(run, parent, layer, "ffn", ffn),
    )


KL, LM_LOSS = "kl_div", "lm_loss"
TOP_1, COSINE = "token_accuracy_top_1", "cosine_embedding_loss_hidden_states"
METRICS = (KL, LM_LOSS, TOP_1, COSINE)


@dataclass(frozen=True, eq=False)
class Reference:
    """The parent on held-out text: what children are compared with.

    Parameters
    ----------
    streams
        Residual stream before each layer, each (samples, tokens, width).
    targets
        Next tokens, (samples, tokens).
    hidden
        Hidden states after the final norm.
    log_probabilities
        Of each next token, (samples, tokens, vocabulary).
    """

    streams: tuple[Tensor, ...]
    targets: Tensor
    hidden: Tensor
    log_probabilities: Tensor


@torch.no_grad()
def make_reference(parent: Decoder, windows: Tensor) -> Reference:
    """Run the parent on windows of shape (samples, tokens + 1)."""
    stream = parent.embedding(windows[:, :-1])
    streams = [stream]
    for block in parent.blocks:
        stream = block(stream)
        streams.append(stream)
    hidden = parent.norm(stream)
    return Reference(
        tuple(streams[:-1]), windows[:, 1:], hidden, _log_probabilities(parent, hidden)
    )


@torch.no_grad()
def compare(child: Decoder, hidden: Tensor, reference: Reference) -> dict[str, list[float]]:
    """Score hidden states against the parent's.

    Parameters
    ----------
    child
        Gives the output layer.
    hidden
        The child's hidden states after the final norm on the reference's windows.

    Returns
    -------
    dict
        One value a sample for each of ``METRICS``: KL(parent || child), loss and top-1 accuracy
        of the next token, and 1 - cosine of the hidden states, each the mean over tokens.
    """
    logs = _log_probabilities(child, hidden)
    theirs = reference.log_probabilities
    kl = (theirs.exp() * (theirs - logs)).sum(dim=-1)
    loss = -logs.gather(-1, reference.targets[..., None]).squeeze(-1)
    right = (logs.argmax(dim=-1) == reference.targets).float()
    away = 1 - functional.cosine_similarity(hidden, reference.hidden, dim=-1)
    same = (hidden == reference.hidden).all(dim=-1)  # rounding leaves 1 - cosine near 1e-7
    values = (kl, loss, right, away.masked_fill(same, 0.0))
    return {
        metric: [float(sample) for sample in value.mean(dim=1)]
        for metric, value in zip(METRICS, values, strict=True)
    }


def whole_model_quality(child: Decoder, reference: Reference) -> dict[str, list[float]]:
    """Score an assembled child on the reference's windows."""
    with torch.no_grad():
        return compare(child, child.finish(reference.streams[0]), reference)


def _log_probabilities(model: Decoder, hidden: Tensor) -> Tensor:
    return functional.log_softmax(model.head(hidden), dim=-1)
