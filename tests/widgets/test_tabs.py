"""Panels in tabs: made when looked at, asleep when not, up to date when they come back."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.panel import Panel
from puzzle_widgets.widgets.tabs import Tab, TabbedPanels
from tests.state.test_sense import unclear
from tests.support.libraries import MEMORY, make_library

LIBRARY = make_library([[(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (2.5, 1.0, 20.0)]] * 4)
TABS = (
    Tab("scenarios", "Scenarios", pw.ScenarioPanel),
    Tab("surface", "Surface", pw.BudgetSurface),
    Tab("map", "Map", pw.DecisionMap),
)


@pytest.fixture
def state() -> pw.ExplorerState:
    """Give a state of four layers."""
    return pw.ExplorerState(LIBRARY)


@pytest.fixture
def tabs(state: pw.ExplorerState) -> TabbedPanels:
    """Give three tabs, the scenarios open."""
    return TabbedPanels(state, TABS)


def seen(tabs: TabbedPanels) -> list[Panel]:
    """The panels on the page that are not hidden."""
    return [child for child in tabs.body.children if "pw-closed" not in child._dom_classes]


def test_a_panel_is_made_when_its_tab_is_first_opened(tabs: TabbedPanels) -> None:
    """Only the first at the start; one that was open stays on the page, unseen."""
    assert list(tabs.made) == ["scenarios"]
    tabs.buttons["map"].click()
    assert list(tabs.made) == ["scenarios", "map"]
    assert seen(tabs) == [tabs.panel("map")]
    assert "pw-open" in tabs.buttons["map"]._dom_classes
    assert "pw-open" not in tabs.buttons["scenarios"]._dom_classes
    tabs.choose("scenarios")
    assert seen(tabs) == [tabs.panel("scenarios")]
    assert len(tabs.body.children) == 2


def test_a_tab_that_has_nothing_to_show_is_taken_away(tabs: TabbedPanels) -> None:
    """Where it was open, the first one is; it can come back."""
    tabs.choose("map")
    tabs.offer("map", on=False)
    assert tabs.buttons["map"].layout.display == "none"
    assert tabs.chosen == "scenarios"
    tabs.offer("map", on=True)
    assert tabs.buttons["map"].layout.display == ""
    assert tabs.chosen == "scenarios"


def test_a_closed_tab_draws_nothing_and_catches_up(
    state: pw.ExplorerState, tabs: TabbedPanels
) -> None:
    """What changed meanwhile is there when it is opened again."""
    scenarios = tabs.body.children[0]
    tabs.choose("map")
    before = scenarios.table.value
    state.keep("kept meanwhile")
    assert scenarios.table.value == before
    tabs.choose("scenarios")
    assert "kept meanwhile" in scenarios.table.value
    state.keep("kept now")
    assert "kept now" in scenarios.table.value


def test_maps_are_searched_when_they_are_first_looked_at(
    state: pw.ExplorerState, tabs: TabbedPanels
) -> None:
    """Not before; and in a library that is opened while one is open, or before it is open again."""
    assert (state.surface, state.decisions) == (None, None)
    tabs.choose("surface")
    assert state.surface is not None
    assert state.surface.complete
    tabs.choose("map")
    assert state.decisions is not None
    state.open_library(make_library([[(0.0, 8.0, 50.0), (1.0, 5.0, 30.0)]] * 3))
    assert state.decisions is not None
    assert state.decisions.problem.library is state.library
    assert [state.surface] == [None]
    tabs.choose("surface")
    assert state.surface.complete


def test_a_map_waits_for_the_sense_of_its_score(tabs: TabbedPanels) -> None:
    """It is searched once that is told."""
    tabs.state.open_library(unclear())
    tabs.choose("surface")
    assert tabs.state.question
    assert tabs.state.surface is None
    tabs.state.set_objective(tabs.state.objective, "maximize")
    assert tabs.state.surface is not None


def test_a_panel_that_is_asked_for_is_up_to_date(
    state: pw.ExplorerState, tabs: TabbedPanels
) -> None:
    """Whether its tab is open or not; asking opens none."""
    surface = tabs.panel("surface")
    assert state.surface is None
    state.set_surface(x="stats.runtime_ms", y=MEMORY)
    assert tabs.panel("surface") is surface
    assert surface.x.value == "stats.runtime_ms"
    assert tabs.chosen == "scenarios"
    assert seen(tabs) == [tabs.panel("scenarios")]


def test_a_tab_is_enlarged_and_brought_back(tabs: TabbedPanels) -> None:
    """The button says which it does."""
    tabs.enlarge.click()
    assert "pw-wide" in tabs._dom_classes
    assert tabs.enlarge.tooltip.startswith("Back")
    tabs.enlarge.click()
    assert "pw-wide" not in tabs._dom_classes
    assert tabs.enlarge.tooltip.startswith("Enlarge")


def test_the_explorer_opens_what_is_asked_for() -> None:
    """A layer in its tab; tabs count scenarios; nothing else is made before."""
    explorer = pw.PuzzleExplorer(LIBRARY, find_front=False)
    assert explorer.tabs.made == ("why",)
    explorer.state.open_layer(2)
    assert explorer.tabs.chosen == "layer"
    assert explorer.tabs.buttons["layer"].description == "Layer 2"
    explorer.status.keep.click()
    assert [one.solution for one in explorer.state.scenarios] == [explorer.solution]
    assert explorer.tabs.buttons["scenarios"].description == "Scenarios 1"
    explorer.state.open_layer(None)
    assert explorer.tabs.buttons["layer"].description == "Layer"
    explorer.close()


def test_the_open_tab_is_kept() -> None:
    """By what is saved, whatever layer is open; it is no step to undo, nor undone."""
    explorer = pw.PuzzleExplorer(LIBRARY, find_front=False)
    state = explorer.state
    state.open_layer(2)
    explorer.tabs.buttons["scenarios"].click()
    assert state.undoable == ""
    state.set_front_points(7)
    explorer.tabs.buttons["export"].click()
    state.undo()
    assert (explorer.tabs.chosen, state.looks.tab) == ("export", "export")
    again = pw.PuzzleExplorer(pw.ExplorerState.from_json(state.to_json(), LIBRARY))
    assert again.tabs.chosen == "export"
    assert again.tabs.made == ("export",)
    again.state.open_layer(2)
    assert again.tabs.chosen == "layer"
    again.state.set_looks(tab="nowhere")
    assert again.tabs.chosen == "layer"
    explorer.close()
    again.close()


@pytest.mark.parametrize("kind", [pw.BudgetSurface, pw.DecisionMap, pw.ParetoPlot])
def test_a_sweep_alone_has_something_to_see(kind: type[Panel]) -> None:
    """It is searched at once; on a state that others show, it waits to be asked."""
    alone = kind(LIBRARY)
    assert getattr(alone.state, alone.sweep).complete
    shared = kind(pw.ExplorerState(LIBRARY))
    assert getattr(shared.state, shared.sweep) is None
