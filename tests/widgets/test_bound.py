"""The bound panel: a price is moved, and what it proves is drawn and said."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from tests.support.libraries import MEMORY, RUNTIME

LIBRARY = pw.random_library(8, 6, seed=3)
PROBLEM = pw.SearchProblem(LIBRARY, minimize="metrics.loss", budgets={MEMORY: "45 %"})


def test_a_price_moves_the_bound() -> None:
    """The spot goes along the curve, and the words follow."""
    panel = pw.BoundPanel(PROBLEM)
    assert panel.bound is not None
    assert "not within the budgets" in panel.told.value
    before = float(panel.chart.spots["bound"].y[0])
    panel.price.value = 100
    assert panel.state.looks.multiplier == pytest.approx(panel.bound.best)
    after = float(panel.chart.spots["bound"].y[0])
    assert before < after == panel.bound.at(panel.state.looks.multiplier).bound
    assert float(panel.chart.spots["bound"].x[0]) == panel.state.looks.multiplier
    assert "the proven optimum" in panel.told.value
    assert "per MiB" in panel.amount.value
    assert panel.picture() is not None


def test_another_budget_is_priced() -> None:
    """From the list of those that are on; the price begins at 0 again."""
    panel = pw.BoundPanel(PROBLEM.with_budget(RUNTIME, upper="45 %"))
    panel.price.value = panel.price.max
    panel.resource.value = RUNTIME
    assert panel.state.looks.priced == RUNTIME
    assert panel.price.value == 0
    assert "Runtime" in panel.chart.x_axis.label
    panel.state.undo()
    assert panel.resource.value == MEMORY


def test_it_follows_the_problem() -> None:
    """A tighter budget is dearer; without one there is nothing to price, and words say so."""
    panel = pw.BoundPanel(PROBLEM)
    assert panel.bound is not None
    before = panel.bound.best
    panel.state.set_budget(MEMORY, "25 %")
    assert panel.bound.best != before
    panel.state.set_budget(MEMORY, on=False)
    assert "no budget to price" in panel.told.value
    assert panel.box.layout.display == panel.pictures.layout.display == "none"
    assert panel.picture() is None
    panel.state.set_budget(MEMORY, 1.0)
    assert "Nothing is within" in panel.told.value
    panel.state.set_budget(MEMORY, "45 %")
    assert panel.box.layout.display == ""


def test_the_price_is_part_of_what_is_saved() -> None:
    """A record that is opened again shows the same."""
    panel = pw.BoundPanel(PROBLEM)
    assert panel.bound is not None
    panel.set_price(0.5 * panel.bound.last)
    assert panel.price.value == 100
    again = pw.BoundPanel(pw.ExplorerState.from_json(panel.state.to_json(), LIBRARY))
    assert again.price.value == panel.price.value
    assert again.told.value == panel.told.value
