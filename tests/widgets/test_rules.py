"""The list of rules: what each asks and costs, and a cross to drop it."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, LayerName
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.widgets.rules import RuleList
from tests.support.libraries import MEMORY, make_library

ROWS = [(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (2.5, 1.0, 20.0)]
LIBRARY = make_library([[(score * n, *rest) for score, *rest in ROWS] for n in (1, 2, 3, 5)])


@pytest.fixture
def state() -> pw.ExplorerState:
    """Give a state of four layers within a limit on memory."""
    state = pw.ExplorerState(LIBRARY)
    state.budgets = (pw.BudgetSetting(MEMORY, "at most", 25.0, on=True),)
    return state


def test_each_rule_says_what_it_costs(state: pw.ExplorerState) -> None:
    """And all of them together; without rules nothing is wanted."""
    rules = RuleList(state)
    assert rules.layout.display == "none"
    state.pin(3, "v2")
    cost = state.rule_costs.each[0]
    assert cost > 0
    assert f">{cost:g}<" in rules.costs[0].value
    assert f"cost together {cost:g}" in rules.head.value
    state.drop_rule(0)
    assert state.rule_costs is None
    assert rules.layout.display == "none"


def test_a_cross_drops_the_rule(state: pw.ExplorerState) -> None:
    """Its words say which; names are only names."""
    rules = RuleList(state)
    fixed: dict[LayerName, str] = {0: "v0"}
    state.set_rules((SearchRule("<b>mine</b>", fixed=FrozenMapping(fixed)),))
    line = rules.children[1]
    assert "&lt;b&gt;mine&lt;/b&gt;" in line.children[0].value
    assert line.children[2].tooltip == "Remove the rule: <b>mine</b>"
    line.children[2].click()
    assert state.rules == ()


def test_costs_go_with_the_list(state: pw.ExplorerState) -> None:
    """Closed, it wants nothing any more."""
    rules = RuleList(state)
    state.pin(3, "v2")
    rules.close()
    assert state.rule_costs is None
