"""Tests of the weights behind the objective."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.budgets.weights import WeightChoice
from tests.support.libraries import MEMORY, make_library

KL, LOSS, ACCURACY = "metrics.kl_div", "metrics.lm_loss", "metrics.accuracy"


@pytest.fixture
def state() -> pw.ExplorerState:
    """A state with a score that is better bigger beside one that is better smaller."""
    rows = [[[0, 0.9, 10], [1, 0.5, 4]], [[0, 0.8, 10], [2, 0.75, 3]]]
    return pw.ExplorerState(make_library(rows, (KL, ACCURACY, MEMORY)))


@pytest.fixture
def choice(state: pw.ExplorerState) -> Iterator[WeightChoice]:
    """The choice on the state."""
    made = WeightChoice(state)
    yield made
    made.close()


def test_weights_state_the_objective(choice: WeightChoice, state: pw.ExplorerState) -> None:
    """What is better bigger is subtracted, without a sign to type."""
    assert [field.value for field in choice.weights.values()] == ["1", "0"]
    choice.weights[ACCURACY].value = "0.5"
    assert state.problem.weights == {KL: 1.0, ACCURACY: -0.5}
    assert (state.goal, choice.weights[ACCURACY].value) == ("minimize", "0.5")
    choice.layers.value = "1: 3"
    assert state.problem.layer_weights == {1: 3.0}
    assert state.solution.status == "optimal"
    choice.weights[KL].value = "0"
    assert (state.goal, state.problem.weights) == ("maximize", {ACCURACY: 0.5})


def test_the_fields_follow_the_state(choice: WeightChoice, state: pw.ExplorerState) -> None:
    """Also back to a plain score, and by undo."""
    state.set_objective({KL: 2, ACCURACY: -0.25}, layer_weights={0: 2, 1: 2})
    assert [field.value for field in choice.weights.values()] == ["2", "0.25"]
    assert choice.layers.value == "0 to 1: 2"
    state.undo()
    assert [field.value for field in choice.weights.values()] == ["1", "0"]
    assert choice.layers.value == ""


@pytest.mark.parametrize("text", ["x", "-1", "inf"])
def test_what_is_no_weight_is_said(
    choice: WeightChoice, state: pw.ExplorerState, text: str
) -> None:
    """And the field shows what holds."""
    choice.weights[KL].value = text
    assert "is not a weight" in state.message.text
    assert choice.weights[KL].value == "1"
    assert state.objective == KL


def test_the_objective_is_listed_in_words(state: pw.ExplorerState) -> None:
    """The panel's menu names the sum plainly."""
    panel = pw.BudgetPanel(state)
    state.set_objective({KL: 1, ACCURACY: -0.5})
    assert panel.objective.options[0][0] == "KL divergence - 0.5 x Accuracy"
    assert panel.objective.value == state.objective
    panel.close()
