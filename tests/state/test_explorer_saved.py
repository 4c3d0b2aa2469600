"""A state that was written down: opened by its dataset's name, in place, or once its file is."""

from __future__ import annotations

import json

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library
from tests.support.libraries import MEMORY
from tests.support.puzzletron_run import small_run
from tests.support.records import small

MEASURED = "stdlib-2m-measured"


def saved_small() -> str:
    """What was decided on the small library."""
    state = pw.ExplorerState(small())
    state.set_budget(MEMORY, 12)
    state.keep("mine")
    return state.to_json()


def test_a_dataset_is_opened_by_its_name() -> None:
    """In a new state, and in one that shows something else."""
    state = pw.ExplorerState(MEASURED)
    state.set_budget(MEMORY, "60 %")
    again = pw.ExplorerState.from_json(state.to_json())
    assert again.record == state.record
    other = pw.ExplorerState(small())
    assert other.open_saved(state.to_json())
    assert other.record == state.record
    assert other.undo().startswith("library")
    assert other.library == small()


def test_a_library_from_a_file_has_to_be_given() -> None:
    """The error says which it is; with it the state is as it was."""
    with pytest.raises(pw.ScenarioError, match="'small', which is not open"):
        pw.ExplorerState.from_json(saved_small())
    assert pw.ExplorerState.from_json(saved_small(), small()).problem.budgets[MEMORY].upper == 12


def test_what_waits_for_its_library_is_opened_with_it() -> None:
    """Another library that is opened meanwhile is not it."""
    state = pw.ExplorerState(MEASURED)
    before = state.record
    assert not state.open_saved(saved_small())
    assert state.record == before
    assert state.message is not None
    assert "Open that, and the saved state is taken up" in state.message.text
    state.open_library(pw.random_library(3, 3))
    assert state.scenarios == ()
    state.open_files({"small.json": dump_library(small()).encode()})
    assert [one.name for one in state.record.scenarios] == ["mine"]
    state.delete("mine")
    state.open_library(small())
    assert state.record.scenarios == ()


def test_a_run_that_is_open_gives_its_other_workload() -> None:
    """It is the run that is found again, not the library of the one workload."""
    run = pw.open_run(small_run().encoded())
    assert run is not None
    first, second = (pw.ExplorerState(run, workload=one.name) for one in run.workloads[:2])
    assert first.open_saved(second.to_json())
    assert first.workload == run.workloads[1].name


def test_a_saved_file_is_opened_like_a_library() -> None:
    """By the button that opens files."""
    state = pw.ExplorerState(small())
    state.open_files({"state.json": saved_small().encode()})
    assert [one.name for one in state.record.scenarios] == ["mine"]


@pytest.mark.parametrize("change", [{"version": 0}, {"objective": "x"}, {"library": None}])
def test_what_cannot_be_read_leaves_what_is_shown(change: dict[str, object]) -> None:
    """One message; nothing else changes."""
    state = pw.ExplorerState(small())
    before = state.record
    text = json.dumps({**json.loads(saved_small()), **change})
    assert not state.open_saved(text)
    assert state.record is before
    assert state.message is not None
    assert state.message.text.startswith("saved state")
