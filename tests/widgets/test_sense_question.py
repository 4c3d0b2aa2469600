"""The question which way a score is better, where a panel stands alone and in the explorer."""

from __future__ import annotations

from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.budgets.panel import BudgetPanel
from puzzle_widgets.widgets.panel import Panel
from puzzle_widgets.widgets.status import StatusPanel
from tests.state.test_sense import unclear

ALONE = [
    *(pw.BudgetPanel, pw.StatusPanel, pw.ParetoPlot, pw.LayerView, pw.ScenarioPanel),
    *(pw.BudgetSurface, pw.DecisionMap, pw.ExportPanel),
]


@pytest.mark.parametrize("panel", ALONE)
def test_every_panel_alone_asks_and_takes_the_answer(panel: type[Panel]) -> None:
    """By a button of its own words; then the question is gone."""
    made = panel(unclear())
    question = made.question
    assert question is not None
    assert question.layout.display == "flex"
    assert "role='alert'" in question.text.value
    smaller, bigger = question.answers
    assert (smaller.description, bigger.description) == ("Smaller is better", "Bigger is better")
    bigger.click()
    assert question.layout.display == "none"
    assert (made.state.goal, made.state.question) == ("maximize", "")
    assert made.state.solution is not None
    made.close()


def test_the_explorer_asks_once() -> None:
    """In the budgets; no choice is pressed before it is made, and the answer says why none is."""
    state = ExplorerState(unclear())
    budgets, status = BudgetPanel(state), StatusPanel(state)
    assert status.question is None
    assert budgets.goal.value is None
    assert "choose first which way" in status.line.value
    budgets.goal.value = "minimize"
    assert state.question == ""
    assert state.solution is not None
    assert "Optimal" in status.line.value


def test_the_question_is_escaped() -> None:
    """Names of scores come from files."""
    library = unclear()
    layers = tuple(
        replace(
            layer,
            variants=tuple(
                replace(v, values=FrozenMapping({"metrics.<b>q</b>": v.values["metrics.quality"]}))
                for v in layer.variants
            ),
        )
        for layer in library.layers
    )
    question = BudgetPanel(replace(library, layers=layers)).question
    assert question is not None
    assert "&lt;b&gt;" in question.text.value
    assert "<b>" not in question.text.value
