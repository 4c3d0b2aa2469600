"""Tests of the panel that tells why."""

from __future__ import annotations

import asyncio

import ipywidgets as widgets
import pytest
from ipywidgets.widgets.widget import _instances
from markupsafe import escape

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import format_brief
from puzzle_widgets.widgets import moment
from puzzle_widgets.widgets.why import WhyPanel
from puzzle_widgets.widgets.why_words import layer_runs, rounded
from tests.support.libraries import MEMORY, make_library

ROWS = [(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (2.5, 1.0, 20.0)]
LIBRARY = make_library([[(score * n, *rest) for score, *rest in ROWS] for n in (1, 2, 3, 5)])


@pytest.fixture
def state() -> pw.ExplorerState:
    """Give a state of four layers within a limit on memory."""
    state = pw.ExplorerState(LIBRARY)
    state.budgets = (
        pw.BudgetSetting(MEMORY, "at most", 30.0, on=True),
        pw.BudgetSetting("stats.runtime_ms", "at most", 1000.0, on=True),
    )
    return state


def buttons(box: widgets.Box) -> list[widgets.Button]:
    """All buttons in a box, at any depth."""
    found = []
    for child in box.children:
        if isinstance(child, widgets.Button):
            found.append(child)
        elif isinstance(child, widgets.Box):
            found += buttons(child)
    return found


def told(box: widgets.Box) -> str:
    """All words in a box, at any depth."""
    words = []
    for child in box.children:
        if isinstance(child, widgets.HTML):
            words.append(child.value)
        elif isinstance(child, widgets.Box):
            words.append(told(child))
    return " ".join(words)


def test_it_says_what_binds_and_what_does_not(state: pw.ExplorerState) -> None:
    """With price and slack, in units; live."""
    panel = WhyPanel(state)
    assert "<b>Memory binds.</b>" in panel.limits.value
    assert "shadow price" in panel.limits.value
    left = 1000 - state.solution.totals["stats.runtime_ms"]
    assert f"Runtime is not the limit: {left:g} ms to spare." in panel.limits.value
    state.set_budget(MEMORY, 40.0)
    assert "<b>No budget binds:</b>" in panel.limits.value
    assert "Memory is not the limit: nothing" not in panel.limits.value
    state.budgets = ()
    assert "<b>No budget is set,</b>" in panel.limits.value


def test_slack_is_told_in_the_chosen_unit(state: pw.ExplorerState) -> None:
    """As shares of the parent where these are shown."""
    panel = WhyPanel(state)
    left = 1000 - state.solution.totals["stats.runtime_ms"]
    state.set_looks(share=True)
    share = f"{100 * left / LIBRARY.parent_totals['stats.runtime_ms']:.4g} % to spare"
    assert share in panel.limits.value


def test_show_applies_the_next_step(state: pw.ExplorerState) -> None:
    """The button's words name the limit; the answer is then what was promised."""
    panel = WhyPanel(state)
    (show,) = buttons(panel.steps)
    step = state.explanation.binding[0].more
    assert show.description == "Show"
    assert show.tooltip == "Show the next step of Memory: set the budget to it"
    assert "Next step<span class='pw-why-of'>, Memory</span>" in told(panel.steps)
    show.click()
    assert state.solution.architecture == step.solution.architecture
    assert state.budgets[0].value == step.limits[-1]


def test_how_sure_and_baselines_are_asked_for_without_a_background(
    state: pw.ExplorerState,
) -> None:
    """In plain Python, where a search would make everyone wait, a button asks for them."""
    panel = WhyPanel(state)
    assert [state.sensitivity] == [None]
    assert panel.doing.layout.display == "none"
    panel.ask.click()
    noisy: pw.Sensitivity | None = state.sensitivity
    assert noisy is not None
    sure = int((noisy.survival >= 0.95).sum())
    assert f"{sure} of 4 layers are decided" in panel.sure.value
    assert "5 % noise" in panel.sure.value
    assert "1,000 samples" in panel.sure.value
    assert panel.doing.layout.display == ""
    for words in ("Optimal, proven", "Greedy", "Best homogeneous", "Random feasible"):
        assert words in panel.beside.value
    assert "an assumption" in panel.notes.value or "not a guarantee" in panel.notes.value


def test_the_reference_stands_beside_the_optimum(state: pw.ExplorerState) -> None:
    """With its score, and in how many layers it differs; its name is only a name."""
    panel = WhyPanel(state)
    panel.ask.click()
    state.keep("<b>mine</b>")
    state.set_reference("<b>mine</b>")
    state.set_budget(MEMORY, 20.0)
    pairs = zip(state.solution.blocks, state.scenarios[0].solution.blocks, strict=True)
    count = sum(one.name != other.name for one, other in pairs)
    assert "Reference: &lt;b&gt;mine&lt;/b&gt;" in panel.beside.value
    assert f"{count} layer" in panel.beside.value.split("mine")[1].split("</tr>")[0]


def test_a_baseline_is_saved_and_shown_on_the_front(state: pw.ExplorerState) -> None:
    """By the list and the box; the list is then ready for another."""
    panel = WhyPanel(state)
    panel.ask.click()
    panel.save.value = "greedy"
    assert [one.name for one in state.scenarios] == ["Greedy"]
    assert panel.save.value == ""
    panel.on_front.value = True
    assert state.looks.baselines
    assert pw.ExplorerState.from_json(state.to_json(), LIBRARY).looks.baselines
    state.undo()
    assert not panel.on_front.value


def test_what_clashes_and_what_makes_it_feasible(state: pw.ExplorerState) -> None:
    """An infeasible problem: the demands that cannot all hold, and a button for each change."""
    panel = WhyPanel(state)
    panel.ask.click()
    state.set_budget(MEMORY, 0.5)
    assert "This alone cannot be met: Memory ≤ 0.5 MiB." in panel.limits.value
    assert (panel.sure.value, panel.beside.value) == ("", "")
    ways = buttons(panel.steps)
    assert len(ways) == len(state.solution.changes) == 1
    assert "Raise the limit on memory" in ways[0].tooltip
    ways[0].click()
    assert state.solution.found
    assert "binds" in panel.limits.value


def test_asleep_it_wants_nothing(state: pw.ExplorerState) -> None:
    """Awake again it shows the reasons of now; closed it leaves no one wanting."""
    panel = WhyPanel(state)
    panel.sleep()
    assert state.explanation is None
    state.set_budget(MEMORY, 20.0)
    assert state.explanation is None
    panel.wake()
    found: pw.Explanation | None = state.explanation
    assert found is not None
    assert found.solution is state.solution
    assert "pw-stale" not in panel.box._dom_classes
    panel.close()
    assert (state.explanation, state.searching) == (None, ())


def test_a_point_of_the_front_is_explained(state: pw.ExplorerState) -> None:
    """What is shown, by its name."""
    panel = WhyPanel(state)
    state.set_front(MEMORY)
    state.show_point(1)
    assert state.explanation.solution is state.shown
    assert "Point 2 of" in panel.head.value


def test_words_of_earlier_budgets_are_dimmed_until_the_new_ones_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the background nothing that is out of date looks current."""
    monkeypatch.setattr(moment, "SOON_SECONDS", 0.0)

    async def main() -> None:
        state = pw.ExplorerState(LIBRARY)
        panel = WhyPanel(state)
        for _ in range(2000):
            if state.baselines is not None:
                break
            await asyncio.sleep(0.005)
        unasked: object = state.sensitivity
        assert unasked is None  # a thousand searches are asked for
        panel.ask.click()
        assert panel.ask.layout.display == "none"
        for _ in range(2000):
            if state.sensitivity is not None:
                break
            await asyncio.sleep(0.005)
        assert "layers are decided" in panel.sure.value
        state.set_budget(MEMORY, 20.0)
        await asyncio.sleep(0.01)
        assert "pw-stale" in panel.box._dom_classes
        assert "pw-stale" in panel.beside._dom_classes
        for _ in range(2000):
            if not state.searching and state.baselines is not None:
                break
            await asyncio.sleep(0.005)
        assert "pw-stale" not in {*panel.box._dom_classes, *panel.beside._dom_classes}
        panel.close()
        state.close()

    asyncio.run(main())


def test_lines_are_changed_in_place(state: pw.ExplorerState) -> None:
    """Another answer makes no widget and closes none, whether it has a next step or ways out."""
    panel = WhyPanel(state)
    state.set_budget(MEMORY, 0.5)
    state.set_budget(MEMORY, 30.0)
    before = set(_instances)
    for amount in (20.0, 40.0, 0.5, 25.0):
        state.set_budget(MEMORY, amount)
        assert bool(buttons(panel.steps)) == (amount != 40.0)
    assert set(_instances) == before


def test_the_lines_of_a_closed_panel_are_closed(state: pw.ExplorerState) -> None:
    """Those that are not shown, too."""
    panel = WhyPanel(state)
    lines = list(panel._lines)
    state.set_budget(MEMORY, 40.0)
    assert lines
    assert not buttons(panel.steps)
    panel.close()
    assert all(part.comm is None for line in lines for part in (line, line.said, line.do))


def test_layers_in_a_row_are_named_together() -> None:
    """From three on."""
    library = pw.load_library("stdlib-2m-measured")
    assert layer_runs(library, [0, 2, 3, 4, 6, 7]) == ["0", "2\N{EN DASH}4", "6", "7"]
    assert layer_runs(library, [5]) == ["5"]


def test_a_step_is_told_in_two_digits_and_folded_in_full(state: pw.ExplorerState) -> None:
    """How far, what for, how many layers; the exact limit and the blocks behind it."""
    panel = WhyPanel(state)
    step = state.explanation.binding[0].more
    said = told(panel.steps)
    summary, rest = said.split("</summary>")
    far = step.limits[-1] - 30.0
    assert f"{rounded(far)} MiB more lowers the score by {rounded(step.gain)}" in summary
    assert "layer changes" in summary or "layers change" in summary
    assert step.brief.removeprefix("Memory: ")[1:] in rest
    assert str(escape(step.changes[0].words)) in rest


def test_amounts_are_rounded_without_powers_of_ten() -> None:
    """Unless they are next to nothing."""
    numbers = (0.04743, 9.39e-05, 17.42, 1.0, 99.6, 84_961.2, 3e-12)
    said = ["0.047", "0.000094", "17", "1", "100", "84,961", "3e-12"]
    assert [rounded(number) for number in numbers] == said


def test_baselines_are_told_in_a_sentence_too(state: pw.ExplorerState) -> None:
    """Best first, with the reference, for where a table has no room."""
    panel = WhyPanel(state)
    panel.ask.click()
    briefly = panel.beside.value.split("</div>")[0]
    found = sorted(one.score for one in state.baselines if one.keeps)
    assert briefly.startswith("<div class='pw-why-line pw-why-briefly'><b>Simpler ways</b> find ")
    assert f"find {format_brief(found[0])} (" in briefly
    state.keep("mine")
    state.set_reference("mine")
    assert "; the reference " in panel.beside.value.split("</div>")[0]


def test_a_bootstrap_is_chosen_where_there_are_samples() -> None:
    """The words say what was drawn; a library without samples does not offer it."""
    why = WhyPanel("stdlib-2m-measured")
    why.ask.click()
    assert "at 5 % noise" in why.sure.value
    why.noise.value = 0.1
    assert "at 10 % noise" in why.sure.value
    why.noise.value = "bootstrap"
    assert "by bootstrap over 32 samples" in why.sure.value
    assert why.state.sensitivity.noise.seed == 0
    words = [label for label, _ in WhyPanel(pw.random_library(3, 2)).noise.options]
    assert words == [f"{share} % noise in the scores" for share in (2, 5, 10, 20)]
