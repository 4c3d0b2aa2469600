"""The menu that adds rules: each kind, what it would cost before, and what it costs after."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.budgets.panel import BudgetPanel
from puzzle_widgets.widgets.budgets.rule_choice import KINDS, RuleChoice

LIBRARY = pw.load_library("stdlib-2m-measured")
RULES = {
    "ends": pw.rules.keep_ends(LIBRARY, 2),
    "linear": pw.rules.no_linear_attention(LIBRARY),
    "same_ffn": pw.rules.same_ffn(LIBRARY, 2, 5),
    "same_attention": pw.rules.same_attention(LIBRARY, 2, 5),
    "few": pw.rules.few_blocks(LIBRARY, 2, part="ffn", layers=(2, 5)),
    "heads": pw.rules.heads_divisible_by(LIBRARY, 2),
    "runs": pw.rules.attention_free_in_a_row(LIBRARY, 2),
}


@pytest.fixture
def state() -> pw.ExplorerState:
    """Give a state of the embedded library at about half the memory."""
    state = pw.ExplorerState(LIBRARY)
    state.budgets = (pw.BudgetSetting("stats.memory_mib", "at most", 41.0, on=True),)
    return state


def choose(choice: RuleChoice, name: str) -> None:
    """Fill the fields in as a user does."""
    choice.kind.value = name
    if KINDS[name].asks:
        choice.count.value = "2"
    if KINDS[name].parted:
        choice.part.value = "FFNs"
    if KINDS[name].ranged:
        choice.first.value, choice.last.value = "2", "5"


def shown(choice: RuleChoice) -> list[str]:
    """Names of the parts that are not hidden."""
    parts = {"count": choice.counted, "part": choice.parted, "range": choice.ranged}
    return [name for name, part in parts.items() if part.layout.display != "none"]


@pytest.mark.parametrize("name", KINDS)
def test_each_rule_says_its_cost_and_is_added(state: pw.ExplorerState, name: str) -> None:
    """Before it is added as after: the same figures as by two searches."""
    rule = RULES[name]
    assert state.solution is not None
    before = state.solution
    after = pw.search(before.problem.with_rule(rule))
    choice = RuleChoice(state)
    choose(choice, name)
    assert choice.draft == rule
    assert choice.add.tooltip == f"Add the rule: {rule.words}"
    offer = state.rule_offer
    assert offer is not None
    assert offer.cost == pytest.approx(max(after.score - before.score, 0.0), abs=1e-12)
    assert offer.words in choice.words.value
    assert not state.rules
    choice.add.click()
    assert [one.words for one in state.rules] == [rule.words]
    assert state.solution.score == pytest.approx(after.score)
    assert "This rule holds already." in choice.words.value
    assert state.rule_offer is None
    state.want("rule_costs")
    assert state.rule_costs.each[0] == pytest.approx(offer.cost, abs=1e-12)


def test_only_what_a_rule_needs_is_shown(state: pw.ExplorerState) -> None:
    """Nothing at first; a number, what is counted, and a range where the rule has them."""
    choice = RuleChoice(state)
    assert shown(choice) == []
    assert choice.add.layout.display == "none"
    needs = {"ends": ["count"], "linear": [], "same_ffn": ["range"]}
    for name, parts in {**needs, "few": ["count", "part", "range"]}.items():
        choice.kind.value = name
        assert shown(choice) == parts
        assert choice.add.layout.display == ""


@pytest.mark.parametrize("text", ["", "two", "-1", "0", "1.5", "9" * 7, "<b>2</b>"])
def test_a_wrong_number_is_marked(state: pw.ExplorerState, text: str) -> None:
    """Beside the field, escaped; nothing can be added."""
    choice = RuleChoice(state)
    choice.kind.value = "few"
    choice.count.value = text
    assert choice.add.disabled
    assert "whole number" in choice.words.value
    assert "<b>" not in choice.words.value
    assert "pw-invalid" in choice.count._dom_classes
    assert state.rule_offer is None
    choice.count.value = "3"
    assert not choice.add.disabled
    assert "pw-invalid" not in choice.count._dom_classes


def test_a_range_that_is_none_is_refused(state: pw.ExplorerState) -> None:
    """The last layer before the first one."""
    choice = RuleChoice(state)
    choice.kind.value = "same_ffn"
    choice.first.value, choice.last.value = "5", "2"
    assert "the earlier one first" in choice.words.value
    assert choice.add.disabled


def test_what_nothing_can_keep_says_so(state: pw.ExplorerState) -> None:
    """Before it is added."""
    state.set_budget("stats.memory_mib", "20 %")
    choice = RuleChoice(state)
    choose(choice, "ends")
    choice.count.value = "4"
    assert "No architecture keeps all budgets and rules with it." in choice.words.value


def test_a_rule_that_holds_is_not_added_twice(state: pw.ExplorerState) -> None:
    """The menu says that it holds."""
    choice = RuleChoice(state)
    choose(choice, "linear")
    choice.add.click()
    assert "This rule holds already." in choice.words.value
    choice.add.click()
    assert len(state.rules) == 1
    state.drop_rule(0)
    assert state.rule_offer is not None
    assert state.rule_offer.words in choice.words.value


def test_the_cost_follows_the_budgets(state: pw.ExplorerState) -> None:
    """A slider moved: the cost is that of the new answer."""
    choice = RuleChoice(state)
    choose(choice, "few")
    first = state.rule_offer
    state.set_budget("stats.memory_mib", "30 %")
    assert state.rule_offer is not None
    assert state.rule_offer is not first
    assert state.rule_offer.words in choice.words.value


def test_another_library_begins_anew(state: pw.ExplorerState) -> None:
    """Its layers are offered, and no rule is begun."""
    choice = RuleChoice(state)
    choose(choice, "few")
    state.open_library(pw.random_library(3, 2))
    assert choice.first.options == ("0", "1", "2")
    assert (choice.kind.value, choice.draft) == ("", None)


def test_the_panel_has_the_menu(state: pw.ExplorerState) -> None:
    """Closed with it, nothing is worked out any more."""
    panel = BudgetPanel(state)
    choose(panel.rule, "linear")
    assert state.rule_offer is not None
    panel.close()
    assert state.rule_offer is None


def test_every_list_shows_what_is_chosen(state: pw.ExplorerState) -> None:
    """A list whose value is None would look empty on the page."""
    choice = RuleChoice(state)
    for name in KINDS:
        choose(choice, name)
        lists = (choice.kind, choice.part, choice.first, choice.last)
        assert all(one.value is not None for one in lists)
        assert all(one.index is not None for one in lists)
