"""Undo and redo: every decision is a step, a drag is one, and looking around is none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.state import Record, Selection, actions, kept_actions
from puzzle_widgets.state.history import (
    DRAG_SECONDS,
    MOST_LIBRARIES,
    MOST_STEPS,
    History,
    change_in_words,
)
from puzzle_widgets.state.opening import open_library
from puzzle_widgets.state.store import Store
from tests.support.libraries import LOSS, MEMORY, RUNTIME
from tests.support.records import Action, best, first, random_actions, small


def limited(*limits: float) -> list[Record]:
    """The first record, then with each of these limits."""
    return [first(), *(actions.set_budget(first(), MEMORY, limit) for limit in limits)]


def history_of(records: list[Record]) -> History:
    """The history that led from the first of these to the last."""
    history = History()
    for before, after in pairwise(records):
        history = history.noted(before, after)
    return history


def test_what_was_decided_is_taken_back_and_done_again() -> None:
    """Step by step, down to the first record and up to the last."""
    one, two, three = limited(12, 14)
    history, back = history_of([one, two, three]).undone(three)
    assert back.budgets == two.budgets
    history, back = history.undone(back)
    assert back.budgets == one.budgets
    assert history.undone(back) == (history, back)
    history, again = history.redone(back)
    history, again = history.redone(again)
    assert again.budgets == three.budgets
    assert history.redone(again) == (history, again)


def test_a_new_decision_ends_what_could_be_redone() -> None:
    """It cannot be done on top of something else."""
    one, two, three = limited(12, 14)
    history, back = history_of([one, two]).undone(two)
    assert history.redoable == "Memory budget"
    assert history.noted(back, three).redoable == ""


def test_looking_around_is_no_step_and_is_not_undone() -> None:
    """Nor does it end what could be redone; what is open stays open."""
    one, two = limited(12)
    opened = actions.open_layer(actions.start(two, "front"), 1)
    history = history_of([one, two, opened])
    assert len(history.past) == 1
    history, back = history.undone(opened)
    assert (back.layer, set(back.asked)) == (1, {"front"})
    assert history.noted(back, actions.open_layer(back, 2)).redoable == "Memory budget"


def test_what_is_shown_stays_where_it_can() -> None:
    """A scenario through changes of looks and target; not through one of the problem."""
    kept = kept_actions.show_scenario(kept_actions.keep(first(), "mine", best(12)), "mine")
    gib = actions.set_looks(kept, gib=True)
    _, back = History().noted(kept, gib).undone(gib)
    assert back.selection == Selection("scenario", 0)
    _, back = History().noted(first(), kept).undone(kept)
    assert (back.scenarios, back.selection) == ((), Selection())
    asked = actions.set_budget(kept, MEMORY, 12)
    shown = kept_actions.show_scenario(asked, "mine")
    _, back = History().noted(kept, asked).undone(shown)
    assert back.selection == Selection()


def test_steps_are_named() -> None:
    """A budget by what it limits, a library by both names."""
    record = first()
    assert change_in_words(record, actions.set_budget(record, RUNTIME, 3)) == "Runtime budget"
    assert change_in_words(record, actions.set_objective(record, RUNTIME)) == "objective"
    assert change_in_words(record, kept_actions.keep(record, "a", best(12))) == "scenarios"
    assert change_in_words(record, actions.set_front(record, RUNTIME)) == "axis of the front"
    assert change_in_words(record, record.change()) == ""
    name = record.library.name
    other = open_library(small())
    assert change_in_words(record, other) == f"library, {name} to {name}"


def test_the_history_is_bounded() -> None:
    """In steps, and in libraries that are kept in memory."""
    records = limited(*(12 + n / 100 for n in range(MOST_STEPS + 20)))
    assert len(history_of(records).past) == MOST_STEPS
    opened = history_of([open_library(small()) for _ in range(MOST_LIBRARIES + 3)])
    assert len({id(step.record.library) for step in opened.past}) == MOST_LIBRARIES


def test_the_history_keeps_no_arrays() -> None:
    """The problem of a step is stated again if one returns to it; the parent is kept."""
    *_, before, after = limited(12.0, 13.0)
    assert before.problem.mckp.layers > 1
    parent = before.parent
    step = history_of([before, after]).past[-1].record
    assert step == before
    assert "problem" not in vars(step)
    assert step.parent is parent


def dragged(*moves: tuple[float, str, float]) -> Store:
    """A store after moves of sliders: when, of what, to which limit."""
    times = iter([time for time, _, _ in moves])
    store = Store(first(), "exact", clock=lambda: next(times))
    for _, resource, limit in moves:
        store.drag(resource, actions.set_budget, resource, limit)
    return store


def test_a_drag_is_one_step() -> None:
    """Of one slider without a pause; another one, or the same one later, is another step."""
    soon, late = DRAG_SECONDS / 2, DRAG_SECONDS * 2
    store = dragged((0.0, MEMORY, 20), (soon, MEMORY, 18), (2 * soon, MEMORY, 16))
    assert len(store.history.past) == 1
    store.undo()
    assert store.record.budgets == first().budgets
    assert len(dragged((0.0, MEMORY, 20), (late, MEMORY, 18)).history.past) == 2
    assert len(dragged((0.0, MEMORY, 20), (soon, RUNTIME, 3)).history.past) == 2


def test_a_drag_after_undo_is_a_step_of_its_own() -> None:
    """However soon it comes."""
    times = iter([0.0, 0.1])
    store = Store(first(), "exact", clock=lambda: next(times))
    store.drag(MEMORY, actions.set_budget, MEMORY, 20)
    store.undo()
    store.drag(MEMORY, actions.set_budget, MEMORY, 18)
    assert len(store.history.past) == 1
    store.undo()
    assert store.record.budgets == first().budgets


def test_the_state_says_what_can_be_undone() -> None:
    """The answer is that of the record it went back to; a library is gone back to as well."""
    state = pw.ExplorerState(small())
    before = state.problem
    assert (state.undoable, state.undo()) == ("", "")
    state.set_budget(MEMORY, 12)
    assert state.undoable == "Memory budget"
    state.keep("mine")
    library = state.library
    state.open_library(pw.random_library(3, 3))
    assert state.scenarios == ()
    assert state.undo().startswith("library, ")
    assert state.library is library
    assert [one.name for one in state.record.scenarios] == ["mine"]
    assert state.undo() == "scenarios"
    state.undo()
    assert state.problem == before
    assert state.solution is not None
    assert state.solution.problem == before
    assert state.redo() == "Memory budget"
    assert state.problem.budgets[MEMORY].upper == 12


@settings(max_examples=60, deadline=None)
@given(st.lists(random_actions, min_size=1, max_size=6))
def test_whatever_was_done_is_undone_and_redone(chosen: list[Action]) -> None:
    """All the way back, and forth again, with nothing decided lost."""
    record, history = first(), History()
    for action in chosen:
        after = action(record)
        history, record = history.noted(record, after), after
    last = record
    while history.undoable:
        history, record = history.undone(record)
    assert change_in_words(first(), record) == ""
    while history.redoable:
        history, record = history.redone(record)
    assert change_in_words(last, record) == ""


def test_an_error_is_no_step() -> None:
    """What is refused changes nothing, and cannot be undone."""
    state = pw.ExplorerState(small())
    with pytest.raises(pw.ProblemError):
        state.set_budget("stats.disk", 3)
    assert state.undoable == ""
    assert state.objective == LOSS
