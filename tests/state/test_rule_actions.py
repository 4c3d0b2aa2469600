"""Rules of one layer: what a click keeps, forbids and lets go, and what each rule costs."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, LayerName
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.state.rule_actions import pinned_places
from tests.support.libraries import MEMORY, best_score, make_library

ROWS = [(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (2.5, 1.0, 20.0)]
LIBRARY = make_library([[(score * n, *rest) for score, *rest in ROWS] for n in (1, 2, 3, 5)])


@pytest.fixture
def state() -> pw.ExplorerState:
    """Give a state of four layers within a limit on memory."""
    state = pw.ExplorerState(LIBRARY)
    state.budgets = (pw.BudgetSetting(MEMORY, "at most", 25.0, on=True),)
    return state


def blocks_of(state: pw.ExplorerState) -> dict[LayerName, str]:
    """The answer's variant of each layer."""
    assert state.solution is not None
    return dict(state.solution.architecture or {})


def test_a_kept_variant_is_in_the_answer(state: pw.ExplorerState) -> None:
    """In words that name layer and block; the next one that is kept replaces it."""
    state.pin(0, "v0")
    assert blocks_of(state)[0] == "v0"
    assert [rule.words for rule in state.rules] == ["Layer 0: keep the parent's block"]
    state.pin(0, "v1")
    assert blocks_of(state)[0] == "v1"
    assert len(state.rules) == 1
    assert pinned_places(state.record) == (0,)
    assert state.solution.score == pytest.approx(best_score(state.problem))


def test_a_forbidden_variant_is_not_in_the_answer(state: pw.ExplorerState) -> None:
    """Not even where it was kept; two of three leave the third, which counts as kept."""
    chosen = blocks_of(state)[3]
    state.pin(3, chosen)
    state.forbid(3, chosen)
    assert blocks_of(state)[3] != chosen
    assert state.rules[0].words.startswith("Layer 3: never ")
    others = [one.name for one in LIBRARY.layers[3].variants if one.name != chosen]
    state.forbid(3, others[0])
    assert blocks_of(state)[3] == others[1]
    assert pinned_places(state.record) == (3,)


def test_the_last_block_of_a_layer_cannot_be_forbidden(state: pw.ExplorerState) -> None:
    """That is told, and changes nothing."""
    state.forbid(1, "v0")
    state.forbid(1, "v1")
    before = state.rules
    state.forbid(1, "v2")
    assert state.rules == before
    assert state.message.level == "error"
    assert "no other block left" in state.message.text


def test_a_layer_is_let_go(state: pw.ExplorerState) -> None:
    """All rules about it alone go, those about more stay; undo brings them back."""
    fixed: dict[LayerName, str] = {0: "v0", 1: "v0"}
    wide = SearchRule("of two layers", fixed=FrozenMapping(fixed))
    state.set_rules((wide,))
    state.forbid(0, "v2")
    state.free(0)
    assert state.rules == (wide,)
    state.undo()
    assert len(state.rules) == 2


def test_what_is_not_there_is_refused(state: pw.ExplorerState) -> None:
    """A place or a variant that the library does not have."""
    with pytest.raises(pw.ProblemError, match="0 to 3"):
        state.pin(4, "v0")
    with pytest.raises(pw.ProblemError, match="no variant"):
        state.pin(0, "nothing")


def test_rules_are_saved_with_the_rest(state: pw.ExplorerState) -> None:
    """As JSON, and in a scenario."""
    state.pin(0, "v0")
    again = pw.ExplorerState.from_json(state.to_json(), LIBRARY)
    assert again.rules == state.rules
    state.keep("with rule")
    assert dict(state.scenarios[0].solution.problem.fixed) == {0: "v0"}


def test_rules_cost_what_brute_force_says(state: pw.ExplorerState) -> None:
    """The best score without each, and without all, against that with all of them."""
    state.want("rule_costs")
    assert [state.rule_costs] == [None]
    state.pin(0, "v2")
    state.forbid(3, "v0")
    state.pin(1, "v0")
    found = state.rule_costs
    assert found is not None
    score = best_score(state.problem)
    for place, rule in enumerate(state.rules):
        other = pw.ExplorerState(state.record)
        other.drop_rule(place)
        assert found.each[place] == pytest.approx(score - best_score(other.problem)), rule.words
    free = pw.ExplorerState(state.record)
    free.set_rules(())
    assert found.together == pytest.approx(score - best_score(free.problem))


def test_costs_of_the_open_layer_are_those_of_inclusion(state: pw.ExplorerState) -> None:
    """For the layer that is open and no other; none while none is open."""
    state.want("layer_costs", "decided")
    assert [state.layer_costs] == [None]
    state.open_layer(2)
    every = pw.inclusion_costs(state.problem)
    assert state.layer_costs is not None
    assert state.decided is not None
    assert state.layer_costs.costs[6:9].tolist() == pytest.approx(every.costs[6:9].tolist())
    assert state.decided.margins.tolist() == pytest.approx(every.decidedness.tolist())
    state.open_layer(None)
    assert [state.layer_costs] == [None]
