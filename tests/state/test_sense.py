"""Nothing is searched by a score before its sense is known."""

from __future__ import annotations

import json

import pytest

import puzzle_widgets as pw
from puzzle_widgets.state import ExplorerState
from tests.support.libraries import make_library

KEYS = ("metrics.quality", "stats.memory_mib", "stats.runtime_ms")


def unclear() -> pw.BlockLibrary:
    """Neither the name tells the sense, nor the parent's blocks."""
    return make_library([[(1, 9, 9), (2, 5, 5)], [(2, 9, 9), (1, 5, 5)]], KEYS)


@pytest.fixture
def state() -> ExplorerState:
    """A state that has to ask."""
    return ExplorerState(unclear())


def test_the_state_opens_with_a_question_and_no_answer(state: ExplorerState) -> None:
    """The reason is in it."""
    assert "not clear which way Quality is better" in state.question
    assert (state.solution, state.shown, state.updating) == (None, None, False)


def test_nothing_is_computed_before_it_is_answered(state: ExplorerState) -> None:
    """Neither by limits, nor as front or map; nor is anything opened as a scenario."""
    state.set_budget(0, value=14)
    state.reset()
    state.start("front")
    state.start("surface")
    state.start("decisions")
    assert (state.solution, state.front, state.surface, state.decisions) == (None,) * 4
    rows = "scenario,layer,variant\na,0,v0\na,1,v0\n"
    state.load_scenarios(rows.encode(), "layers.csv")
    assert state.scenarios == ()
    assert state.message is not None
    assert state.question in state.message.text


def test_the_answer_is_searched_by(state: ExplorerState) -> None:
    """A front that was asked for meanwhile is searched as well."""
    state.start("front")
    state.set_objective(state.objective, "maximize")
    assert state.question == ""
    assert state.solution is not None
    assert state.solution.problem.goal == "maximize"
    assert state.front is not None
    assert state.front.complete


def test_the_answer_is_remembered_until_another_library_is_open(state: ExplorerState) -> None:
    """Another objective between does not lose it; another library's score may mean other."""
    state.set_objective("metrics.quality", "maximize")
    state.set_objective("stats.memory_mib")
    assert (state.goal, state.question) == ("minimize", "")
    state.set_objective("metrics.quality")
    assert (state.goal, state.question) == ("maximize", "")
    state.open_library(unclear())
    assert state.question


def test_the_library_tells_the_goal_against_no_words() -> None:
    """The parent's is the biggest in every layer: the same in the state and in Python."""
    library = make_library([[(9, 9, 9), (2, 5, 5)], [(8, 9, 9), (1, 5, 5)]], KEYS)
    state = ExplorerState(library)
    assert (state.goal, state.question) == ("maximize", "")
    state.load_scenarios(b"scenario,layer,variant\na,0,v0\na,1,v0\n", "layers.csv")
    assert state.scenarios[0].solution.problem.goal == "maximize"


def test_a_scenario_that_says_its_goal_opens(state: ExplorerState) -> None:
    """Restoring it answers the question."""
    record = {
        "name": "kept",
        "objective": "metrics.quality",
        "goal": "maximize",
        "architecture": [[0, "v1"], [1, "v0"]],
    }
    content = {"format": "puzzle-widgets/scenarios", "version": 1, "scenarios": [record]}
    state.load_scenarios(json.dumps(content).encode(), "kept.json")
    assert state.question
    state.restore(0)
    assert (state.goal, state.question) == ("maximize", "")
    assert state.solution is not None
