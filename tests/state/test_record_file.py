"""Records as text: whole again, and refused in plain words where they do not fit."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.state import Record, Selection, actions, kept_actions, opening
from puzzle_widgets.state.record_file import from_json, saved_library, to_json
from tests.support.export import LLAMA
from tests.support.libraries import EMBEDDED, LOSS, MEMORY
from tests.support.mutations import damaged_json
from tests.support.puzzletron_run import small_run
from tests.support.records import best, first, small


@pytest.fixture(scope="module")
def full() -> Record:
    """A record with something of everything."""
    record = kept_actions.keep(first(), "mine", best(12))
    record = kept_actions.set_reference(kept_actions.show_scenario(record, "mine"), "mine")
    record = actions.open_layer(record, 1)
    record = actions.open_parent_config(record, json.dumps(LLAMA).encode(), "llama.json")
    record = actions.choose_cell(actions.set_target(record, "report"), 0, 1)
    record = actions.set_looks(record, layers="Memory", gib=True)
    blocks = {layer.name: "v1" for layer in record.library.layers}
    points = [
        pw.MeasuredPoint("one", {LOSS: 1.5}, "by hand"),  # type: ignore[arg-type]
        pw.MeasuredPoint("two", FrozenMapping({LOSS: 2.5}), "", FrozenMapping(blocks)),
    ]
    return actions.set_measured(actions.start(record, "decisions"), points)


def test_a_weighted_objective_comes_back() -> None:
    """With the scenario that has another one; both of the record's one library."""
    kept = kept_actions.keep(
        actions.set_objective(first(), {LOSS: 2}, layer_weights={0: 3}),
        "weighed",
        pw.search(pw.SearchProblem(first().library, minimize={LOSS: 2}, layer_weights={0: 3})),
    )
    record = actions.set_objective(kept, LOSS, layer_weights={1: 0.5})
    again = from_json(to_json(record), small())
    assert again.problem == record.problem
    assert again.scenarios[0].solution.problem.weights == {LOSS: 2.0}
    assert again.scenarios[0].solution.library is again.library
    assert set(again.library.sums) == {
        again.objective,
        again.scenarios[0].solution.problem.objective,
    }


def test_a_record_of_the_first_version_opens() -> None:
    """It has no sums."""
    content = json.loads(to_json(first()))
    del content["sums"]
    assert from_json(json.dumps({**content, "version": 1}), small()).problem == first().problem


def test_a_record_comes_back_whole(full: Record) -> None:
    """Also with another copy of its library, under another title."""
    again = from_json(to_json(full), small())
    assert again.scenarios[0].solution.status == "optimal"
    assert again.selection == full.selection
    assert (again.layer, again.asked, again.budgets) == (1, full.asked, full.budgets)
    assert (again.reference, again.reference_place) == ("mine", 0)
    assert (again.own_config, again.target, again.cell) == (full.own_config, "report", (0, 1))
    assert (again.looks.layers, again.looks.gib, again.looks.share) == ("Memory", True, False)
    assert dict(again.measured[0].values) == {LOSS: 1.5}
    assert again.measured == full.measured
    assert from_json(to_json(again), full.library).problem == full.problem


def test_it_says_which_library_it_is_of() -> None:
    """By a name that opens it, where it has one."""
    library = pw.load_library(EMBEDDED)
    of = saved_library(to_json(opening.open_library(library)))
    assert of.dataset == EMBEDDED
    assert of.name == library.name
    assert saved_library(to_json(first())).dataset == ""


def test_a_run_comes_back_in_its_workload() -> None:
    """With the name of the workload, and the choice of others."""
    run = pw.open_run(small_run().encoded())
    assert run is not None
    record = opening.open_run(run, run.workloads[1].name)
    again = from_json(to_json(record), run)
    assert (again.workload, again.workloads) == (run.workloads[1].name, record.workloads)
    assert again == record


def test_a_state_opens_on_a_record(full: Record) -> None:
    """As it was left, with its searches under way."""
    state = pw.ExplorerState(from_json(to_json(full), full.library))
    assert state.shown is state.scenarios[0].solution
    assert state.decisions is not None
    assert state.decisions.complete
    assert state.layer == 1
    assert state.record.problem == full.problem


def test_a_point_of_the_front_is_shown_again() -> None:
    """Found by what it uses, as soon as the front has it; saved meanwhile, it is kept."""
    state = pw.ExplorerState(first())
    state.start("front")
    state.show_point(2)
    saved = from_json(to_json(state.record), small())
    assert saved.awaited == state.selection
    assert from_json(to_json(saved), small()).awaited == state.selection
    again = pw.ExplorerState(saved)
    assert again.selection == state.selection
    assert again.shown is not None
    assert again.shown.architecture == state.shown.architecture
    assert again.record == state.record


def test_a_row_of_the_decision_map_is_shown_again() -> None:
    """As soon as it is answered; the chosen cell of the surface is there at once."""
    state = pw.ExplorerState(first())
    state.start("decisions")
    state.step_row(1)
    state.choose_cell(1, 0)
    again = pw.ExplorerState(from_json(to_json(state.record), small()))
    assert (again.selection, again.cell) == (state.selection, (1, 0))
    assert again.record == state.record


def test_a_point_that_is_not_found_again_is_let_go() -> None:
    """The current solution stays on the screen, whatever is searched later."""
    saved = actions.start(first(), "front")
    state = pw.ExplorerState(actions.await_selection(saved, Selection("point", 0, 0.5)))
    assert (state.selection, state.record.awaited) == (Selection(), None)


def test_who_chooses_meanwhile_is_not_interrupted() -> None:
    """An action that shows something else ends the wait."""
    waits = actions.await_selection(first(), Selection("map", 1))
    assert actions.select(waits, Selection()).awaited is None
    assert actions.set_goal(actions.set_goal(waits, "maximize"), "minimize").awaited is None


def test_a_record_of_before_there_were_references_opens(full: Record) -> None:
    """Without one, and without the blocks of measured models."""
    content = json.loads(to_json(full))
    del content["reference"]
    content["measured"] = [row[:3] for row in content["measured"]]
    again = from_json(json.dumps(content), small())
    assert again.reference == ""
    assert [point.architecture for point in again.measured] == [None, None]


def test_what_comes_with_a_library_is_not_written() -> None:
    """Its measured points need no room in an address; others, or none, are said."""
    record = opening.open_library(pw.load_library("stdlib-2m-measured"))
    assert len(record.measured) == 40
    assert json.loads(to_json(record))["measured"] is None
    assert from_json(to_json(record), record.library).measured == record.measured
    for others in ((), record.measured[:3]):
        changed = actions.set_measured(record, others)
        assert from_json(to_json(changed), record.library).measured == others


def edited(record: Record, **fields: Any) -> str:
    """The text of a record with other fields."""
    return json.dumps({**json.loads(to_json(record)), **fields})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"version": 9}, "its version is 9, and 3 is read. Save it again"),
        ({"version": "old"}, "its version is 'old', and 3 is read"),
        ({"format": "x"}, "not one of this program. Give one of format 'puzzle-widgets/record'"),
        ({"objective": "metrics.x"}, "no such score or cost"),
        ({"goal": "best"}, "give 'minimize' or 'maximize'"),
        ({"said": {LOSS: "up"}}, "Say minimize or maximize"),
        ({"budgets": [["stats.disk", "at most", 3, True]]}, "A limit on 'stats.disk'"),
        ({"budgets": [[MEMORY, "at most", "3", True]]}, "is not a number"),
        ({"budgets": [[MEMORY, "below", 3, True]]}, "give 'at most' or 'at least'"),
        ({"budgets": [[MEMORY, "at most", 3, True]] * 1001}, "a JSON array of at most 1,000"),
        ({"budgets": 3}, "not rows"),
        ({"rules": [["x", [[0, "v9"]], [], []]]}, "v9"),
        ({"layer": 9}, "the place of a layer"),
        ({"layer": "x"}, "broken"),
        ({"reference": "gone"}, "No scenario 'gone' is kept"),
        ({"reference": [[]]}, "No scenario"),
        ({"front": ["throughput", True, 10**9]}, "a whole number from 2"),
        ({"surface": [MEMORY, MEMORY, None]}, "Choose two resources"),
        ({"surface": [MEMORY, "", [0, -1]]}, "give a row and a column"),
        ({"surface": [MEMORY, "", 3]}, "broken"),
        ({"target": "paper"}, "paper"),
        ({"looks": {"gib": 1}}, "gib=1: not a way to show figures"),
        ({"looks": {"color": "red"}}, "color='red': not a way to show figures"),
        ({"looks": 3}, "broken"),
        ({"selection": ["point", "x", 0]}, "broken"),
        ({"asked": ["everything"]}, "Name some of"),
        ({"measured": [["a", {LOSS: float("nan")}, ""]]}, "cannot be summed"),
        ({"scenarios": {"format": "other"}}, "not a scenario file"),
        ({"library": {"name": "small", "digest": "0"}}, "is another one. Open that library first"),
        ({"parent_config": ["x", "{"]}, "broken JSON"),
        ({"front": None}, "broken"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    full: Record, fields: dict[str, Any], words: str
) -> None:
    """One clear error that says where it is from."""
    with pytest.raises(pw.ScenarioError, match=words) as caught:
        from_json(edited(full, **fields), full.library)
    assert str(caught.value).startswith("saved state")


def test_no_path_is_written(full: Record) -> None:
    """Of the parent's configuration only the file's name."""
    config = replace(full.parent_config, source="/home/somebody/secret/llama.json")
    text = to_json(full.change(own_config=config))
    assert "secret" not in text
    again = from_json(text, full.library)
    assert again.own_config is not None
    assert again.own_config.source == "llama.json"


def test_another_library_is_refused(full: Record) -> None:
    """By what it holds, not by its name."""
    other = pw.random_library(3, 3)
    with pytest.raises(pw.ScenarioError, match="it is of the library 'small'"):
        from_json(to_json(full), other)


@pytest.mark.parametrize("saved", ["", "{", "[]", "null", '{"format": "x"}', "[" * 100_000])
def test_what_is_no_record_is_refused(saved: str) -> None:
    """Whatever was pasted."""
    for read in (saved_library, lambda text: from_json(text, first().library)):
        with pytest.raises(pw.ScenarioError, match="saved state"):
            read(saved)


def test_damaged_records_are_refused_or_read(full: Record) -> None:
    """Never another error, whatever stands where."""
    draw = random.Random(7)  # noqa: S311
    content = json.loads(to_json(full.change(scenarios=())))
    refused = 0
    for _ in range(300):
        try:
            record = from_json(damaged_json(content, draw).decode(), full.library)
        except pw.ScenarioError:
            refused += 1
        else:
            assert record.problem
    assert refused > 100
