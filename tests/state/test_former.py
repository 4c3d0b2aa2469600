"""Scenarios of libraries that were open before: they stay, come back, are saved and found again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library
from puzzle_widgets.state.former import MOST_FORMER
from puzzle_widgets.state.former_actions import library_of
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library
from tests.support.two_libraries import embedded_on, small, without

H100, H200 = replace(small(), name="on H100"), replace(small("NVIDIA H200", 0.5), name="on H200")
FILES = {"h100.json": dump_library(H100).encode()}


def on(library: pw.BlockLibrary, name: str, limit: float = 6.0) -> pw.ExplorerState:
    """A state with a scenario of a library."""
    state = pw.ExplorerState(pw.SearchProblem(library, minimize=LOSS, budgets={RUNTIME: limit}))
    state.keep(name)
    return state


def two() -> pw.ExplorerState:
    """A scenario of the H100's library, then one of the H200's, which is open."""
    state = on(H100, "mine")
    state.open_problem(pw.SearchProblem(H200, minimize=LOSS, budgets={RUNTIME: 2.6}))
    state.keep("theirs")
    return state


def names(state: pw.ExplorerState) -> list[str]:
    """Names of all scenarios, the open library's first."""
    return [one.name for one in state.record.kept]


def test_scenarios_stay_with_the_figures_of_their_own_library() -> None:
    """They are no scenarios of the open one, and name theirs by its hash."""
    state = two()
    assert [one.name for one in state.scenarios] == ["theirs"]
    (group,) = state.former
    assert group.of.digest == library_of(on(H100, "x").record).digest
    assert names(state) == ["theirs", "mine"]
    assert state.record.kept[1].solution.library is H100
    assert state.record.kept[1].solution.totals[RUNTIME] == 6


def test_they_come_back_with_their_library() -> None:
    """And those of the other one stay."""
    state = two()
    state.open_library(H100)
    assert [one.name for one in state.scenarios] == ["mine"]
    assert names(state) == ["mine", "theirs"]
    state.open_library(H100)
    assert names(state) == ["mine", "theirs"]


def test_opening_is_undone_at_once() -> None:
    """Scenarios are where they were, and again where they went."""
    state = two()
    state.open_library(H100)
    assert state.undo().startswith("library")
    assert names(state) == ["theirs", "mine"]
    assert state.library == H200
    state.redo()
    assert names(state) == ["mine", "theirs"]
    state.undo()
    state.delete("mine")
    assert state.former == ()
    assert state.undo() == "scenarios"
    assert names(state) == ["theirs", "mine"]


def test_names_are_taken_once() -> None:
    """A former one gets a number where the open library's has its name."""
    state = on(H100, "best")
    state.open_solution(replace(pw.evaluate(H200, {0: "v1", 1: "v1"}), engine="x"))
    assert names(state) == ["given", "best"]
    state.keep("other")
    state.keep("best")
    assert state.message is not None
    assert "'best' is taken" in state.message.text
    state.rename("best", "old best")
    assert names(state) == ["given", "other", "old best"]
    state.rename("given", "best")
    state.open_library(H100)
    assert names(state) == ["old best", "best", "other"]


def test_only_so_many_libraries_are_kept() -> None:
    """The ones opened last; each is in memory."""
    state = on(H100, "0")
    for number in range(1, MOST_FORMER + 3):
        library = small(f"GPU {number}", 1 + number)
        state.open_library(library)
        state.keep(f"{number}")
    newest = MOST_FORMER + 2
    assert names(state) == [str(n) for n in range(newest, newest - MOST_FORMER - 1, -1)]


def test_a_former_one_can_be_the_reference_where_the_layers_match() -> None:
    """It stays one when its library is left; of another model it is refused, or goes."""
    state = on(H100, "mine")
    state.set_reference("mine")
    state.open_library(H200)
    assert state.record.reference_scenario is state.record.kept[0]
    state.open_library(make_library([[(0, 1, 1), (1, 0, 0)]] * 3))
    assert state.reference == ""
    with pytest.raises(pw.ScenarioError, match=r"'mine' cannot be the reference: .*3 layers"):
        state.set_reference("mine")
    state.open_library(H200)
    state.set_reference(0)
    state.delete(0)
    assert state.reference == ""


def test_it_is_not_shown_but_summed_here() -> None:
    """Exactly, by the open library, as a scenario of that."""
    state = two()
    with pytest.raises(pw.ScenarioError, match="'mine' is of another library, on H100"):
        state.show_scenario("mine")
    state.sum_here("mine")
    assert [one.name for one in state.scenarios] == ["theirs", "mine on H200"]
    here = state.scenarios[1]
    assert here.solution.library is state.library
    assert here.solution.totals[RUNTIME] == 3
    assert here.solution.architecture == state.record.kept[2].solution.architecture
    assert here.notes[0].startswith("found on H100 ")
    state.sum_here("theirs")
    assert state.message is not None
    assert "summed already" in state.message.text


def test_what_the_open_library_cannot_sum_is_said() -> None:
    """And nothing changes."""
    few = tuple(replace(layer, variants=layer.variants[:1]) for layer in H200.layers)
    state = on(H100, "mine")
    state.open_library(replace(H200, layers=few))
    state.sum_here("mine")
    assert state.scenarios == ()
    assert state.message is not None
    assert "does not have the blocks of layers 0 of this" in state.message.text


def test_a_saved_state_holds_every_scenarios_library_by_its_hash() -> None:
    """Whoever has these libraries goes on as it was; no path is written."""
    state = two()
    state.set_reference("mine")
    saved = state.to_json()
    assert json.loads(saved)["former"][0]["library"]["digest"] == state.former[0].of.digest
    other = pw.ExplorerState(H100)
    other.open_library(H200)
    assert other.open_saved(saved)
    assert names(other) == ["theirs", "mine"]
    assert other.reference == "mine"
    assert other.record.kept[1].solution.totals == state.record.kept[1].solution.totals
    assert other.to_json() == saved or json.loads(other.to_json())["reference"] == "mine"


def test_scenarios_wait_for_a_library_that_is_not_here() -> None:
    """It is asked for by its hash, another one is refused, and with it they are there."""
    state = two()
    state.set_reference("mine")
    saved = state.to_json()
    again = pw.ExplorerState.from_json(saved, H200)
    assert [one.missing for one in again.former] == [True]
    assert (names(again), again.reference) == (["theirs"], "mine")
    assert again.record.reference_place is None
    assert json.loads(again.to_json())["former"] == json.loads(saved)["former"]
    again.bring_library({"other.json": dump_library(small("B200", 3)).encode()})
    assert again.message is not None
    assert "is not what the scenarios wait for: on H100 (SHA-256" in again.message.text
    again.bring_library(FILES)
    assert names(again) == ["theirs", "mine"]
    assert again.record.reference_scenario is again.record.kept[1]
    assert again.library == H200
    assert again.undo() == "scenarios"
    assert [one.missing for one in again.former] == [True]


def test_opening_the_library_itself_takes_up_what_waits_for_it() -> None:
    """As its own scenarios."""
    again = pw.ExplorerState.from_json(two().to_json(), H200)
    again.open_files(FILES)
    assert [one.name for one in again.scenarios] == ["mine"]
    assert names(again) == ["mine", "theirs"]


def test_a_dataset_is_found_by_its_name_only_where_it_is_offered() -> None:
    """And is taken only where its hash is the same."""
    state = on_embedded()
    again = pw.ExplorerState.from_json(state.to_json(), H200)
    assert names(again) == ["embedded"]
    content = json.loads(state.to_json())
    content["former"][0]["library"]["digest"] = "0" * 64
    assert pw.ExplorerState.from_json(json.dumps(content), H200).former[0].missing
    content["former"][0]["library"]["dataset"] = "/etc/passwd"
    assert pw.ExplorerState.from_json(json.dumps(content), H200).former[0].missing


def on_embedded() -> pw.ExplorerState:
    """A scenario of an embedded library, with another one open."""
    state = pw.ExplorerState("stdlib-2m-measured")
    state.keep("embedded")
    state.open_library(H200)
    return state


def test_older_states_open() -> None:
    """Of before there were other libraries."""
    content = json.loads(on(H100, "mine").to_json())
    del content["former"]
    again = pw.ExplorerState.from_json(json.dumps(content | {"version": 2}), H100)
    assert names(again) == ["mine"]


@pytest.mark.parametrize(
    "broken", [[1], [{}], [{"library": {"name": "x", "digest": "y"}}], "x", {"a": 1}]
)
def test_broken_ones_are_refused(broken: object) -> None:
    """With a message, never an error of Python's."""
    content = json.loads(on(H100, "mine").to_json())
    with pytest.raises(pw.ScenarioError):
        pw.ExplorerState.from_json(json.dumps(content | {"former": broken}), H100)


def test_another_workload_of_a_library_is_another_library() -> None:
    """How it was served is said, saved, and served again."""
    embedded = pw.load_library("llama-3.3-70b-modeled")
    state = pw.ExplorerState(embedded)
    state.set_serving(pw.Serving(batch_size=64))
    state.keep("64")
    state.open_library(embedded_on())
    assert state.former[0].serving.batch_size == 64
    again = pw.ExplorerState.from_json(state.to_json(), embedded_on())
    (kept,) = again.record.kept
    assert kept.solution.library.measurement.batch_size == 64
    assert kept.solution.totals[MEMORY] == state.record.kept[0].solution.totals[MEMORY]
    again.open_library(embedded)
    assert again.scenarios == ()
    assert names(again) == ["64"]


def test_scenarios_of_a_file_go_to_their_own_library() -> None:
    """By the hash that each names, where that library is here."""
    from puzzle_widgets.files.scenario_file import dump_scenarios  # noqa: PLC0415

    state = two()
    text = dump_scenarios(state.record.kept).encode()
    other = on(H100, "own")
    other.open_library(H200)
    other.load_scenarios(text, "both.json")
    assert [one.name for one in other.scenarios] == ["theirs"]
    assert names(other) == ["theirs", "own", "mine"]
    other.load_scenarios(text, "both.json")
    assert names(other) == ["theirs", "own", "mine"]


def test_weighted_scores_come_back_too() -> None:
    """The sums go with their scenarios."""
    state = pw.ExplorerState(pw.SearchProblem(H100, minimize={LOSS: 2.0}))
    state.keep("weighed")
    saved_by = state.record.kept[0].solution.problem.objective
    state.open_library(H200)
    assert state.record.kept[0].solution.problem.objective == saved_by
    again = pw.ExplorerState(H100)
    again.open_library(H200)
    again.open_saved(state.to_json())
    state.open_library(H100)
    assert saved_by in state.library.keys
    assert [one.name for one in state.scenarios] == ["weighed"]
    state.sum_here(0)
    assert state.message is not None


def test_what_it_asked_is_asked_here() -> None:
    """Limits in their own units, a weighted score, and rules: of the open library."""
    state = pw.ExplorerState(
        pw.SearchProblem(
            H100,
            minimize={LOSS: 2.0},
            layer_weights={1: 0.5},
            budgets={RUNTIME: 6},
            throughput=17.0,
            rules=[pw.rules.few_blocks(H100, 1)],
        )
    )
    state.keep("mine")
    asked = state.problem
    state.open_library(H200)
    state.set_budget(RUNTIME, 1)
    state.restore("mine")
    here = state.problem
    assert here.library.plain is H200
    assert (here.weights, here.layer_weights) == (asked.weights, asked.layer_weights)
    assert here.budgets[RUNTIME].upper == pytest.approx(asked.budgets[RUNTIME].upper)
    assert here.distinct == asked.distinct
    assert state.rules[0].words == "those of scenario 'mine'"
    assert state.solution is not None
    assert state.solution.status == "optimal"
    state.open_library(H100)
    state.restore("mine")
    assert state.problem == asked


def test_what_it_asked_is_refused_where_it_makes_no_sense() -> None:
    """Of another model, of a library without the cost, or without a block that rules name."""
    state = on(H100, "mine")
    state.open_library(make_library([[(0, 1, 1), (1, 0, 0)]] * 3))
    for library, words in (
        (state.library, "3 layers"),
        (without(H200, RUNTIME), "Runtime is limited, and is not known"),
    ):
        state.open_library(library)
        before = state.record
        with pytest.raises(
            pw.ScenarioError, match=f"'mine' was asked makes no sense here: .*{words}"
        ):
            state.restore("mine")
        assert state.record is before
    few = replace(
        H200, layers=tuple(replace(layer, variants=layer.variants[:2]) for layer in H200.layers)
    )
    state.open_library(few)
    state.restore("mine")  # no rule names a block
    assert state.problem.budgets[RUNTIME].upper == 6
    ruled = pw.ExplorerState(pw.SearchProblem(H100, minimize=LOSS, banned={0: ["v2"]}))
    ruled.keep("ruled")
    ruled.open_library(few)
    with pytest.raises(pw.ScenarioError, match="no 'v2'"):
        ruled.restore("ruled")
