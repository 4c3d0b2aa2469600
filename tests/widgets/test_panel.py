"""What panels share: messages, the question of a sense, what they take and keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.state import ExplorerState, from_json, to_json
from puzzle_widgets.widgets.budgets.panel import BudgetPanel
from puzzle_widgets.widgets.panel import MessageBar, Panel
from puzzle_widgets.widgets.status import StatusPanel
from tests.state.test_sense import unclear
from tests.support.libraries import EMBEDDED, LOSS, MEMORY, make_library


@pytest.fixture
def state() -> pw.ExplorerState:
    """Give a state of a small library."""
    return pw.ExplorerState(pw.random_library(3, 3))


def test_bar_takes_no_room_without_a_message(state: pw.ExplorerState) -> None:
    """Nothing is shown at first, and nothing after the message is dismissed."""
    bar = MessageBar(state)
    assert bar.layout.display == "none"
    state.say("hello")
    assert bar.layout.display == "flex"
    bar.dismiss.click()
    assert state.message is None
    assert bar.layout.display == "none"


def test_errors_look_and_sound_like_errors(state: pw.ExplorerState) -> None:
    """An error is an alert with its own style; an info after it is not."""
    bar = MessageBar(state)
    state.say("it broke", "error")
    assert "role='alert'" in bar.text.value
    assert "pw-error" in bar._dom_classes
    state.say("it works")
    assert "alert" not in bar.text.value
    assert "pw-error" not in bar._dom_classes


def test_markup_in_a_message_is_escaped(state: pw.ExplorerState) -> None:
    """Names from files cannot bring tags into the page."""
    bar = MessageBar(state)
    state.say("<img src=x onerror=alert(1)>", "error")
    assert "<img" not in bar.text.value
    assert "&lt;img" in bar.text.value


def test_closed_bar_no_longer_follows(state: pw.ExplorerState) -> None:
    """After closing, messages change nothing in it."""
    bar = MessageBar(state)
    bar.close()
    state.say("late")
    assert bar.text.value == ""


ALONE = [
    *(pw.BudgetPanel, pw.StatusPanel, pw.ParetoPlot, pw.LayerView, pw.ScenarioPanel),
    *(pw.BudgetSurface, pw.DecisionMap, pw.ExportPanel),
]


@pytest.mark.parametrize("panel", ALONE)
def test_every_panel_alone_asks_and_takes_the_answer(panel: type[Panel]) -> None:
    """By a button of its own words; then the question is gone."""
    made = panel(unclear())
    question = made.question
    assert question is not None
    assert question.layout.display == "flex"
    assert "role='alert'" in question.text.value
    smaller, bigger = question.answers
    assert (smaller.description, bigger.description) == ("Smaller is better", "Bigger is better")
    bigger.click()
    assert question.layout.display == "none"
    assert (made.state.goal, made.state.question) == ("maximize", "")
    assert made.state.solution is not None
    made.close()


def test_the_explorer_asks_once() -> None:
    """In the budgets; no choice is pressed before it is made, and the answer says why none is."""
    state = ExplorerState(unclear())
    budgets, status = BudgetPanel(state), StatusPanel(state)
    assert status.question is None
    assert budgets.goal.value is None
    assert "choose first which way" in status.line.value
    budgets.goal.value = "minimize"
    assert state.question == ""
    assert state.solution is not None
    assert "Optimal" in status.line.value


def test_the_question_is_escaped() -> None:
    """Names of scores come from files."""
    library = unclear()
    layers = tuple(
        replace(
            layer,
            variants=tuple(
                replace(v, values=FrozenMapping({"metrics.<b>q</b>": v.values["metrics.quality"]}))
                for v in layer.variants
            ),
        )
        for layer in library.layers
    )
    question = BudgetPanel(replace(library, layers=layers)).question
    assert question is not None
    assert "&lt;b&gt;" in question.text.value
    assert "<b>" not in question.text.value


LIBRARY = make_library([[(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (2.5, 1.0, 20.0)]] * 4)
PROBLEM = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 20})
SOLUTION = pw.search(PROBLEM)
PANELS: list[Any] = [
    pw.BudgetSurface,
    pw.BudgetPanel,
    pw.DecisionMap,
    pw.ExportPanel,
    pw.LayerView,
    pw.ParetoPlot,
    pw.PuzzleExplorer,
    pw.ScenarioPanel,
    pw.StatusPanel,
]


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_takes_what_can_be_explored(panel: Any, tmp_path: Path) -> None:
    """A problem, its answer, a path; and the state of another one."""
    on_problem = panel(PROBLEM)
    assert on_problem.state.problem == PROBLEM
    on_solution = panel(SOLUTION)
    assert on_solution.state.shown is SOLUTION
    path = tmp_path / "mine.json"
    pw.write_library(LIBRARY, path)
    on_path = panel(str(path))
    assert on_path.state.library == LIBRARY
    shared = [panel(on_problem.state), panel(on_problem)]
    assert all(other.state is on_problem.state for other in shared)
    for made in (*shared, on_problem, on_solution, on_path):
        made.close()


def test_the_explorer_takes_a_name() -> None:
    """As load_library does; its newest answer is at hand."""
    explorer = pw.PuzzleExplorer(EMBEDDED)
    assert explorer.state.library == pw.load_library(EMBEDDED)
    assert explorer.solution is explorer.state.solution
    assert explorer.solution is not None
    explorer.close()


@pytest.mark.parametrize("wrong", [3, None, [LIBRARY], {"a": 1}])
def test_anything_else_is_refused_in_one_sentence(wrong: Any) -> None:
    """It says what is taken."""
    words = r"cannot be explored\. Give a block library, its name or path, .* or a Solution\.$"
    for panel in (pw.PuzzleExplorer, pw.LayerView):
        with pytest.raises(pw.LibraryError, match=words):
            panel(wrong)
    with pytest.raises(pw.LibraryError, match="'nowhere': no such file, folder or dataset"):
        pw.PuzzleExplorer("nowhere")


def choices(explorer: pw.PuzzleExplorer) -> list[Any]:
    """What its controls show as chosen."""
    controls = [
        explorer.budgets.share,
        explorer.budgets.gib,
        explorer.pareto.axis,
        explorer.pareto.walk.pick,
        explorer.layers.switch,
        explorer.layers.picker,
        explorer.surface.row,
        explorer.surface.column,
        explorer.decisions.walk.pick,
        explorer.scenarios.comparison.view,
        explorer.export.target,
    ]
    return [control.value for control in controls]


@pytest.mark.parametrize("shown", ["point", "row"])
def test_a_saved_record_shows_the_same_screen(shown: str) -> None:
    """Whatever was chosen in a panel is chosen again, and the same architecture is shown."""
    explorer = pw.PuzzleExplorer(LIBRARY, find_front=True)
    state = explorer.state
    state.start("surface")
    state.start("decisions")
    state.keep("one")
    state.set_looks(share=True, layers="Runtime", compared="scores")
    explorer.export.target.value = "report"
    explorer.surface.row.value = 3
    state.open_layer(2)
    walk = explorer.pareto.walk if shown == "point" else explorer.decisions.walk
    walk.pick.value = 1
    saved = from_json(to_json(state.record), LIBRARY)
    again = pw.PuzzleExplorer(pw.ExplorerState(saved), find_front=False)
    assert choices(again) == choices(explorer)
    assert again.state.shown_name == state.shown_name
    assert again.state.shown.architecture == state.shown.architecture
    assert again.layers.head.value == explorer.layers.head.value
