"""The scenario panel: keep, show, rename, delete, compare, save, load."""

from __future__ import annotations

import base64
import html
import re
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import format_exact
from puzzle_widgets.state import Message
from puzzle_widgets.widgets.scenarios.comparison import DIFFERENCE, SCORES, SPEED, SPREAD
from puzzle_widgets.widgets.scenarios.panel import ScenarioPanel
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library
from tests.support.upload import give_files


def library() -> pw.BlockLibrary:
    """Three layers of three variants: the parent, half of it, nearly nothing."""
    rows = [[0, 100, 10], [1, 50, 5], [5, 1, 1]]
    return make_library([rows, rows, rows])


@pytest.fixture
def panel() -> ScenarioPanel:
    """A panel on a state of its own, with its first solution shown."""
    return ScenarioPanel(library())


def keep(panel: ScenarioPanel, *names: str) -> None:
    """Save what is shown under each name, with a tighter memory budget each time."""
    for name in names:
        panel.name.value = name
        panel.keep.click()
        panel.state.set_budget(0, value=panel.state.budgets[0].value - 50.0)


def submit(field: Any) -> None:
    """Press Enter in a field."""
    field._handle_custom_msg({"event": "submit"}, [])


def saved(panel: ScenarioPanel, file: str) -> str:
    """Content of a download link."""
    found = re.search(rf"download='{file}' href='data:[^;]+;base64,([^']*)'", panel.downloads.value)
    assert found is not None, file
    return base64.b64decode(found[1]).decode()


def names(panel: ScenarioPanel) -> list[str]:
    """Names of the saved solutions."""
    return [kept.name for kept in panel.state.scenarios]


def message(panel: ScenarioPanel) -> Message:
    """Newest word to the user."""
    assert panel.state.message is not None
    return panel.state.message


def text(widget: Any) -> str:
    """Words of an HTML widget, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", widget.value)).split())


def test_nothing_is_kept_at_first(panel: ScenarioPanel) -> None:
    """Without scenarios one line says what to do, and there is nothing to act on or download."""
    assert "No scenarios yet" in panel.table.value
    assert panel.kept.layout.display == "none"
    assert panel.delete.disabled
    assert panel.rename.disabled
    assert panel.downloads.value == ""


def test_button_keeps_what_is_shown(panel: ScenarioPanel) -> None:
    """The button keeps the solution that is shown under the name of the field."""
    shown = panel.state.shown
    keep(panel, "edge")
    assert names(panel) == ["edge"]
    assert panel.state.scenarios[0].solution is shown


def test_enter_keeps_and_leaving_the_field_does_not(panel: ScenarioPanel) -> None:
    """Enter in the name field keeps; a changed value alone, as when the field is left, does not."""
    panel.name.value = "typed"
    assert names(panel) == []
    submit(panel.name)
    assert names(panel) == ["typed"]


def test_offered_name_says_the_budgets_and_is_free(panel: ScenarioPanel) -> None:
    """The field offers memory and throughput of the budgets, numbered once the name is taken."""
    assert panel.name.value == "225 MiB, 4,667 tokens/s"
    panel.keep.click()
    assert panel.name.value == "225 MiB, 4,667 tokens/s (2)"


def test_offered_name_without_budgets_is_numbered(panel: ScenarioPanel) -> None:
    """With all budgets off, the name is a number that is free."""
    for place in range(len(panel.state.budgets)):
        panel.state.set_budget(place, on=False)
    assert panel.name.value == "Scenario 1"


def test_name_that_the_user_began_stays(panel: ScenarioPanel) -> None:
    """A new solution does not overwrite a name that the user has typed."""
    panel.name.value = "mine"
    panel.state.set_budget(0, value=150.0)
    assert panel.name.value == "mine"


def test_infeasible_solution_cannot_be_kept(panel: ScenarioPanel) -> None:
    """Where no architecture is shown, the button is off, and Enter gives a message."""
    panel.state.set_budget(0, value=0.5)
    assert panel.keep.disabled
    submit(panel.name)
    assert names(panel) == []
    assert message(panel).level == "error"


def test_table_has_the_parent_first_and_units(panel: ScenarioPanel) -> None:
    """The table begins with the parent; titles carry units, figures come from the solution."""
    keep(panel, "edge")
    words = text(panel.table)
    assert words.index("Parent") < words.index("edge")
    for title in ("Memory (MiB, % of parent)", "Runtime (ms, % of parent)", "Summed Loss"):
        assert title in words
    solution = panel.state.scenarios[0].solution
    assert f"{solution.memory_mib:.0f}" in words
    assert f"{solution.speedup:.2f} x" in words
    assert "Memory ≤ 225 MiB" in words


def compared(panel: ScenarioPanel) -> str:
    """What the comparison says."""
    return "".join(str(getattr(child, "value", "")) for child in panel.comparison.children)


def test_figures_of_the_table_are_in_full_where_they_are_pointed_at() -> None:
    """And rounded for reading."""
    panel = ScenarioPanel("stdlib-2m-measured")
    panel.state.keep("one")
    solution = panel.state.scenarios[0].solution
    for value, words in (
        (solution.score, f"{solution.score:.3g}"),
        (solution.totals[MEMORY], f"{solution.totals[MEMORY]:.4g}"),
        (solution.speedup, f"{solution.speedup:.2f} x"),
    ):
        assert f"<span title='{format_exact(value)}'>{words}</span>" in panel.table.value


@pytest.mark.parametrize("view", [SCORES, SPREAD, SPEED, RUNTIME])
def test_scenarios_of_the_same_architecture_say_so(panel: ScenarioPanel, view: str) -> None:
    """In the table, in every view of the comparison, and on saving; also of other budgets."""
    panel.state.set_budget(MEMORY, 160)
    panel.state.keep("<i>one</i>")
    panel.state.set_budget(MEMORY, 155)
    panel.state.keep("two")
    assert "It is the same architecture as '<i>one</i>'" in message(panel).text
    assert "same as &lt;i&gt;one&lt;/i&gt;" in panel.table.value
    panel.comparison.view.value = view
    shown = compared(panel)
    assert "<b>two</b> is the same architecture as <b>&lt;i&gt;one" in shown
    assert "though they answer different problems" in shown
    panel.state.set_budget(MEMORY, 40)
    panel.state.delete(1)
    panel.state.keep("three")
    shown = compared(panel)
    assert "same a" not in panel.table.value + shown


def test_scenarios_with_different_objectives_name_them(panel: ScenarioPanel) -> None:
    """Where scenarios were found with different objectives, each score says its own."""
    keep(panel, "loss")
    panel.state.set_objective(MEMORY)
    keep(panel, "memory")
    words = text(panel.table)
    assert "Summed score" in words
    assert re.search(r"\d Loss", words)
    assert re.search(r"MiB Memory", words)


@pytest.mark.parametrize("view", [MEMORY, SCORES, SPREAD, SPEED, DIFFERENCE])
def test_names_are_escaped_everywhere(panel: ScenarioPanel, view: str) -> None:
    """A name that is HTML never stands as markup in any of the panel's views."""
    keep(panel, "<img src=x>")
    panel.comparison.view.value = view
    comparison = panel.comparison
    parts = (comparison.words, comparison.says, comparison.difference.table, panel.table)
    assert all("<img" not in part.value for part in parts)
    assert any("&lt;img" in part.value for part in parts[:3])


def test_show_and_back(panel: ScenarioPanel) -> None:
    """Show puts the chosen scenario on screen and marks its row; Back shows the current one."""
    keep(panel, "one", "two")
    panel.chosen.value = 0
    panel.show_chosen.click()
    assert panel.state.shown is panel.state.scenarios[0].solution
    assert panel.table.value.count("pw-chosen") == 1
    assert panel.show_current.layout.display == ""
    panel.show_current.click()
    assert panel.state.shown is panel.state.solution
    assert "pw-chosen" not in panel.table.value
    assert panel.show_current.layout.display == "none"


def test_a_scenario_becomes_the_reference_and_ends_to_be(panel: ScenarioPanel) -> None:
    """By the button of the one that is chosen; its row says so, and it follows its name."""
    keep(panel, "A", "B")
    panel.chosen.value = 0
    assert panel.compare.description == "Use as reference"
    panel.compare.click()
    assert panel.state.reference == "A"
    assert panel.compare.description == "Stop comparing"
    assert "<i class='pw-tag'>reference</i>" in panel.table.value
    panel.chosen.value = 1
    assert panel.compare.description == "Use as reference"
    panel.chosen.value = 0
    panel.new_name.value = "C"
    panel.rename.click()
    assert panel.state.reference == "C"
    assert panel.compare.description == "Stop comparing"
    panel.compare.click()
    assert panel.state.reference == ""
    assert "reference</i>" not in panel.table.value
    panel.compare.click()
    panel.delete.click()
    assert panel.state.reference == ""
    assert panel.compare.description == "Use as reference"


def test_selection_made_elsewhere_is_followed(panel: ScenarioPanel) -> None:
    """A scenario that another panel shows is the chosen one here."""
    keep(panel, "one", "two", "three")
    panel.state.show_scenario(1)
    assert panel.chosen.value == 1
    assert panel.new_name.value == "two"


def test_restore_brings_the_budgets_back(panel: ScenarioPanel) -> None:
    """Restore sets the limits with which the chosen scenario was found."""
    keep(panel, "one")
    assert panel.state.budgets[0].value == 175.0
    panel.restore.click()
    assert panel.state.budgets[0].value == 225.0


def test_rename_by_button_and_by_enter(panel: ScenarioPanel) -> None:
    """Both rename the chosen scenario, which stays chosen."""
    keep(panel, "one", "two")
    panel.chosen.value = 0
    panel.new_name.value = "first"
    panel.rename.click()
    assert names(panel) == ["first", "two"]
    panel.new_name.value = "1st"
    submit(panel.new_name)
    assert names(panel) == ["1st", "two"]
    assert panel.chosen.value == 0


def test_taken_name_is_refused(panel: ScenarioPanel) -> None:
    """A rename to a name that is there changes nothing and gives a message."""
    keep(panel, "one", "two")
    panel.new_name.value = "one"
    panel.rename.click()
    assert names(panel) == ["one", "two"]
    assert "taken" in message(panel).text


def test_delete_down_to_none(panel: ScenarioPanel) -> None:
    """Delete drops the chosen one, also while it is shown; the last leaves the empty line."""
    keep(panel, "one", "two")
    panel.show_chosen.click()
    panel.delete.click()
    assert names(panel) == ["one"]
    assert panel.chosen.value == 0
    panel.delete.click()
    assert "No scenarios yet" in panel.table.value
    assert panel.chosen.value is None
    assert panel.delete.disabled


def test_saved_json_loads_again(panel: ScenarioPanel) -> None:
    """The JSON of the link brings the scenarios back, and the control is empty afterwards."""
    keep(panel, "one", "two")
    before, content = panel.state.scenarios, saved(panel, "scenarios.json").encode()
    panel.delete.click()
    panel.delete.click()
    give_files(panel.upload, {"scenarios.json": content})
    assert [(s.name, s.solution.architecture, s.solution.score) for s in panel.state.scenarios] == [
        (s.name, s.solution.architecture, s.solution.score) for s in before
    ]


def test_saved_layer_csv_loads_again(panel: ScenarioPanel) -> None:
    """The CSV of layers brings the architectures back."""
    keep(panel, 'a "quoted", name')
    architecture = panel.state.scenarios[0].solution.architecture
    content = saved(panel, "scenarios-layers.csv").encode()
    panel.delete.click()
    give_files(panel.upload, {"layers.csv": content})
    assert names(panel) == ['a "quoted", name']
    assert panel.state.scenarios[0].solution.architecture == architecture


def test_summary_csv_has_a_row_a_scenario(panel: ScenarioPanel) -> None:
    """The CSV of the table has a head and one row for each scenario."""
    keep(panel, "one", "two")
    lines = saved(panel, "scenarios-summary.csv").splitlines()
    assert lines[0].startswith('"scenario","status","score"')
    assert [line.split(",")[0] for line in lines[1:]] == ['"one"', '"two"']


def test_bad_file_gives_a_message_and_may_come_again(panel: ScenarioPanel) -> None:
    """A file that is no scenarios gives a message each time, and changes nothing."""
    keep(panel, "one")
    for _ in range(2):
        panel.state.dismiss()
        give_files(panel.upload, {"bad.json": b"{"})
        assert message(panel).level == "error"
        assert "bad.json" in message(panel).text
    assert names(panel) == ["one"]


def test_downloads_are_built_when_scenarios_change_only(panel: ScenarioPanel) -> None:
    """Another solution or selection leaves the links as they are."""
    keep(panel, "one")
    changes: list[object] = []
    panel.downloads.observe(changes.append, "value")
    panel.state.set_budget(0, value=120.0)
    panel.state.show_scenario(0)
    assert changes == []


def test_runtime_by_layer_draws_parent_and_scenarios(panel: ScenarioPanel) -> None:
    """One line for the parent and for each scenario, each layer a step, with own dashes."""
    keep(panel, "one", "two")
    marks = panel.comparison.charts[False].figure.marks
    assert len(marks) == 3
    assert list(marks[0].x) == [-0.5, 0.5, 0.5, 1.5, 1.5, 2.5]
    assert list(marks[0].y) == [10.0] * 6
    blocks = panel.state.scenarios[1].solution.blocks
    assert list(marks[2].y)[::2] == [block.values[RUNTIME] for block in blocks]
    assert marks[1].line_style != marks[2].line_style
    assert marks[1].colors != marks[2].colors


def test_lines_stay_and_surplus_ones_hide(panel: ScenarioPanel) -> None:
    """Keeping and deleting reuses the lines that are there; what is not needed is hidden."""
    keep(panel, "one", "two")
    figure = panel.comparison.charts[False].figure
    marks = figure.marks
    panel.delete.click()
    assert figure.marks == marks
    assert [mark.visible for mark in marks] == [True, True, False]


def test_only_the_visible_view_is_drawn(panel: ScenarioPanel) -> None:
    """While bars are shown, a new scenario does not touch the chart of layers."""
    keep(panel, "one")
    panel.comparison.view.value = SPEED
    figure = panel.comparison.charts[False].figure
    assert figure not in panel.comparison.children
    keep(panel, "two")
    assert len(figure.marks) == 2
    assert "two" in panel.comparison.says.value


def test_scores_on_a_logarithmic_scale_keep_zeros_at_the_foot(panel: ScenarioPanel) -> None:
    """A score of 0 has no place on a logarithmic scale: it is drawn at its foot, and said."""
    keep(panel, "one")
    comparison = panel.comparison
    comparison.view.value = SCORES
    assert comparison.charts[False].figure in comparison.children
    comparison.log_scale.value = True
    figure = comparison.charts[True].figure
    assert figure in comparison.children
    values = [block.values[LOSS] for block in panel.state.scenarios[0].solution.blocks]
    assert 0.0 in values
    assert min(figure.marks[0].y) == pytest.approx(min(v for v in values if v > 0) / 2)
    assert "bottom" in comparison.says.value


def test_distribution_sorts_scores_and_says_figures(panel: ScenarioPanel) -> None:
    """The curve falls from the highest score; the table says sum, median and the highest layer."""
    keep(panel, "one")
    panel.comparison.view.value = SPREAD
    heights = list(panel.comparison.charts[False].figure.marks[0].y)
    assert heights == sorted(heights, reverse=True)
    solution = panel.state.scenarios[0].solution
    words = text(panel.comparison.says)
    assert f"{solution.score:g}" in words
    assert f"{sum(b.values[LOSS] == 0 for b in solution.blocks)} of 3" in words


def test_throughput_bars_have_figures(panel: ScenarioPanel) -> None:
    """Each bar is as long as its share of the fastest, and says tokens/s and speed-up."""
    keep(panel, "one")
    panel.comparison.view.value = SPEED
    solution = panel.state.scenarios[0].solution
    assert "3,333 tokens/s (1.00 x)" in text(panel.comparison.says)
    assert f"({solution.speedup:.2f} x)" in panel.comparison.says.value
    assert f"width:{100 / solution.speedup:.2f}%" in panel.comparison.says.value


def test_difference_says_and_lists_layers(panel: ScenarioPanel) -> None:
    """Parent and scenario compared: the count in words, a row for each layer, signed changes."""
    keep(panel, "one")
    panel.comparison.view.value = DIFFERENCE
    view = panel.comparison.difference
    solution = panel.state.scenarios[0].solution
    count = len(solution.differing_layers(panel.state.parent))
    assert f"{count} of 3 layers differ." in text(view.words)
    assert f"Memory \N{MINUS SIGN}{300 - solution.memory_mib:g} MiB" in text(view.words)
    assert view.table.value.count("<tr") == count + 1
    assert "Block differs in" in text(view.strip)


def test_no_difference_is_said(panel: ScenarioPanel) -> None:
    """An architecture compared with itself differs nowhere."""
    keep(panel, "one")
    panel.comparison.view.value = DIFFERENCE
    view = panel.comparison.difference
    view.second.value = view.first.value
    assert "No layer differs" in text(view.words)
    assert view.table.value == ""


def test_choice_of_difference_stays(panel: ScenarioPanel) -> None:
    """The two that the user chose stay chosen when another is kept or one is renamed."""
    keep(panel, "one", "two")
    panel.comparison.view.value = DIFFERENCE
    view = panel.comparison.difference
    assert (view.first.value, view.second.value) == (1, 2)
    view.first.value = 0
    keep(panel, "three")
    assert (view.first.value, view.second.value) == (0, 2)
    panel.state.rename(1, "second")
    assert (view.first.value, view.second.value) == (0, 2)


def test_long_differences_are_shortened() -> None:
    """Twenty layers that differ are shown in part, and in full once asked for."""
    rows = [[0, 100, 10], [1, 10, 5]]
    panel = ScenarioPanel(make_library([rows] * 20))
    panel.state.set_budget(0, value=200.0)
    keep(panel, "one")
    panel.comparison.view.value = DIFFERENCE
    view = panel.comparison.difference
    assert view.show_all.description == "Show all 20 layers"
    assert view.table.value.count("<tr") == 9
    view.show_all.click()
    assert view.table.value.count("<tr") == 21


def test_subblocks_that_differ_are_told_apart() -> None:
    """Blocks with known subblocks give a line for attention and one for FFN."""
    panel = ScenarioPanel(pw.load_library("llama-3.3-70b-modeled"))
    problem = pw.SearchProblem(panel.state.library, minimize="metrics.kl_div")
    shown = pw.search(problem.with_budget("stats.num_kv_heads", 0, 600))
    panel.state._put(shown=shown)
    keep(panel, "fewer heads")
    panel.comparison.view.value = DIFFERENCE
    assert re.search(
        r"Attention differs in \d+ FFN differs in 0", text(panel.comparison.difference.strip)
    )


def test_library_without_runtime_offers_what_it_has() -> None:
    """Without runtime or memory the views by layer show other costs, and there are no bars."""
    rows = [[0, 8], [1, 4]]
    panel = ScenarioPanel(make_library([rows, rows], keys=(LOSS, "stats.num_params")))
    panel.keep.click()
    views = [label for label, _ in panel.comparison.view.options]
    assert views == ["Parameters", "Score", "Score distribution", "Difference"]
    assert "Speedup" not in panel.table.value


def test_unknown_batch_gives_runtime_bars() -> None:
    """Where tokens of a batch are unknown, bars show runtime in ms."""
    rows = [[0, 100, 10], [1, 50, 5]]
    panel = ScenarioPanel(make_library([rows], measurement=pw.Measurement()))
    panel.keep.click()
    panel.comparison.view.value = SPEED
    assert "10 ms (1.00 x)" in text(panel.comparison.says)


def test_another_library_starts_afresh(panel: ScenarioPanel) -> None:
    """Opening another library keeps what was saved, offers its views, and works from there."""
    keep(panel, "one")
    panel.state.open_library(make_library([[[0, 8], [1, 4]]], keys=(LOSS, "stats.num_params")))
    assert panel.state.scenarios == ()
    assert "one" in text(panel.table)
    assert panel.comparison.view.value == "stats.num_params"
    keep(panel, "two")
    assert len(panel.state.scenarios) == 1


def test_messages_are_here_only_where_the_panel_stands_alone(panel: ScenarioPanel) -> None:
    """A panel on a shared state leaves messages to the page."""
    assert panel.messages is not None
    shared = ScenarioPanel(panel.state)
    assert shared.messages is None


def test_closed_panel_lets_go_of_the_state(panel: ScenarioPanel) -> None:
    """After closing, changes of the state no longer reach the panel."""
    state = panel.state
    panel.close()
    before = panel.table.value
    state.keep("later")
    assert panel.table.value == before
