"""Scenarios of two libraries in the panel: the table, the charts, what waits for its library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, dump_library
from puzzle_widgets.widgets.scenarios.comparison import DIFFERENCE, SCORES, SPEED, SPREAD
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library
from tests.support.two_libraries import small, without

H100, H200 = replace(small(), name="on H100"), replace(small("NVIDIA H200", 0.5), name="on H200")


def opened(library: pw.BlockLibrary, limit: float = 2.6) -> pw.ScenarioPanel:
    """A panel with a scenario of the H100's library, and one of another that is open."""
    state = pw.ExplorerState(pw.SearchProblem(H100, minimize=LOSS, budgets={RUNTIME: 6}))
    state.keep("mine")
    panel = pw.ScenarioPanel(state)
    state.open_problem(pw.SearchProblem(library, minimize=LOSS, budgets={RUNTIME: limit}))
    state.keep("theirs")
    return panel


@pytest.fixture
def panel() -> Iterator[pw.ScenarioPanel]:
    """The H200's library is open."""
    made = opened(H200)
    yield made
    made.close()


def says(panel: pw.ScenarioPanel) -> str:
    """Words of the comparison that is on."""
    comparison = panel.comparison
    shown = [comparison.words, comparison.says]
    if comparison.difference in comparison.children:
        shown = [comparison.difference.words, comparison.difference.table]
    return " ".join(one.value.striptags() for one in shown if one.value)


def test_the_table_marks_each_by_its_library(panel: pw.ScenarioPanel) -> None:
    """With a parent a library, each by its own figures."""
    words = panel.table.value.striptags()
    assert "Library" in words
    assert words.count("H100 ") == 3
    assert "Parent · H100" in words
    assert [name.partition(" · ")[0] for name, _ in panel.chosen.options] == ["theirs", "mine"]


def test_what_cannot_be_done_with_a_former_one_is_off(panel: pw.ScenarioPanel) -> None:
    """It is not shown, which is said; it is summed here, compared, renamed and deleted."""
    assert panel.away.value == ""
    panel.chosen.value = 1
    assert panel.show_chosen.disabled
    assert "charts of the open one cannot show" in panel.away.value
    assert panel.sum_here.layout.display == ""
    panel.compare.click()
    assert panel.state.reference == "mine"
    panel.sum_here.click()
    assert [one.name for one in panel.state.scenarios] == ["theirs", "mine on H200"]
    assert panel.sum_here.layout.display == "none"
    assert not panel.show_chosen.disabled
    assert "found on H100" in panel.table.value
    panel.chosen.value = 2
    panel.new_name.value = "renamed"
    panel.rename.click()
    assert panel.state.reference == "renamed"
    panel.delete.click()
    assert panel.state.former == ()
    assert "Library" not in panel.table.value.striptags().partition("Status")[0]


def test_charts_show_both_with_their_own_parents(panel: pw.ScenarioPanel) -> None:
    """Runtimes of both GPUs in one chart, and what each sums up to."""
    panel.comparison.view.value = RUNTIME
    words = says(panel)
    for part in ("Parent: 4 ms", "Parent · H100", "theirs: 2.5 ms", "mine · H100"):
        assert part in words
    panel.comparison.view.value = SPEED
    assert "speedup over its own parent" in says(panel)
    assert says(panel).count("tokens/s") >= 4
    panel.comparison.view.value = SPREAD
    assert "mine · H100" in says(panel)
    picture = panel.comparison.picture()
    assert picture is not None
    assert picture.about.count("library_sha256") == 2


def test_the_difference_says_the_gpus(panel: pw.ScenarioPanel) -> None:
    """Layers by what their blocks are; figures with what is to be known of them; no chance."""
    panel.comparison.view.value = DIFFERENCE
    view = panel.comparison.difference
    view.first.value, view.second.value = 3, 2
    words = says(panel)
    assert "1 of 2 layers differ." in words
    assert "Runtime \N{MINUS SIGN}3.5 ms (H100 against H200)" in words
    assert "of the samples" not in words
    view.second.value = 1
    assert "B against A" in says(panel)


def test_the_same_architecture_on_two_gpus_still_differs_in_figures() -> None:
    """No layer does."""
    panel = opened(H200, 3.0)
    panel.comparison.view.value = DIFFERENCE
    panel.comparison.difference.first.value, panel.comparison.difference.second.value = 3, 2
    assert "No layer differs" in says(panel)
    assert "Runtime \N{MINUS SIGN}3 ms" in says(panel)
    panel.close()


def test_what_one_lacks_is_missing() -> None:
    """A dash in the table, words in chart and difference; other units are said."""
    panel = opened(without(H200, MEMORY))
    assert "\N{EN DASH}" in panel.table.value
    panel.comparison.view.value = DIFFERENCE
    panel.comparison.difference.first.value, panel.comparison.difference.second.value = 3, 2
    assert "Memory not compared (not known of on H200)" in says(panel)
    panel.close()
    panel = opened(replace(H200, units=FrozenMapping({MEMORY: "GiB"})))
    assert "GiB" in panel.table.value
    panel.comparison.view.value = MEMORY
    assert "in MiB, not drawn" in says(panel)
    panel.close()


def test_another_batch_has_throughput_and_no_runtime_to_compare() -> None:
    """The bars say why there is none."""
    other = replace(H200, measurement=replace(H200.measurement, sequence_length=70))
    panel = opened(other)
    panel.comparison.view.value = SPEED
    assert "not compared: for 70 tokens and for 50 tokens" in says(panel)
    panel.close()


def test_layers_that_do_not_match_stay_out_of_the_charts() -> None:
    """They are in the table, with words; the other charts work."""
    panel = opened(make_library([[(0, 4, 4), (1, 1, 1)]] * 3), 5)
    assert "mine" in panel.table.value
    for view in (SCORES, RUNTIME, SPEED, DIFFERENCE):
        panel.comparison.view.value = view
    panel.comparison.view.value = SCORES
    why = "in no chart of layers: its layers are not those of small: 3 layers against 2"
    assert why in says(panel)
    panel.state.delete("theirs")
    panel.comparison.view.value = RUNTIME
    assert "in no chart of layers" in says(panel)
    assert panel.comparison.picture() is None
    panel.close()


def test_what_waits_is_asked_for_by_its_hash() -> None:
    """The browser is asked first; files bring it, or it is forgotten."""
    saved = opened(H200).state.to_json()
    state = pw.ExplorerState.from_json(saved, H200)
    panel = pw.ScenarioPanel(state)
    digest = state.former[0].of.digest
    assert panel.waiting.layout.display == ""
    assert "on H100" in panel.waits.value
    assert digest[:12] in panel.waits.value
    assert panel.bring.wanted == digest
    panel.bring._take({"h100.json": dump_library(H100).encode()})
    assert panel.waiting.layout.display == "none"
    assert panel.bring.wanted == ""
    assert "mine" in panel.table.value
    state.undo()
    panel.forget.click()
    assert state.former == ()
    panel.close()


def test_names_of_files_are_words() -> None:
    """A library's name is untrusted."""
    nasty = replace(H100, name="<script>x</script>", measurement=pw.Measurement(2, 50))
    state = pw.ExplorerState(pw.SearchProblem(nasty, minimize=LOSS))
    state.keep("<b>mine</b>")
    panel = pw.ScenarioPanel(state)
    state.open_library(make_library([[(0, 1, 1)]] * 3))
    again = pw.ScenarioPanel(pw.ExplorerState.from_json(state.to_json(), state.library))
    for shown in (panel.table, panel.comparison.says, panel.comparison.words, again.waits):
        assert "<script>" not in shown.value
        assert "<b>mine" not in shown.value
    panel.close()
    again.close()


def test_tiles_and_layers_are_set_against_a_former_reference() -> None:
    """Differences where both mean the same; outlines by the other library's own figures."""
    state = opened(H200).state
    state.set_reference("mine")
    status, layers = pw.StatusPanel(state), pw.LayerView(state)
    assert "\N{MINUS SIGN}3.5 vs mine" in status.figures.value
    layers.switch.value = "Runtime"
    assert "Reference: mine, H100" in layers.legend.value
    frames = layers.view.plan.frames(state.record.kept[1])
    assert frames.heights.sum(axis=0).tolist() == [2.0, 2.0]
    layers.switch.value = "Choice"
    rows = layers.view.plan.frames(state.record.kept[1]).heights
    assert (
        rows.tolist()
        == layers.view.plan.frames(
            pw.Scenario("x", pw.evaluate(state.library, state.record.kept[1]))
        ).heights.tolist()
    )
    state.open_library(replace(H200, measurement=replace(H200.measurement, batch_size=9)))
    layers.switch.value = "Runtime"
    assert "not drawn, for batch size 9" in layers.legend.value
    assert not (layers.view.plan.frames(state.record.kept[-1]).colors != "").any()
    assert "not comparable with mine" in status.figures.value
    status.close()
    layers.close()


def test_the_export_panel_offers_them_too() -> None:
    """A report of all, each with its library; a comparison as a picture."""
    state = opened(H200).state
    panel = pw.ExportPanel(state)
    state.set_target("report")
    panel.what.value = -2
    panel.save.click()
    text = panel.saver.file["text"]
    assert "Each architecture on the other library" in text
    panel.close()


def test_a_former_ones_budgets_are_restored_here(panel: pw.ScenarioPanel) -> None:
    """In their own units; where that makes no sense the button is off, and the reason is there."""
    panel.chosen.value = 1
    assert "each limit in its own unit" in panel.away.value
    panel.restore.click()
    assert panel.state.problem.budgets[RUNTIME].upper == 6
    panel.state.open_library(make_library([[(0, 1, 1), (1, 0, 0)]] * 3))
    panel.chosen.value = 0
    assert panel.restore.disabled
    assert "makes no sense here: its layers are not those of small" in panel.away.value


def test_the_front_says_where_former_scenarios_are() -> None:
    """It draws the open library's alone."""
    state = pw.ExplorerState(pw.SearchProblem(H100, minimize=LOSS, budgets={RUNTIME: 6}))
    plot = pw.ParetoPlot(state)
    state.keep("mine")
    assert "other libraries" not in plot.legend.value
    state.open_library(H200)
    assert "Scenarios of other libraries are not drawn (1)" in plot.legend.value
    state.open_library(H100)
    assert "other libraries" not in plot.legend.value
    plot.close()
