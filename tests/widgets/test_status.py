"""Tests of the status panel and of the words it finds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import ipywidgets as widgets
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.quantity import format_brief
from puzzle_widgets.state import Selection
from puzzle_widgets.widgets.panel import MessageBar
from puzzle_widgets.widgets.status import facts, status_words
from puzzle_widgets.widgets.tiles import tiles
from tests.support.libraries import MEMORY, RUNTIME, make_library

KEYS = ("metrics.loss", MEMORY, RUNTIME)


@pytest.fixture
def state() -> pw.ExplorerState:
    """Four layers whose parent has a loss of 8 in sum, 4,096 MiB and 400 ms."""
    rows = [[2.0, 1024.0, 100.0], [2.5, 500.0, 60.0], [4.0, 100.0, 10.0]]
    return pw.ExplorerState(make_library([rows] * 4, KEYS))


@pytest.fixture
def panel(state: pw.ExplorerState) -> pw.StatusPanel:
    """Give a panel on the state."""
    return pw.StatusPanel(state)


def test_proven_answer_is_called_optimal_with_its_figures(panel: pw.StatusPanel) -> None:
    """Status, bound, gap, score, memory, runtime, throughput and speed-up are there."""
    shown = panel.state.shown
    assert "Optimal, proven" in panel.line.value
    for words in (
        "bound ",
        "gap 0 %",
        f"bound {shown.score:.6f}",
        f"title='{shown.score:.12g}'",
        "Memory",
        "Runtime",
        "Throughput",
        "Speedup",
        "of 4,096 MiB",
        "batch size x sequence length / summed runtime",
    ):
        assert words in panel.figures.value


def test_increase_over_the_parent_is_told_where_it_has_a_score(panel: pw.StatusPanel) -> None:
    """A loss of the parent's own is subtracted: the increase is what the search adds."""
    increase = panel.state.shown.score - 8
    assert f"+{format_brief(increase)} against the parent 8<" in panel.figures.value


def test_budgets_without_answer_give_the_reason_and_no_figures(panel: pw.StatusPanel) -> None:
    """Infeasible is said with its reason; no tile of an earlier answer stays."""
    panel.state.set_budget(0, value=1.0)
    assert "Infeasible" in panel.line.value
    assert "least possible is 400 MiB" in panel.figures.value
    assert "pw-tile" not in panel.figures.value
    assert "Optimal" not in panel.line.value


def test_updating_is_marked_and_the_old_picture_stays(panel: pw.StatusPanel) -> None:
    """While a search runs the figures stay, dimmed, and the line says so."""
    figures = panel.figures.value
    panel.state._put(updating=True)
    assert "Updating" in panel.line.value
    assert "pw-stale" in panel.figures._dom_classes
    assert panel.figures.value == figures
    panel.state._put(updating=False)
    assert "Updating" not in panel.line.value
    assert "pw-stale" not in panel.figures._dom_classes


def test_answer_to_earlier_budgets_is_not_called_optimal(panel: pw.StatusPanel) -> None:
    """Where the search for the current budgets failed, the old proof is not theirs."""
    panel.state._put(problem=panel.state.problem.with_budget(MEMORY))
    assert "Optimal" not in panel.line.value
    assert "earlier budgets" in panel.line.value


def test_nothing_shown_yet_is_said(panel: pw.StatusPanel) -> None:
    """Before the first answer there are no figures."""
    panel.state._put(updating=True)
    panel.state._put(shown=None)
    assert "Updating" in panel.line.value
    assert panel.figures.value == ""
    panel.state._put(updating=False)
    assert "No answer yet" in panel.line.value


def shown_of(state: pw.ExplorerState) -> pw.Solution:
    """Give what is shown."""
    assert state.shown is not None
    return state.shown


@pytest.mark.parametrize(
    ("bound", "words"),
    [(math.nan, "Feasible, no bound known"), (9.96, "Feasible, gap 0.4 %"), (10, "gap 0 %")],
)
def test_unproven_answers_are_never_called_optimal(
    state: pw.ExplorerState, bound: float, words: str
) -> None:
    """A feasible answer gives its gap as far as a bound is known."""
    unproven = replace(shown_of(state), status="feasible", score=10.0, bound=bound)
    said = status_words(unproven)
    assert words in said
    assert "Optimal" not in said
    assert "optimal" not in facts(unproven)


def test_small_gap_is_not_rounded_away(state: pw.ExplorerState) -> None:
    """A gap of a millionth is not shown as none."""
    unproven = replace(shown_of(state), status="feasible", score=10.0, bound=9.99999)
    assert status_words(unproven) == "Feasible, gap 0.0001 %"


def test_search_that_ran_out_of_time_is_told(state: pw.ExplorerState) -> None:
    """Without an architecture in time, the status says that and nothing more."""
    late = replace(shown_of(state), status="no_solution_in_time", architecture=None)
    assert status_words(late) == "No solution in time"


def test_point_of_the_front_is_named_and_left_again(panel: pw.StatusPanel) -> None:
    """Point and count stand in the title; the button goes back to the current budgets."""
    state = panel.state
    assert panel.back.layout.display == "none"
    assert "Current solution" in panel.head.value
    state.start("front")
    state.show_point(1)
    assert f"Point 2 of {len(state.front.solutions)}" in panel.head.value
    assert panel.back.layout.display == ""
    assert "Budgets of this answer: Throughput ≥" in panel.figures.value
    panel.back.click()
    assert "Budgets of this answer" not in panel.figures.value
    assert state.selection == Selection()
    assert panel.back.layout.display == "none"


def test_present_search_does_not_mark_a_point_as_updating(panel: pw.StatusPanel) -> None:
    """A point's own proof stands while the current budgets are searched."""
    panel.state.start("front")
    panel.state.show_point(0)
    panel.state._put(updating=True)
    assert "Updating" not in panel.line.value
    assert "Optimal, proven" in panel.line.value


def test_scenario_is_named_with_its_markup_escaped(panel: pw.StatusPanel) -> None:
    """A scenario's name is text; renaming shows at once."""
    panel.state.keep("<i>edge</i>")
    panel.state.show_scenario(0)
    assert "&lt;i&gt;edge" in panel.head.value
    assert "<i>" not in panel.head.value
    panel.state.rename(0, "edge")
    assert panel.state.shown_name == "Scenario \u2018edge\u2019"


def test_engine_of_a_loaded_file_is_escaped(state: pw.ExplorerState) -> None:
    """What a scenario file says of its engine cannot bring tags into the page."""
    assert "<b>" not in facts(replace(shown_of(state), engine="<b>mine</b>"))


def test_library_of_unknown_costs_shows_those() -> None:
    """Without memory and runtime, the library's own costs and no throughput are shown."""
    library = make_library([[[0, 3], [1, 1]]], ("metrics.loss", "stats.<cost>"))
    panel = pw.StatusPanel(library)
    assert "&lt;cost&gt;" in panel.figures.value
    assert "Throughput" not in panel.figures.value


def test_cost_as_objective_has_its_unit_and_one_tile(state: pw.ExplorerState) -> None:
    """Memory as the objective is written in MiB, and not twice."""
    state.set_objective(MEMORY)
    shown = str(tiles(shown_of(state)))
    assert shown.count("Memory") == 1
    assert "<small>MiB</small>" in shown


def test_messages_have_one_place(state: pw.ExplorerState) -> None:
    """The panel shows messages itself unless its page does."""
    alone = pw.StatusPanel(state)
    assert isinstance(alone.messages, MessageBar)
    assert alone.messages in alone.children
    assert pw.StatusPanel(state, messages=False).messages is None


def test_panel_follows_another_library_and_lets_go_when_closed(panel: pw.StatusPanel) -> None:
    """The figures are the new library's; a closed panel changes no more."""
    panel.state.open_library(pw.random_library(2, 3))
    assert "Loss" in panel.figures.value
    figures = panel.figures.value
    panel.close()
    panel.state.set_budget(0, on=False)
    assert panel.figures.value == figures


def test_a_degenerate_answer_is_not_plain_green(state: pw.ExplorerState) -> None:
    """What the answer's notes say stands under the line, escaped, and the line is a warning."""
    panel = pw.StatusPanel(state)
    assert "pw-good" in panel.line.value
    library = make_library([[[2.0, 1024.0, 100.0], [2.5, 500.0, 60.0], [9.0, 0.0, 0.0]]] * 4, KEYS)
    named = replace(library, units=FrozenMapping({MEMORY: "<b>MiB</b>"}))
    state.open_library(named)
    state.set_budget(0, value=0.85)
    assert "Optimal, proven, with " in panel.line.value
    assert "pw-warn" in panel.line.value
    assert "pw-good" not in panel.line.value
    assert "<b>Warning:</b>" in panel.figures.value
    assert "&#34;85 %&#34;" in panel.figures.value
    assert "<b>MiB</b>" not in panel.figures.value


def test_budgets_that_hold_the_answer_back_are_named(panel: pw.StatusPanel) -> None:
    """With the answer, live; nothing is said without budgets or without an answer."""
    panel.state.set_budget("throughput", on=False)
    panel.state.set_budget(MEMORY, 3_000)
    assert "Limited by Memory<" in panel.limits.value
    panel.state.set_budget(MEMORY, 5_000)
    assert "No budget is the limit" in panel.limits.value
    panel.state.set_budget(MEMORY, 1)
    assert panel.limits.value == ""
    panel.state.set_budget(MEMORY, on=False)
    assert panel.limits.value == ""


def test_each_answer_is_said_once(panel: pw.StatusPanel) -> None:
    """In one sentence with its figures; nothing else of the panel is read out by itself."""
    live = [child for child in walk(panel) if "pw-live" in child._dom_classes]
    assert live == [panel.spoken]
    panel.state.set_budget("throughput", on=False)
    panel.state.set_budget(MEMORY, 3_000)
    said = panel.spoken.value
    assert said.startswith("Current solution: Optimal, proven. Loss, summed 9.50, ")
    assert " MiB, " in said
    assert said.endswith("Limited by Memory.")
    panel.state.set_budget(MEMORY, 1)
    assert panel.spoken.value.startswith("Current solution: Infeasible. ")


def walk(box: widgets.Widget) -> Iterator[widgets.Widget]:
    """Give a widget and all below it."""
    yield box
    for child in getattr(box, "children", ()):
        yield from walk(child)


def test_what_is_only_good_to_know_leaves_the_answer_green(panel: pw.StatusPanel) -> None:
    """The parent is the answer without budgets: said as a note, and no warning."""
    panel.state.budgets = ()
    assert "<b>Note:</b>" in panel.figures.value
    assert "the parent itself" in panel.figures.value
    assert "pw-good" in panel.line.value
    assert "warning" not in panel.line.value


def test_a_page_with_budgets_says_there_why_nothing_is_feasible(state: pw.ExplorerState) -> None:
    """Once: here it points to them."""
    panel = pw.StatusPanel(state, reasons=False)
    state.set_budget(0, 1.0)
    assert "Infeasible" in panel.line.value
    assert "least possible" not in panel.figures.value
    assert "See Budgets" in panel.figures.value


def test_figures_are_set_against_the_reference(panel: pw.StatusPanel) -> None:
    """As it is chosen, renamed and dropped; its name is text."""
    panel.state.keep("<A>")
    panel.state.set_budget(MEMORY, 1_000)
    assert "vs" not in panel.figures.value
    panel.state.set_reference("<A>")
    assert panel.figures.value.count(" vs &lt;A&gt;") >= 4
    panel.state.rename("<A>", "B")
    assert " vs B<" in panel.figures.value
    panel.state.show_scenario("B")
    assert "same as B<" in panel.figures.value
    panel.state.set_reference(None)
    assert " B<" not in panel.figures.value


def test_an_answer_that_takes_no_time_is_no_success() -> None:
    """Its throughput is said in words and as a warning, and so is its proof."""
    panel = pw.StatusPanel(make_library([[[2.0, 1024.0, 100.0], [9.0, 0.0, 0.0]]] * 4, KEYS))
    panel.state.set_budget("throughput", on=False)
    panel.state.set_budget(MEMORY, 0.5)
    assert "<b class='pw-warn'>no runtime left</b>" in panel.figures.value
    assert "inf" not in panel.figures.value
    assert "\N{INFINITY}" not in panel.figures.value
    assert "pw-good" not in panel.line.value
