"""The head of the explorer with a run open: its costs and its notes."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files import presets
from puzzle_widgets.library.puzzletron.blocks import NO_OP, Block, RunSubblock
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.html import folded_list
from puzzle_widgets.widgets.library_bar import LibraryBar
from puzzle_widgets.widgets.scenarios.panel import ScenarioPanel
from tests.support.libraries import published_folder
from tests.support.puzzletron_run import small_run

SECOND = "batch_size 32, runtime_stats False"


def test_the_chooser_of_costs_appears_with_a_run() -> None:
    """Hidden without one; choosing opens the other costs."""
    state = ExplorerState(pw.random_library(2, 2))
    bar = LibraryBar(state)
    assert bar.workload.layout.display == "none"
    state.open_files(small_run().encoded())
    assert bar.workload.layout.display == ""
    assert bar.costs.value == "batch_size 96, runtime_stats True"
    bar.costs.value = SECOND
    assert state.costs_chosen == SECOND
    assert state.library.measurement.batch_size == 32
    assert bar.costs.value == SECOND
    state.open_library(pw.random_library(2, 2))
    assert bar.workload.layout.display == "none"


def test_notes_are_listed_and_escaped() -> None:
    """All of them, beneath a line that opens by key."""
    state = ExplorerState(pw.random_library(2, 2))
    bar = LibraryBar(state)
    assert bar.notes.layout.display == "none"
    run = small_run()
    del run.files[run.report_of(0, run.blocks[1])]
    state.open_files(run.encoded())
    assert "Notes on what was opened (1)" in bar.notes.value
    assert folded_list("Notes", []) == ""
    assert "<b>" not in folded_list("Notes", ["<b>"])


def test_a_preset_is_offered_where_its_blocks_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A button adds it as a scenario; libraries without its blocks have none."""
    wide = RunSubblock("ffn", (("intermediate", 14336),))
    blocks = [Block((("attention", NO_OP), ("ffn", wide)))] * 2
    monkeypatch.setattr(presets, "_presets", lambda: {"Small": blocks})
    state = ExplorerState(pw.random_library(2, 2))
    panel = ScenarioPanel(state)
    assert panel.presets.children == ()
    state.open_files(small_run().encoded())
    (offer,) = panel.presets.children
    assert offer.description == "Add Small"
    offer.click()
    assert [scenario.name for scenario in state.scenarios] == ["Small"]


def test_the_published_49b_model_is_offered_for_the_published_library() -> None:
    """One press adds it, with its figures in the table."""
    state = ExplorerState(pw.load_library(published_folder()))
    panel = ScenarioPanel(state)
    (offer,) = panel.presets.children
    offer.click()
    (scenario,) = state.scenarios
    assert scenario.name == "Nemotron-Super-49B"
    assert "Nemotron-Super-49B" in panel.table.value
