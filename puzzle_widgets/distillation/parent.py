"""Stage ``parent``: trains the model that is compressed."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor

from puzzle_widgets.distillation.files import load_json, load_tensors, save_json
from puzzle_widgets.distillation.model import Decoder, count_parameters, next_token_loss
from puzzle_widgets.distillation.run import Run, machine, new_decoder
from puzzle_widgets.distillation.text import bigram_loss, even_windows, random_windows
from puzzle_widgets.distillation.training import train

REPORT = "parent.json"
_HELD_OUT_WINDOWS = 64


def train_parent(run: Run) -> None:
    """Train the parent, and report its loss beside a bigram model's."""
    if (run.folder / REPORT).exists():
        run.say(f"parent: trained before, {_words(load_json(run.folder / REPORT))}")
        return
    begin, steps = time.time(), run.preset.parent
    model = new_decoder(run)

    def loss_of(step: int) -> Tensor:
        windows = random_windows(
            run.text.train, steps.batch, run.preset.shape.context + 1, run.preset.seed + step
        )
        return next_token_loss(model(windows[:, :-1]), windows[:, 1:])

    train(model, loss_of, steps, run.parent_file, run.say)
    report = _report(run, model, begin)
    save_json(report, run.folder / REPORT)
    run.say(f"parent: {_words(report)}")


def load_parent(run: Run) -> Decoder:
    """Load the trained parent for use: no gradients.

    Raises
    ------
    BuildError
        If it is not trained yet.
    """
    run.file(REPORT, "parent")
    model = Decoder(run.preset.shape)
    model.load_state_dict(load_tensors(run.parent_file)["model"])
    return model.requires_grad_(requires_grad=False).eval()


@torch.no_grad()
def held_out_loss(model: Decoder, split: Tensor) -> float:
    """Loss on windows evenly spread over a split, nats a byte."""
    windows = even_windows(split, _HELD_OUT_WINDOWS, model.shape.context + 1)
    return float(next_token_loss(model(windows[:, :-1]), windows[:, 1:]))


def _report(run: Run, model: Decoder, begin: float) -> dict[str, Any]:
    shape, steps = run.preset.shape, run.preset.parent
    return {
        "parameters": count_parameters(model),
        "steps": steps.steps,
        "tokens": steps.steps * steps.batch * shape.context,
        "seconds_since_last_start": round(time.time() - begin),
        "validation_loss": held_out_loss(model, run.text.validation),
        "test_loss": held_out_loss(model, run.text.test),
        "bigram_validation_loss": bigram_loss(run.text),
        "machine": machine(),
    }


def _words(report: dict[str, Any]) -> str:
    return (
        f"{report['parameters']:,} parameters, validation loss {report['validation_loss']:.3f} "
        f"nats/byte (a bigram model's: {report['bigram_validation_loss']:.3f})"
    )
