"""Training that can be interrupted."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.parent import learning_rate, load_parent, train, train_parent
from puzzle_widgets.distillation.presets import Schedule
from puzzle_widgets.distillation.run import load_tensors, open_run


class StopTrainingError(Exception):
    """Stands for Ctrl-C."""


def make(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return torch.nn.Linear(3, 1)


def loss_for(model: Any, stop_at: int = -1) -> Any:
    """Learn the sum of three numbers that follow from the step."""

    def loss_of(step: int) -> Any:
        if step == stop_at:
            raise StopTrainingError
        inputs = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
        return (model(inputs) - inputs.sum(dim=1, keepdim=True)).square().mean()

    return loss_of


def test_a_resumed_training_equals_one_that_was_not_interrupted(tmp_path: Any) -> None:
    """Weights are the same, bit by bit, wherever it was cut off."""
    schedule = Schedule(steps=10, batch=8, rate=0.1, checkpoint=4)
    whole = make()
    train(whole, loss_for(whole), schedule, tmp_path / "whole.pt", lambda _: None)
    cut = make()
    with pytest.raises(StopTrainingError):
        train(cut, loss_for(cut, stop_at=7), schedule, tmp_path / "cut.pt", lambda _: None)
    assert load_tensors(tmp_path / "cut.pt")["step"] == 4
    again = make(seed=9)
    lines: list[str] = []
    train(again, loss_for(again), schedule, tmp_path / "cut.pt", lines.append)
    assert lines[0] == "cut step: resuming after 4 of 10"
    assert torch.equal(again.weight, whole.weight)
    assert torch.equal(again.bias, whole.bias)


def test_training_learns(tmp_path: Any) -> None:
    """A sum is learnt in a hundred steps."""
    model = make()
    schedule = Schedule(steps=150, batch=8, rate=0.1)
    train(model, loss_for(model), schedule, tmp_path / "sum.pt", lambda _: None)
    torch.testing.assert_close(model.weight, torch.ones(1, 3), atol=0.1, rtol=0)


def test_learning_rate_rises_then_falls_to_a_tenth() -> None:
    """A line up over 5 % of the steps, a cosine down."""
    schedule = Schedule(steps=200, batch=1, rate=1.0)
    rates = [learning_rate(step, schedule) for step in range(200)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == rates[10] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.1, abs=1e-3)
    assert rates[105] == pytest.approx(0.55, abs=1e-9)


def test_parent_beats_its_own_start_and_is_loaded_whole(micro: Any) -> None:
    """The parent's stage trains, reports, and does not train again."""
    train_parent(micro)
    first = load_parent(micro)
    lines: list[str] = []
    train_parent(open_run(micro.preset, micro.folder, lines.append))
    assert len(lines) == 1
    assert "already trained" in lines[0]
    assert all(not weight.requires_grad for weight in first.parameters())
    state = load_tensors(micro.parent_file)
    assert state["step"] == micro.preset.parent.steps
