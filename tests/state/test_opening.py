"""A run in the explorer's state: its costs, its notes, what it found."""

from __future__ import annotations

import json

import pytest

import puzzle_widgets as pw
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.scenarios.panel import ScenarioPanel
from tests.support.libraries import MEMORY, RUNTIME
from tests.support.puzzletron_run import SEARCH, Run, small_run, solutions_file, sweep_file

FIRST, SECOND = "batch_size 96, runtime_stats True", "batch_size 32, runtime_stats False"


def full_run() -> Run:
    """A run with a solution and a sweep."""
    run = small_run()
    run.files[f"{SEARCH}/solutions.json"] = solutions_file(run)
    run.files["mip_sweep_results.csv"] = sweep_file()
    return run


@pytest.fixture
def state() -> ExplorerState:
    """State in which a run was uploaded."""
    state = ExplorerState(pw.random_library(2, 2))
    state.open_files(full_run().encoded())
    return state


def test_an_upload_opens_a_run_with_what_it_found(state: ExplorerState) -> None:
    """Library, workloads, solutions and measured points."""
    assert state.workloads == (FIRST, SECOND)
    assert state.workload == FIRST
    assert [scenario.name for scenario in state.scenarios] == ["target_memory_78000MiB solution 0"]
    assert len(state.measured) == 2
    assert state.library.non_block_costs[MEMORY] == 2004.0078125


def test_other_costs_keep_what_was_kept(state: ExplorerState) -> None:
    """The architectures stay, summed by the other costs."""
    state.keep("mine")
    state.set_reference("mine")
    mine = dict(state.scenarios[-1].solution.architecture or {})
    state.choose_workload(SECOND)
    assert state.workload == SECOND
    assert RUNTIME not in state.library.keys
    again = {scenario.name: scenario.solution for scenario in state.scenarios}
    assert dict(again["mine"].architecture or {}) == mine
    assert again["mine"].totals == state.library.totals(mine)
    assert "target_memory_78000MiB solution 0" in again
    assert state.reference == "mine"
    assert any("of another workload" in notice for notice in state.notices)
    assert state.message is not None


def test_unknown_costs_leave_all_as_it_was(state: ExplorerState) -> None:
    """A message, nothing else."""
    library = state.library
    state.choose_workload("batch_size 1")
    assert state.library is library
    assert state.message is not None
    assert "no workloads fit" in state.message.text


def test_a_broken_run_leaves_all_as_it_was(state: ExplorerState) -> None:
    """The library, its costs and its scenarios stay on screen."""
    before = (state.library, state.workloads, state.scenarios, state.measured)
    files = full_run().encoded()
    files["subblock_stats.json"] = b"[{}]"
    state.open_files(files)
    assert (state.library, state.workloads, state.scenarios, state.measured) == before
    assert state.message is not None
    assert "subblock_stats.json" in state.message.text


def test_what_was_left_out_is_told(state: ExplorerState) -> None:
    """The message counts the notes and says the first; all are there to be listed."""
    run = small_run()
    del run.files[run.report_of(1, run.blocks[2])]
    state.open_files(run.encoded())
    assert len(state.notices) == 1
    assert state.message is not None
    assert "with 1 note. Left out: 1 of 8 blocks" in state.message.text


def test_another_library_forgets_the_run(state: ExplorerState) -> None:
    """No costs to choose then."""
    state.open_library(pw.random_library(2, 2))
    assert (state.workloads, state.workload, state.notices) == ((), "", ())
    state.choose_workload(SECOND)
    assert state.library.name.startswith("Random")


def test_a_state_begins_with_a_run() -> None:
    """For notebooks: what a folder holds, explored at once."""
    run = pw.open_run(full_run().encoded())
    assert run is not None
    state = ExplorerState(run)
    assert state.workloads == (FIRST, SECOND)


def test_a_config_is_loaded_as_a_scenario(state: ExplorerState) -> None:
    """Through the same control as scenarios; one that does not match changes nothing."""
    run = small_run()
    state.load_scenarios(json.dumps(run.teacher_config()).encode(), "config.json")
    assert state.scenarios[-1].name == "config.json"
    count = len(state.scenarios)
    config = run.teacher_config()
    config["block_configs"] = config["block_configs"][:1]
    config["num_hidden_layers"] = 1
    state.load_scenarios(json.dumps(config).encode(), "other.json")
    assert len(state.scenarios) == count
    assert state.message is not None
    assert state.message.level == "error"


def test_a_preset_of_other_blocks_is_refused(state: ExplorerState) -> None:
    """The message names what does not match."""
    state.add_preset("Nemotron-Super-49B")
    assert state.message is not None
    assert "80 layers, where" in state.message.text


def test_what_a_loaded_solution_cannot_show_is_said_with_it(state: ExplorerState) -> None:
    """In the message, and beneath the table of scenarios, escaped."""
    content = solutions_file(small_run())
    content[0]["total_value"] = {"metrics.<b>js</b>": 0.5}
    state.load_scenarios(json.dumps(content).encode(), "solutions.json")
    assert state.message is not None
    assert "no proof was tried" in state.message.text
    panel = ScenarioPanel(state)
    assert "it was found by metrics.&lt;b&gt;js&lt;/b&gt;, which" in panel.table.value
    panel.close()
