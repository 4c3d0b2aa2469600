"""A training that can be interrupted: it goes on from its last checkpoint as if it had not been."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from puzzle_widgets.distillation.files import load_tensors, save_tensors
from puzzle_widgets.distillation.presets import Schedule
from puzzle_widgets.distillation.progress import Progress, Say

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
