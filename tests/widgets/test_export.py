"""The export panel, the rules and the buttons that save pictures."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import ipywidgets as widgets
import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import TARGETS
from puzzle_widgets.state import BudgetSetting
from puzzle_widgets.widgets.files import FileSaver, picture_buttons
from tests.support.export import LINEAR, LLAMA, PARENT, export_library
from tests.support.upload import give_files

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def state() -> pw.ExplorerState:
    """A state whose best architecture is linear in every layer."""
    state = pw.ExplorerState(export_library((PARENT[0], LINEAR)))
    state.set_budgets(())
    state.set_objective("metrics.kl_div", "maximize")
    return state


@pytest.fixture
def panel(state: pw.ExplorerState) -> pw.ExportPanel:
    """A panel on the state, for vLLM."""
    state.set_target("vllm")
    return pw.ExportPanel(state)


def give_parent(panel: pw.ExportPanel, content: bytes = json.dumps(LLAMA).encode()) -> None:
    """Upload a parent's configuration."""
    give_files(panel.upload, {"parent.json": content})


def words(panel: pw.ExportPanel) -> list[str]:
    """What the findings say."""
    return [row.children[0].value for row in panel.findings.children]


def buttons(box: widgets.Box) -> list[widgets.Button]:
    """All buttons within."""
    found = [child for child in box.children if isinstance(child, widgets.Button)]
    inner = [child for child in box.children if isinstance(child, widgets.Box)]
    return found + [button for child in inner for button in buttons(child)]


def test_every_target_is_offered(panel: pw.ExportPanel) -> None:
    """By its title, with the file and its readers said."""
    assert [name for _, name in panel.target.options] == [target.name for target in TARGETS]
    for target in TARGETS:
        panel.target.value = target.name
        assert target.file in panel.readers.value
        assert panel.save.description == f"Save {target.file}"
        shown = panel.parent_row.layout.display != "none"
        assert shown == target.needs_parent


def test_the_first_target_can_be_saved_at_once(state: pw.ExplorerState) -> None:
    """It needs nothing but the answer; nothing is said to be wrong."""
    panel = pw.ExportPanel(state)
    assert panel.target.value == "report"
    assert "Ready for Report" in panel.verdict.value
    panel.save.click()
    assert panel.saver.file["name"] == "report.html"


def test_what_is_left_to_do_is_no_error_before_it_is_asked(panel: pw.ExportPanel) -> None:
    """A list of steps in plain words; pressing Save makes errors of them, another target not."""
    first, second, *_ = words(panel)
    assert "To do:</b> choose the parent&#39;s config.json" in first
    assert "To do:</b> Layers 0 to 3" in second
    assert not any("Error" in said or "pw-warn" in said for said in (first, second))
    assert "2 steps to do before it can be saved" in panel.verdict.value
    panel.save.click()
    assert panel.saver.file == {}
    assert "Error.</b> The parent&#39;s Hugging Face config.json is needed" in words(panel)[0]
    assert "Not saved yet: 2 errors to fix first" in panel.verdict.value
    panel.target.value = "mlx"
    assert "To do:" in words(panel)[0]


def test_a_file_that_is_given_is_judged(panel: pw.ExportPanel) -> None:
    """Layers are named, nothing is saved, and the verdict counts errors."""
    give_parent(panel)
    assert "parent.json: llama, 4 layers" in panel.parent.value
    assert "Error.</b> Layers 0 to 3" in words(panel)[0]
    assert "1 error to fix" in panel.verdict.value
    panel.save.click()
    assert panel.saver.file == {}


def test_avoid_it_makes_the_file_ready(panel: pw.ExportPanel, state: pw.ExplorerState) -> None:
    """One click sets the rule; then the file is saved."""
    give_parent(panel)
    (avoid,) = buttons(panel.findings)
    assert avoid.tooltip == "Search with a rule: no linear blocks"
    avoid.click()
    assert [rule.words for rule in state.rules] == ["no linear blocks"]
    assert not panel.save.disabled
    assert "Ready for vLLM" in panel.verdict.value
    panel.save.click()
    saved: dict[str, Any] = panel.saver.file
    assert saved["name"] == "config.json"
    assert json.loads(saved["text"])["model_type"] == "nemotron-nas"
    panel.save.click()
    assert panel.saver.file["count"] == saved["count"] + 1


def test_warnings_go_along(panel: pw.ExportPanel) -> None:
    """They are said with the verdict, and the file can be saved."""
    give_parent(panel)
    panel.target.value = "transformers"
    (avoid,) = buttons(panel.findings)
    avoid.click()
    assert "with 1 warning" in panel.verdict.value
    assert not panel.save.disabled


def test_scenarios_can_be_chosen(panel: pw.ExportPanel, state: pw.ExplorerState) -> None:
    """One by its name, or all of them where the target takes several."""
    state.keep("a")
    state.set_objective("metrics.kl_div", "minimize")
    state.keep("b")
    assert [name for name, _ in panel.what.options][1:] == ["a", "b", "All 2 scenarios"]
    panel.target.value = "layers-csv"
    panel.what.value = -2
    panel.save.click()
    assert panel.saver.file["text"].count("\n") == 9
    panel.target.value = "vllm"
    assert "takes one architecture, not 2" in words(panel)[0]
    panel.what.value = 0
    state.delete(1)
    assert panel.what.value == 0
    state.delete(0)
    assert panel.what.value == -1


def test_the_report_has_the_front(panel: pw.ExportPanel, state: pw.ExplorerState) -> None:
    """Where one is searched, it is drawn."""
    panel.target.value = "report"
    state.set_front("stats.memory_mib")
    panel.save.click()
    assert "Pareto front" in panel.saver.file["text"]


def test_bad_configurations_are_told(panel: pw.ExportPanel, state: pw.ExplorerState) -> None:
    """The message names the file; what was there stays. It can be forgotten."""
    give_parent(panel)
    give_parent(panel, b"{}")
    assert "parent.json" in state.message.text
    assert "llama" in panel.parent.value
    panel.forget.click()
    assert "not known yet" in panel.parent.value


def test_names_are_escaped(state: pw.ExplorerState) -> None:
    """Names of files and families are words, never markup."""
    panel = pw.ExportPanel(state)
    config = LLAMA | {"model_type": NASTY}
    state.open_parent_config(json.dumps(config).encode(), NASTY)
    assert "<script" not in panel.parent.value
    assert "&lt;script" in panel.parent.value
    assert not any("<script" in said for said in words(panel))
    state.keep(NASTY)
    panel.target.value = "report"
    panel.what.value = 0
    panel.save.click()
    assert "<script" not in panel.saver.file["text"]


def test_nothing_to_export(state: pw.ExplorerState) -> None:
    """An infeasible answer has its reason, and no file."""
    panel = pw.ExportPanel(state)
    panel.target.value = "layers-csv"
    state.open_library(export_library())
    state.set_budgets((BudgetSetting("stats.memory_mib", "at most", 1.0, on=True),))
    assert "no architecture" in words(panel)[0]
    assert panel.save.disabled


def test_the_panel_alone() -> None:
    """With a library it has messages and rules of its own."""
    panel = pw.ExportPanel(export_library((PARENT[0], LINEAR)))
    panel.state.set_objective("metrics.kl_div", "maximize")
    panel.state.set_budgets(())
    panel.state.set_target("vllm")
    (avoid,) = buttons(panel.findings)
    avoid.click()
    assert panel.rules is not None
    (drop,) = buttons(panel.rules)
    assert drop.tooltip == "Remove the rule: no linear blocks"
    drop.click()
    assert buttons(panel.rules) == []
    assert panel.rules.layout.display == "none"
    panel.close()


def test_rules_stand_under_the_budgets(state: pw.ExplorerState) -> None:
    """Each with what it bans, and a button that drops it."""
    state.set_target("vllm")
    budgets, panel = pw.BudgetPanel(state), pw.ExportPanel(state)
    assert budgets.rules.layout.display == "none"
    buttons(panel.findings)[0].click()
    assert "no linear blocks" in budgets.rules.children[1].children[0].value
    assert "(4 variants in 4 layers banned)" in budgets.rules.children[1].children[0].value
    buttons(budgets.rules)[0].click()
    assert state.rules == ()


@pytest.mark.parametrize("make", [pw.LayerView, pw.ParetoPlot, pw.BudgetSurface, pw.DecisionMap])
def test_each_plot_is_saved(make: type[Any], state: pw.ExplorerState) -> None:
    """As SVG that turns dark, and as PNG that never does; before the search there is none."""
    plot = make(state)
    saver, svg, png = saver_of(plot)
    if make is not pw.LayerView:
        svg.click()
        assert "Search first" in state.message.text
        assert saver.file == {}
    state.set_front("stats.memory_mib")
    state.start("surface")
    state.start("decisions")
    svg.click()
    assert saver.file["name"].endswith(".svg")
    assert "prefers-color-scheme" in saver.file["text"]
    png.click()
    assert saver.file["name"].endswith(".png")
    assert saver.file["png"]
    assert "prefers-color-scheme" not in saver.file["text"]


def test_the_comparison_is_saved(state: pw.ExplorerState) -> None:
    """By what its view shows, or by the score where that is not a figure of a layer."""
    panel = pw.ScenarioPanel(state)
    state.keep("a")
    saver, svg, _ = saver_of(panel)
    svg.click()
    assert "Runtime (ms)" in saver.file["text"]
    panel.comparison.view.value = "difference"
    svg.click()
    assert "KL divergence" in saver.file["text"]


def test_what_the_browser_cannot_save_is_told(
    state: pw.ExplorerState, no_silent_errors: list[Exception]
) -> None:
    """The message says to take SVG."""
    saver = FileSaver(state)
    saver._handle_custom_msg({"failed": "no PNG"}, [])
    assert "Try SVG" in state.message.text
    no_silent_errors.clear()


def test_buttons_are_named_for_screen_readers(state: pw.ExplorerState) -> None:
    """Both say what they save."""
    box = picture_buttons(state, "the thing", "thing", lambda: None)
    assert [button.tooltip for button in buttons(box)] == [
        "Save a picture of the thing as SVG",
        "Save a picture of the thing as PNG",
    ]


def saver_of(box: widgets.Box) -> tuple[FileSaver, widgets.Button, widgets.Button]:
    """The saver within, and the two buttons beside it."""
    for child in box.children:
        if isinstance(child, widgets.Box) and "pw-save" in child._dom_classes:
            svg, png, saver = child.children
            return saver, svg, png
        if isinstance(child, widgets.Box):
            try:
                return saver_of(child)
            except LookupError:
                continue
    raise LookupError("no saver")


def test_what_is_dragged_is_checked_at_its_last_place(
    panel: pw.ExportPanel, state: pw.ExplorerState
) -> None:
    """While an answer is searched the findings wait; then they are those of what is shown."""
    linear, parent = state.shown, state.parent
    give_parent(panel)
    assert "1 error" in panel.verdict.value
    state._put(updating=True, shown=parent)
    assert "1 error" in panel.verdict.value
    state._put(updating=False)
    assert "Ready" in panel.verdict.value
    state._put(shown=linear)
    assert "1 error" in panel.verdict.value


async def answered(state: pw.ExplorerState, share: str) -> None:
    """Move a budget as in the app, where searches run in the background."""
    state.set_budget("stats.memory_mib", share)
    while state.updating:  # noqa: ASYNC110 - what is awaited is a trait
        await asyncio.sleep(0.001)


def solution_checked(panel: pw.ExportPanel) -> pw.Solution | None:
    """What the findings are of."""
    return None if panel._checked is None else panel._checked.scenarios[0].solution


def test_the_check_waits_until_a_slider_rests() -> None:
    """In the app many answers come in a second: only the last of them is checked."""

    async def drag() -> list[object]:
        state = pw.ExplorerState("stdlib-2m-measured")
        panel = pw.ExportPanel(state)
        first = solution_checked(panel)
        await answered(state, "80 %")
        await answered(state, "70 %")
        during = solution_checked(panel)
        await asyncio.sleep(0.5)
        after = solution_checked(panel)
        panel.close()
        state.close()
        return [during is first, after is state.solution]

    assert asyncio.run(drag()) == [True, True]


def test_what_is_saved_is_checked_first() -> None:
    """Also in the moment before the slider counts as resting."""

    async def save() -> bool:
        state = pw.ExplorerState("stdlib-2m-measured")
        panel = pw.ExportPanel(state)
        state.set_target("layers-csv")
        await answered(state, "70 %")
        panel.save.click()
        same = solution_checked(panel) is state.solution
        panel.close()
        state.close()
        return same

    assert asyncio.run(save())
