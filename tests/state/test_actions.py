"""Actions on records alone: no widget, no thread, no search."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.state import Record, Selection, actions, kept_actions, opening
from puzzle_widgets.state.record_file import from_json, to_json
from tests.support.libraries import LOSS, MEMORY
from tests.support.records import QUALITY, Action, best, first, random_actions, small

WRONG: Any = "3"


@given(st.lists(random_actions, max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_actions_keep_the_record_valid(steps: list[Action]) -> None:
    """It always states a problem, selects what is there, and is the same again from its JSON."""
    record = first()
    for step in steps:
        record = step(record)
        assert record.problem == record.problem_within(record.budgets)
        assert record.problem.objective == record.objective
        assert bool(record.question) == (record.goal is None)
        if record.selection.kind == "scenario":
            assert record.selection.place < len(record.scenarios)
        names = [kept.name for kept in record.scenarios]
        assert len(set(names)) == len(names)
        assert record.reference in ("", *names)
    again = from_json(to_json(record), record.library)
    assert again.change(scenarios=()) == record.change(scenarios=())
    for mine, theirs in zip(record.scenarios, again.scenarios, strict=True):
        assert mine.name == theirs.name
        assert mine.solution.problem == theirs.solution.problem
        assert mine.solution.architecture == theirs.solution.architecture
        assert mine.solution.totals == theirs.solution.totals


def test_an_action_leaves_the_record_that_it_was_given() -> None:
    """It gives another one, and only what it changes is another."""
    record = first()
    parent = record.parent
    changed = actions.set_budget(record, MEMORY, 12)
    assert record == opening.open_library(record.library)
    assert changed.problem.budgets[MEMORY].upper == 12
    assert changed.parent is parent
    assert actions.open_layer(changed, 2).problem is changed.problem


def test_what_changes_nothing_gives_the_same_record() -> None:
    """So that nothing is announced or searched."""
    record = first()
    row = record.budgets[0]
    assert actions.set_budget(record, row.resource, row.value, on=row.on) is record
    assert actions.set_goal(record, "minimize") is record
    assert actions.select(record, Selection()) is record
    assert actions.show_point(record, None, 0) is record
    assert actions.stop(record, "front") is record


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda r: actions.set_objective(r, LOSS, WRONG), "give 'minimize' or 'maximize'"),
        (lambda r: actions.open_layer(r, 3), "the place of a layer, 0 to 2"),
        (lambda r: actions.set_front_points(r, 1), "a whole number from 2 to 10,000"),
        (lambda r: actions.set_front(r, "stats.disk"), "'stats.disk': small has"),
        (lambda r: actions.set_decisions(r, "stats.disk"), "'stats.disk': small has"),
        (lambda r: actions.set_surface(r, MEMORY, MEMORY), "Choose two resources"),
        (lambda r: actions.set_rules(r, [WRONG]), "is not a SearchRule"),
        (
            lambda r: actions.set_budgets(r, [pw.BudgetSetting(MEMORY, "at most", WRONG)]),
            "'3' is not a",
        ),
        (lambda r: actions.set_budgets(r, [pw.BudgetSetting(MEMORY, WRONG, 3)]), "sense='3'"),
        (lambda r: kept_actions.delete(r, 4), "No scenario 4 is kept. There are: none"),
        (lambda r: kept_actions.keep(r, " ", best(12)), "A scenario needs a name"),
        (lambda r: kept_actions.keep(r, "a", None), "There is no architecture to save"),
        (lambda r: actions.start(actions.set_objective(r, QUALITY), "surface"), "It is not clear"),
    ],
)
def test_wrong_input_is_refused_in_words(action: Action, words: str) -> None:
    """As an error of this package."""
    with pytest.raises(pw.PuzzleError, match=words):
        action(first())


def test_the_shown_scenario_stays_the_one_that_was_shown() -> None:
    """Whichever is deleted; the current solution is shown where it was that one."""
    record = first()
    for name, budget in (("a", 5), ("b", 12), ("c", 30)):
        record = kept_actions.keep(record, name, best(budget))
    record = kept_actions.show_scenario(record, "b")
    assert kept_actions.delete(record, "c").selection == Selection("scenario", 1)
    assert kept_actions.delete(record, "a").selection == Selection("scenario", 0)
    assert kept_actions.delete(record, "b").selection == Selection()


def test_the_reference_follows_its_scenario() -> None:
    """Renamed it stays the reference, deleted there is none; others may come and go."""
    record = kept_actions.keep(kept_actions.keep(first(), "A", best(12)), "B", best(30))
    assert (record.reference, record.reference_place) == ("", None)
    record = kept_actions.set_reference(record, "B")
    assert record.reference_place == 1
    record = kept_actions.rename(kept_actions.rename(record, "B", "C"), "A", "B")
    assert (record.reference, record.reference_place) == ("C", 1)
    record = kept_actions.delete(record, "B")
    assert (record.reference, record.reference_place) == ("C", 0)
    assert kept_actions.set_reference(record, None).reference == ""
    assert kept_actions.delete(record, "C").reference == ""
    with pytest.raises(pw.ScenarioError, match="No scenario 'B' is kept"):
        kept_actions.set_reference(record, "B")


def test_the_reference_is_undone_like_all_else() -> None:
    """Choosing one is a step; deleting it, and undoing that, brings it back."""
    state = pw.ExplorerState(kept_actions.keep(first(), "A", best(12)))
    state.set_reference("A")
    assert state.undoable == "reference"
    state.delete("A")
    assert state.reference == ""
    state.undo()
    assert state.reference == "A"
    state.undo()
    assert state.reference == ""


def test_what_is_said_of_a_sense_is_remembered() -> None:
    """And taken where the objective is chosen again without one."""
    record = actions.set_objective(first(), QUALITY)
    assert record.goal is None
    assert "not clear which way" in record.question
    record = actions.set_goal(record, "maximize")
    assert record.goal == "maximize"
    record = actions.set_objective(actions.set_objective(record, LOSS), QUALITY)
    assert record.goal == "maximize"
    assert actions.reset(record).goal == "minimize"


def test_a_solution_begins_with_its_problem() -> None:
    """One that is not proven is kept and shown."""
    parent = pw.parent_solution(pw.SearchProblem(small(), minimize=LOSS, budgets={MEMORY: 20}))
    record = opening.open_any(parent)
    assert record.problem == parent.problem
    assert [kept.solution for kept in record.scenarios] == [parent]
    assert record.selection == Selection("scenario", 0)
    assert isinstance(record, Record)
