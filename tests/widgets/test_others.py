"""Tests of the panel of others that are nearly as good."""

from __future__ import annotations

from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.others import OthersPanel
from tests.support.libraries import MEMORY, make_library

ROWS = [(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (1.2, 6.0, 20.0), (2.5, 1.0, 20.0)]
LIBRARY = make_library([[(score * n, *rest) for score, *rest in ROWS] for n in (3, 4, 5, 6)])


@pytest.fixture
def state() -> pw.ExplorerState:
    """Give a state of four layers within a limit on memory."""
    state = pw.ExplorerState(LIBRARY)
    state.budgets = (pw.BudgetSetting(MEMORY, "at most", 30.0, on=True),)
    state.set_looks(near=0.1)
    return state


def test_it_counts_and_pictures_them(state: pw.ExplorerState) -> None:
    """The number is that of the search; every picture says score, excess and layers."""
    panel = OthersPanel(state)
    found = pw.alternatives(state.problem, 0.1, diverse=7)
    assert found.exact
    assert found.least > 2
    assert f"<b>{found.least} architectures score within 10 %" in panel.count.value
    first, second, *_ = panel.gallery.items
    assert (first["name"], first["words"]) == ("Optimum", "Proven")
    excess = found.diverse[1].score / found.solution.score - 1
    layers = len(found.diverse[1].differing_layers(found.solution))
    assert second["words"].startswith(f"+{100 * excess:.2f} %, {layers} layer")
    assert sum(second["differs"]) == layers
    assert len(second["parts"][0][0]) == 4


def test_a_click_shows_one_and_the_optimum_again(state: pw.ExplorerState) -> None:
    """What is shown keeps its problem, is not called optimal, and does not end the search."""
    panel = OthersPanel(state)
    panel.gallery._heard(None, {"show": 1}, None)
    assert state.shown_name == "Other 1"
    assert state.shown.status == "feasible"
    assert state.shown.problem == state.problem
    assert state.shown.bound == pytest.approx(state.solution.score)
    assert panel.gallery.chosen == 1
    assert "pw-stale" not in panel.box._dom_classes
    state.keep("mine")
    assert state.scenarios[0].solution.architecture == state.shown.architecture
    panel.gallery._heard(None, {"show": 0}, None)
    assert state.selection.kind == "current"
    assert panel.gallery.chosen == 0


@pytest.mark.parametrize("said", [None, {}, {"show": 99}, {"show": -1}, {"show": "1"}, [1]])
def test_what_a_page_must_not_say_is_ignored(state: pw.ExplorerState, said: object) -> None:
    """Nothing else is shown."""
    panel = OthersPanel(state)
    panel.gallery._heard(None, said, None)
    assert state.selection.kind == "current"
    assert state.message is None


def test_how_near_is_chosen(state: pw.ExplorerState) -> None:
    """Fewer are within 1 %; what a file says beyond the choices is the first of them."""
    panel = OthersPanel(state)
    before = state.others.least
    panel.near.value = 0.01
    assert state.looks.near == 0.01
    assert state.others.least < before
    state.set_looks(near=1e9)
    assert panel.near.value == 0.01
    assert state.others.within == 0.01


def test_asleep_it_searches_nothing_and_what_is_shown_stays(state: pw.ExplorerState) -> None:
    """A picture that was chosen is shown while its tab is closed."""
    panel = OthersPanel(state)
    state.show_other(1)
    panel.sleep()
    assert [state.others] == [None]
    assert state.shown_name == "Other 1"
    panel.wake()
    assert state.others is not None
    assert panel.gallery.chosen == 1


def test_without_an_architecture_it_says_so(state: pw.ExplorerState) -> None:
    """Nothing is nearly as good as nothing."""
    panel = OthersPanel(state)
    state.set_budget(MEMORY, 1.0)
    assert "No architecture is within the budgets." in panel.count.value
    assert panel.gallery.layout.display == "none"


def test_names_of_layers_are_escaped() -> None:
    """They are no markup."""
    first, *rest = LIBRARY.layers
    layers = (pw.Layer("<b>x", first.variants, first.parent), *rest)
    state = pw.ExplorerState(replace(LIBRARY, layers=layers))
    state.set_looks(near=0.1)
    state.set_budget(MEMORY, 30.0)
    panel = OthersPanel(state)
    assert "&lt;b&gt;x" in panel.recurs.value
    assert "<b>x" not in panel.recurs.value


def test_it_is_saved_and_undone(state: pw.ExplorerState) -> None:
    """A saved state shows it again; a new objective or budget ends it."""
    state.want("others")
    state.show_other(1)
    again = pw.ExplorerState.from_json(state.to_json(), LIBRARY)
    assert again.shown_name == "Other 1"
    assert again.shown.architecture == state.shown.architecture
    assert again.shown.problem == again.problem
    state.set_budget(MEMORY, 31.0)
    assert state.selection.kind == "current"
    assert state.record.other is None
