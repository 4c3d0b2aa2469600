"""Stage ``parent``: trains the model that is compressed; the loop that all training shares."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from puzzle_widgets.distillation.model import Decoder, count_parameters, next_token_loss
from puzzle_widgets.distillation.presets import Schedule
from puzzle_widgets.distillation.run import (
    Progress,
    Run,
    Say,
    load_json,
    load_tensors,
    machine,
    new_decoder,
    save_json,
    save_tensors,
)
from puzzle_widgets.distillation.text import bigram_loss, even_windows, random_windows

REPORT = "parent.json"
_HELD_OUT_WINDOWS = 64


def train_parent(run: Run) -> None:
    """Train the parent, and report its loss beside a bigram model's."""
    if (run.folder / REPORT).exists():
        run.say(f"parent: already trained, {_words(load_json(run.folder / REPORT))}")
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


_WARMUP_SHARE, _LEAST_RATE_SHARE = 0.05, 0.1
_GREATEST_GRADIENT = 1.0

StepLoss = Callable[[int], Tensor]
"""The loss of a step by its number; the same number always draws the same text."""


def train(
    model: nn.Module, loss_of: StepLoss, schedule: Schedule, checkpoint: Path, say: Say
) -> None:
    """Train a model in place.

    Parameters
    ----------
    model
        Starts from the weights it has, or from the checkpoint's.
    loss_of
        Loss of each step.
    schedule
        Steps and learning rate.
    checkpoint
        File of the last state; kept at the end, so that a finished training is not repeated.
    say
        Takes lines on the progress; the first word is the file's name.
    """
    optimizer = make_optimizer(model, schedule)
    first = _resume(model, optimizer, checkpoint)
    progress = Progress(f"{checkpoint.stem} step", schedule.steps, say, first)
    for step in range(first, schedule.steps):
        loss = train_step(optimizer, loss_of, step, schedule)
        done = step + 1
        if done % schedule.checkpoint == 0 or done == schedule.steps:
            state = {"step": done, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_tensors(state, checkpoint)
        progress.step(f"loss {loss:.3f}")


def make_optimizer(
    model: nn.Module, schedule: Schedule, decay: float = 0.1
) -> torch.optim.Optimizer:
    """Make AdamW, with weight decay on the matrices only."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": decay},
        {"params": [weight for weight in weights if weight.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.rate, betas=(0.9, 0.95), fused=True)


def train_step(
    optimizer: torch.optim.Optimizer, loss_of: StepLoss, step: int, schedule: Schedule
) -> float:
    """Do one step in mixed precision; gives its loss."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step, schedule)
    with torch.autocast("cpu", torch.bfloat16):
        loss = loss_of(step)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call,unused-ignore]
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    nn.utils.clip_grad_norm_(weights, _GREATEST_GRADIENT)
    optimizer.step()
    return float(loss.detach())


def learning_rate(step: int, schedule: Schedule) -> float:
    """Learning rate of a step: a linear rise, then a cosine down to a tenth."""
    warmup = max(1, round(_WARMUP_SHARE * schedule.steps))
    if step < warmup:
        return schedule.rate * (step + 1) / warmup
    gone = (step - warmup) / max(1, schedule.steps - warmup)
    share = _LEAST_RATE_SHARE + (1 - _LEAST_RATE_SHARE) * (1 + math.cos(math.pi * gone)) / 2
    return schedule.rate * share


def _resume(model: nn.Module, optimizer: torch.optim.Optimizer, checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    state = load_tensors(checkpoint)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])
