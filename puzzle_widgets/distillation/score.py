"""Stage ``score``: replaces one block of the parent at a time, and scores the whole model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from puzzle_widgets.distillation.distil import load_subblock
from puzzle_widgets.distillation.files import append_line, read_lines
from puzzle_widgets.distillation.model import Decoder
from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.progress import Progress
from puzzle_widgets.distillation.quality import Reference, compare, make_reference
from puzzle_widgets.distillation.run import Run
from puzzle_widgets.distillation.shape import Subblocks, block_name
from puzzle_widgets.distillation.text import even_windows

SCORES = "scores.jsonl"


def score_blocks(run: Run) -> None:
    """Score every block of every layer; each is kept as soon as it is known."""
    path = run.folder / SCORES
    known = {(record["layer"], record["variant"]) for record in read_lines(path)}
    shape = run.preset.shape
    total = shape.layers * len(shape.blocks)
    if len(known) == total:
        run.say(f"score: all {total:,} blocks scored before")
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
