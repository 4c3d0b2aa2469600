"""Rules of the search, and the parent's configuration, as the state keeps them."""

from __future__ import annotations

import json

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import Finding, check
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.problem.budget_rows import SearchRule
from tests.support.export import LINEAR, LLAMA, PARENT, export_library

NARROW = (PARENT[0], LINEAR)


@pytest.fixture
def state() -> pw.ExplorerState:
    """A state whose best architecture within its memory is linear in some layers."""
    state = pw.ExplorerState(export_library(NARROW, (LINEAR, LINEAR)))
    state.set_budgets(())
    state.set_objective("metrics.kl_div", "maximize")
    return state


def linear_finding(state: pw.ExplorerState) -> Finding:
    """What vLLM cannot take of what is shown."""
    assert state.shown is not None
    found = check(state.shown, "vllm", parent_config=LLAMA)
    return next(one for one in found if one.rule)


def test_a_finding_is_avoided_by_a_rule(state: pw.ExplorerState) -> None:
    """The search keeps the rule, the current solution is shown, and the user is told."""
    finding = linear_finding(state)
    state.avoid(finding)
    assert state.rules == (SearchRule("no linear blocks", finding.banned),)
    assert state.problem.banned == finding.banned
    assert {block.ffn.kind for block in state.shown.blocks} == {"sized"}
    assert state.selection.kind == "current"
    assert "no linear blocks" in state.message.text
    state.avoid(finding)
    assert len(state.rules) == 1
    state.drop_rule(0)
    assert list(state.rules) == []
    assert {block.ffn.kind for block in state.shown.blocks} == {"linear"}


def test_rules_hold_everywhere(state: pw.ExplorerState) -> None:
    """Front, surface and decision map keep them too; the front is searched anew."""
    state.set_front("stats.memory_mib")
    assert any(block.ffn == LINEAR for point in state.front.solutions for block in point.blocks)
    state.avoid(linear_finding(state))
    assert state.front is not None
    assert state.front.complete
    banned = state.rules[0].banned
    assert all(point.problem.banned == banned for point in state.front.solutions)
    assert state.record.problem_along(state.surface_x, state.surface_y).banned == banned
    assert state.record.problem_along(state.decisions_over).banned == banned


def test_findings_without_a_rule_are_told(state: pw.ExplorerState) -> None:
    """Nothing changes, and the message says so."""
    before = state.problem
    state.avoid(Finding("error", "no way around"))
    assert state.problem is before
    assert state.message.level == "error"


def test_rules_go_with_reset_and_with_another_library(state: pw.ExplorerState) -> None:
    """Both begin without any."""
    state.avoid(linear_finding(state))
    state.reset()
    assert list(state.rules) == []
    assert not state.problem.banned
    state.set_objective("metrics.kl_div", "maximize")
    banned: dict[int | str, frozenset[str]] = {0: frozenset({"linear-None linear-None"})}
    state.set_rules((SearchRule("x", FrozenMapping(banned)),))
    state.open_library(export_library())
    assert list(state.rules) == []


def test_restoring_a_scenario_restores_what_it_bans(state: pw.ExplorerState) -> None:
    """One rule stands for all that the scenario bans; without any the rules go."""
    state.keep("free")
    state.avoid(linear_finding(state))
    banned = state.problem.banned
    state.keep("ruled")
    state.set_rules(())
    state.restore(1)
    assert [rule.words for rule in state.rules] == ["those of scenario 'ruled'"]
    assert state.problem.banned == banned
    rules = state.rules
    state.restore(1)
    assert state.rules is rules
    state.restore(0)
    assert list(state.rules) == []


def source_of(state: pw.ExplorerState) -> str:
    """File of the parent's configuration; empty without one."""
    config = state.parent_config
    return "" if config is None else config.source


def test_the_parents_configuration(state: pw.ExplorerState) -> None:
    """It comes from a file, or from the library; a bad file changes nothing."""
    assert source_of(state) == ""
    state.open_parent_config(json.dumps(LLAMA).encode(), "llama.json")
    assert source_of(state) == "llama.json"
    state.open_parent_config(b"{", "broken.json")
    assert "broken.json" in state.message.text
    assert source_of(state) == "llama.json"
    state.forget_parent_config()
    assert source_of(state) == ""
    state.open_library(export_library(parent_config=json.dumps(LLAMA)))
    hidden = getattr(state.parent_config, "hidden", None)
    assert hidden == LLAMA["hidden_size"]
    state.open_library(export_library(parent_config="{"))
    assert source_of(state) == ""
    assert "parent configuration of small" in state.message.text
