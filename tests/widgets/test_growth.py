"""A session that lasts holds no more widgets in its hundredth minute than in its first."""

from __future__ import annotations

import gc
from collections.abc import Callable

import ipywidgets as widgets
import pytest
from ipywidgets.widgets import widget

import puzzle_widgets as pw
from puzzle_widgets.widgets.page import page_aids
from tests.support.libraries import MEMORY, make_library

LIBRARY = make_library(
    [[(0.0, 10.0, 60.0), (1.0 + n / 7, 6.0, 40.0), (2.5, 1.0, 20.0 - n)] for n in range(4)]
)
PANELS = [
    kind
    for kind in (getattr(pw, name) for name in pw.__all__)
    if isinstance(kind, type) and issubclass(kind, widgets.Widget)
]
TABS = ("why", "others", "layer", "scenarios", "surface", "map", "export")


def move(state: pw.ExplorerState) -> None:
    """Drag a budget to and fro, past where nothing fits."""
    for limit in (38.0, 30.0, 25.0, 1.0, 17.0, 33.0):
        state.set_budget(MEMORY, limit)


def look(state: pw.ExplorerState) -> None:
    """Look at points, rows, layers and others."""
    for place in (0, 2, 1):
        state.show_point(place)
        state.open_layer(place)
    state.show_current()


def keep(state: pw.ExplorerState) -> None:
    """Save two scenarios, compare with one, and delete both."""
    for name, limit in (("one", 30.0), ("other", 20.0)):
        state.set_budget(MEMORY, limit)
        state.keep(name)
    state.set_reference(0)
    state.show_scenario(1)
    for _ in range(2):
        state.delete(0)


def pin(state: pw.ExplorerState) -> None:
    """Add rules and drop them."""
    state.pin(1, LIBRARY.layers[1].variants[0].name)
    state.forbid(2, LIBRARY.layers[2].variants[1].name)
    state.undo()
    state.redo()
    state.set_rules(())


def measure(state: pw.ExplorerState) -> None:
    """Change what the front and the maps are against."""
    for axis in ("stats.runtime_ms", MEMORY):
        state.set_front(axis)
        state.set_surface(x=axis)
        state.set_decisions(axis)


def reopen(state: pw.ExplorerState) -> None:
    """Open another library, and this one again."""
    state.open_library(make_library([[(0.0, 10.0, 60.0), (1.0, 6.0, 40.0)]] * 3))
    state.open_library(LIBRARY)


@pytest.mark.slow
@pytest.mark.parametrize("do", [look, keep, pin, measure, reopen])
def test_what_is_done_again_and_again_makes_no_more_widgets(
    do: Callable[[pw.ExplorerState], None],
) -> None:
    """In whichever tab: a widget that is replaced is closed, or it would never be freed."""
    explorer = pw.PuzzleExplorer(LIBRARY)
    for tab in TABS:
        assert_bounded(explorer, tab, do)
    explorer.close()


@pytest.mark.parametrize("tab", ["why", "layer"])
def test_a_dragged_budget_makes_no_more_widgets(tab: str) -> None:
    """Where moves change what is on the screen."""
    explorer = pw.PuzzleExplorer(LIBRARY, find_front=False)
    assert_bounded(explorer, tab, move)
    explorer.close()


def assert_bounded(
    explorer: pw.PuzzleExplorer, tab: str, do: Callable[[pw.ExplorerState], None]
) -> None:
    """Hold that what is done once more in a tab makes no more widgets."""
    explorer.tabs.choose(tab)
    do(explorer.state)
    do(explorer.state)
    before = living()
    do(explorer.state)
    assert living() == before, tab


def living() -> int:
    """Number of widgets that the front end and the kernel hold for each other."""
    gc.collect()
    return len(widget._instances)


def test_an_explorer_that_is_closed_leaves_nothing() -> None:
    """Nor do panels alone, whatever they are given."""
    pw.PuzzleExplorer(LIBRARY).close()
    before = living()
    explorer = pw.PuzzleExplorer(LIBRARY)
    for tab in TABS:
        explorer.tabs.choose(tab)
    explorer.close()
    assert living() == before


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_that_is_closed_leaves_nothing(kind: type[widgets.Widget]) -> None:
    """Nor widgets whose parts are gone: what asks for all of them would fail for good."""
    library = pw.load_library("stdlib-2m-measured")
    page_aids()
    before = living()
    kind(library).close()
    assert living() == before
