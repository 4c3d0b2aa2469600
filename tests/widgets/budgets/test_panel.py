"""Tests of the budget panel."""

from __future__ import annotations

import math

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, LayerName
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.solution.slack import Slack
from puzzle_widgets.state import BudgetSetting
from puzzle_widgets.widgets.budgets.amounts import Units, scale_of
from puzzle_widgets.widgets.budgets.row import BudgetRow, short_slack, slack_words
from tests.support.libraries import MEMORY, RUNTIME, make_library

KEYS = ("metrics.loss", "metrics.accuracy", MEMORY, RUNTIME)


CLASH = (
    BudgetSetting(MEMORY, "at most", 2_000, on=True),
    BudgetSetting(RUNTIME, "at least", 300, on=True),
)


@pytest.fixture
def library() -> pw.BlockLibrary:
    """Give four layers: parent of 4,096 MiB and 400 ms, at best 400 MiB and 40 ms."""
    rows = [[0.0, 1.0, 1024.0, 100.0], [0.5, 0.9, 500.0, 60.0], [2.0, 0.3, 100.0, 10.0]]
    return make_library([rows] * 4, KEYS)


@pytest.fixture
def state(library: pw.BlockLibrary) -> pw.ExplorerState:
    """Give a state of the library."""
    return pw.ExplorerState(library)


@pytest.fixture
def panel(state: pw.ExplorerState) -> pw.BudgetPanel:
    """Give a panel on the state."""
    return pw.BudgetPanel(state)


def row_of(panel: pw.BudgetPanel, label: str) -> BudgetRow:
    """Find the row of a resource by its label."""
    found: BudgetRow = next(row for row in panel.rows if row.quantity.label == label)
    return found


def budget_of(panel: pw.BudgetPanel, label: str) -> BudgetSetting:
    """Find the state's setting that a row stands for."""
    setting: BudgetSetting = panel.state.budgets[row_of(panel, label).place]
    return setting


def offered(panel: pw.BudgetPanel) -> list[str]:
    """What can be added, the invitation left out."""
    return panel.add.offered


def add(panel: pw.BudgetPanel, resource: object) -> None:
    """Choose from the list as a page does."""
    panel.add._handle_custom_msg({"add": resource}, [])


def test_only_what_is_listed_can_be_added(panel: pw.BudgetPanel) -> None:
    """A page may send anything; what is in use already stays as it is."""
    before = panel.state.record
    for said in (MEMORY, "stats.none", 3, None, ["stats.runtime_ms"]):
        add(panel, said)
    panel.add._handle_custom_msg("add", [])
    assert panel.state.record.budgets == before.budgets


def test_there_is_a_row_for_each_budget_in_use(panel: pw.BudgetPanel) -> None:
    """Sense, field, unit and slider show the setting, and the remark its share."""
    assert [row.quantity.label for row in panel.rows] == ["Memory", "Throughput"]
    memory = row_of(panel, "Memory")
    assert (memory.sense.value, memory.field.value) == ("at most", "3,072")
    assert "MiB" in memory.unit.value
    assert "75 % of the parent (4,096 MiB)" in memory.words.value
    assert abs(memory.slider.value - 3072) <= memory.slider.step / 2


def test_dragging_sets_the_limit_and_keeps_the_slider(panel: pw.BudgetPanel) -> None:
    """A dragged slider sets state and field, is searched, and is not made anew."""
    row = row_of(panel, "Memory")
    slider = row.slider
    for shown in (2000.0, 1500.0, 1000.0):
        slider.value = shown
    assert row_of(panel, "Memory") is row
    assert budget_of(panel, "Memory").value == 1000
    assert row.field.value == "1,000"
    assert panel.state.solution.totals[MEMORY] <= 1000


def test_a_budget_is_added_and_removed(panel: pw.BudgetPanel) -> None:
    """What is not in use is in the list; added it holds; removed it does not, but is kept."""
    memory = row_of(panel, "Memory")
    assert offered(panel) == ["Runtime (ms)"]
    add(panel, RUNTIME)
    runtime = row_of(panel, "Runtime")
    runtime.field.value = "150"
    assert budget_of(panel, "Runtime") == BudgetSetting(RUNTIME, "at most", 150.0, on=True)
    assert offered(panel) == []
    assert row_of(panel, "Memory") is memory, "a slider in hand stays"
    runtime.remove.click()
    assert [row.quantity.label for row in panel.rows] == ["Memory", "Throughput"]
    assert not panel.state.budgets[1].on
    assert offered(panel) == ["Runtime (ms)"]
    add(panel, RUNTIME)
    assert row_of(panel, "Runtime").field.value == "150"


def test_removing_lifts_the_limit(panel: pw.BudgetPanel) -> None:
    """It takes the budget out of the problem; undone, it is back as it was."""
    row_of(panel, "Memory").remove.click()
    assert MEMORY not in panel.state.problem.budgets
    assert offered(panel) == ["Memory (MiB)", "Runtime (ms)"]
    panel.state.undo()
    assert panel.state.problem.budgets[MEMORY].upper == 3072
    assert row_of(panel, "Memory").field.value == "3,072"


def test_sense_turns_a_limit_round_in_place(panel: pw.BudgetPanel) -> None:
    """Choosing 'at least' makes a lower limit of it, without making the row anew."""
    row = row_of(panel, "Memory")
    row.sense.value = "at least"
    assert panel.state.problem.budgets[MEMORY].lower == 3072
    assert row_of(panel, "Memory") is row


def test_handle_rounded_by_the_page_changes_nothing(panel: pw.BudgetPanel) -> None:
    """A value between two steps survives the slider's own rounding."""
    row = row_of(panel, "Memory")
    row.field.value = "2,001.25"
    row.slider.value = row.slider.value + row.slider.step / 10
    assert budget_of(panel, "Memory").value == 2001.25
    assert row.field.value == "2,001.25"


def test_value_outside_the_span_is_kept_and_said_to_be_impossible(
    panel: pw.BudgetPanel,
) -> None:
    """It stays in field and state; the slider sits at its end; a warning tells why."""
    row = row_of(panel, "Memory")
    row.field.value = "123"
    assert budget_of(panel, "Memory").value == 123
    assert row.field.value == "123"
    assert row.slider.value == row.slider.min
    assert "pw-warn" in row.words.value
    assert "least possible is 400 MiB" in row.words.value
    row.field.value = "500"
    assert "pw-warn" not in row.words.value


def test_value_above_the_span_is_kept(panel: pw.BudgetPanel) -> None:
    """A budget of more than anything needs can be met, and says nothing."""
    row = row_of(panel, "Memory")
    row.field.value = "1,000,000"
    assert budget_of(panel, "Memory").value == 1e6
    assert row.slider.value == row.slider.max
    assert "pw-warn" not in row.words.value


def test_text_that_is_no_amount_changes_nothing_and_says_so(panel: pw.BudgetPanel) -> None:
    """The state keeps its value, the field keeps the text, and the warning is escaped."""
    row = row_of(panel, "Memory")
    row.field.value = "<b>lots</b>"
    assert budget_of(panel, "Memory").value == 3072
    assert row.field.value == "<b>lots</b>"
    assert "pw-warn" in row.words.value
    assert "<b>" not in row.words.value
    assert "Type an amount, such as 4,096 MiB, 80 GB, 75 GiB or 60 %." in row.words.value
    assert "pw-invalid" in row.field._dom_classes
    row.field.value = "2000"
    assert "pw-invalid" not in row.field._dom_classes
    assert row.field.value == "2,000"
    assert "pw-warn" not in row.words.value


def test_units_change_the_view_and_not_the_limits(panel: pw.BudgetPanel) -> None:
    """Shares and GiB show the same limits; what is typed is read in the shown unit."""
    before = panel.state.budgets
    panel.share.value = True
    assert panel.state.budgets == before
    assert row_of(panel, "Memory").field.value == "75"
    row_of(panel, "Memory").field.value = "50"
    assert budget_of(panel, "Memory").value == 2048
    panel.share.value, panel.gib.value = False, True
    assert row_of(panel, "Memory").field.value == "2"
    assert "GiB" in row_of(panel, "Memory").unit.value
    row_of(panel, "Memory").slider.value = 1.0
    assert budget_of(panel, "Memory").value == 1024


def test_gib_is_offered_only_where_something_is_in_mib() -> None:
    """A library without memory has no choice between MiB and GiB."""
    library = make_library([[[0, 3], [1, 1]]], ("metrics.loss", "stats.cost"))
    panel = pw.BudgetPanel(library)
    assert panel.gib.layout.display == "none"
    assert offered(panel) == ["Cost"]


def test_objective_offers_scores_then_costs_in_their_usual_sense(
    panel: pw.BudgetPanel,
) -> None:
    """Choosing an accuracy maximizes it; the toggle turns that round."""
    assert [key for _, key in panel.objective.options] == list(KEYS)
    panel.objective.value = "metrics.accuracy"
    assert (panel.state.objective, panel.state.goal) == ("metrics.accuracy", "maximize")
    assert panel.goal.value == "maximize"
    panel.goal.value = "minimize"
    assert panel.state.problem.goal == "minimize"
    assert panel.state.solution.problem.objective == "metrics.accuracy"


def test_reset_brings_back_what_the_library_opens_with(
    panel: pw.BudgetPanel, library: pw.BlockLibrary
) -> None:
    """Objective, senses, switches and values return."""
    panel.objective.value = MEMORY
    row_of(panel, "Throughput").field.value = "77"
    row_of(panel, "Memory").sense.value = "at least"
    panel.reset.click()
    fresh = pw.ExplorerState(library)
    assert panel.state.budgets == fresh.budgets
    assert panel.objective.value == fresh.objective
    assert row_of(panel, "Memory").sense.value == "at most"


def test_rows_are_made_anew_when_other_resources_are_limited(panel: pw.BudgetPanel) -> None:
    """A restored problem may bring a second limit on one resource."""
    state = panel.state
    state.set_budgets((*state.budgets, BudgetSetting(MEMORY, "at least", 500.0, on=True)))
    assert len(panel.budget_rows.children) == 3
    assert (panel.rows[2].sense.value, panel.rows[2].field.value) == ("at least", "500")
    panel.rows[2].field.value = "600"
    assert state.problem.budgets[MEMORY].lower == 600


def test_foot_says_why_nothing_is_feasible(panel: pw.BudgetPanel) -> None:
    """Limits that exclude each other give the search's own reason, until they are fixed."""
    panel.state.budgets = CLASH
    assert "No architecture meets all limits together" in panel.foot.value
    assert panel.foot.layout.display == ""
    row_of(panel, "Memory").field.value = "4000"
    assert panel.foot.value == ""


def test_what_a_row_cannot_meet_is_said_in_that_row_alone(panel: pw.BudgetPanel) -> None:
    """Once, where the clash is."""
    row_of(panel, "Memory").field.value = "100"
    assert "the least possible is 400 MiB" in row_of(panel, "Memory").words.value
    assert panel.foot.value == ""


def test_each_row_offers_the_least_change_that_makes_it_feasible(panel: pw.BudgetPanel) -> None:
    """In the unit on screen; a press makes it, and the buttons go."""
    panel.state.budgets = CLASH
    memory, runtime = row_of(panel, "Memory"), row_of(panel, "Runtime")
    assert memory.loosen.description == "Raise Memory to 3,048 MiB"
    assert runtime.loosen.description == "Lower Runtime to 240 ms"
    panel.gib.value = True
    assert row_of(panel, "Memory").loosen.description == "Raise Memory to 2.977 GiB"
    row_of(panel, "Memory").loosen.click()
    assert panel.state.solution.found
    assert panel.state.budgets[0].value == panel.state.solution.totals[MEMORY]
    assert row_of(panel, "Memory").loosen.layout.display == "none"


def test_a_throughput_limit_is_loosened_as_one(panel: pw.BudgetPanel) -> None:
    """Its row offers tokens/s, and the change is made there."""
    panel.state.budgets = (BudgetSetting("throughput", "at least", 1e6, on=True),)
    row = row_of(panel, "Throughput")
    assert row.loosen.description == "Lower Throughput to 2,500 tokens/s"
    row.loosen.click()
    assert panel.state.solution.found
    assert [one.resource for one in panel.state.budgets] == ["throughput"]


def test_rules_are_lifted_where_they_clash(panel: pw.BudgetPanel) -> None:
    """In as few layers as will do; the rest of the rule stays."""
    parents: FrozenMapping[LayerName, str] = FrozenMapping([(n, "v0") for n in range(4)])
    panel.state.budgets = (BudgetSetting(MEMORY, "at most", 2_300, on=True),)
    panel.state.set_rules([SearchRule("all parents", fixed=parents)])
    assert panel.lift.description == "Lift the rules in 2 layers"
    panel.lift.click()
    assert panel.state.solution.found
    (rule,) = panel.state.rules
    assert (len(rule.fixed), rule.words) == (2, "all parents, with exceptions")
    assert panel.lift.layout.display == "none"


def test_stale_reason_is_dimmed_and_then_gone(panel: pw.BudgetPanel) -> None:
    """While another search is under way the old reason is no statement on the new problem."""
    panel.state.budgets = CLASH
    state = panel.state
    with state.hold_trait_notifications():
        state._put(updating=True, problem=state.problem.with_budget(MEMORY))
    assert "pw-dim" in panel.foot.value
    state._put(updating=False)
    assert panel.foot.value == ""


def test_objective_offers_no_part_of_a_cost() -> None:
    """Subblocks' costs and those at other batch sizes are no objective, unless one was chosen."""
    parts = ("stats.attention_memory_mib", "stats.runtime_ms@batch 8")
    library = make_library([[(0, 4, 2, 7), (1, 2, 1, 3)]], ("metrics.loss", MEMORY, *parts))
    panel = pw.BudgetPanel(library)
    assert [key for _, key in panel.objective.options] == ["metrics.loss", MEMORY]
    panel.state.set_objective(parts[1], "minimize")
    assert panel.objective.value == parts[1]


def test_a_throughput_without_end_has_no_amount_to_spare() -> None:
    """Where no runtime is left, a row says that it is not the limit, and no more."""
    scale = scale_of(make_library([[[0, 3], [1, 1]]], ("metrics.loss", MEMORY)), MEMORY, Units())
    assert slack_words(Slack(math.inf, binds=False), scale) == "Not the limit"
    assert short_slack(Slack(math.inf, binds=False), scale) == "not the limit"


def test_it_leads_to_the_scenarios_once_there_are_two(panel: pw.BudgetPanel) -> None:
    """The way there is offered where something can be compared, and opens their tab."""
    panel.state.keep("A")
    assert panel.compare.layout.display == "none"
    panel.state.keep("B")
    assert (panel.compare.layout.display, panel.compare.description) == (None, "Compare 2")
    panel.compare.click()
    assert panel.state.looks.tab == "scenarios"


def test_panel_follows_another_library(panel: pw.BudgetPanel) -> None:
    """Opening a library rebuilds rows and objectives; its names are escaped."""
    keys = ("metrics.<b>up</b>", "stats.<i>cost</i>")
    panel.state.open_library(make_library([[[0, 3], [1, 1]]], keys))
    assert [key for _, key in panel.objective.options] == list(keys)
    assert not panel.rows
    add(panel, "stats.<i>cost</i>")
    assert "<i>" not in panel.rows[0].name.value
    assert "<i>" not in panel.rows[0].words.value
    panel.rows[0].slider.value = 1.0
    assert panel.state.solution.totals["stats.<i>cost</i>"] == 1


def test_panel_alone_shows_messages(library: pw.BlockLibrary, state: pw.ExplorerState) -> None:
    """A panel with a state of its own has a message bar; one of a page has none."""
    alone = {type(child).__name__ for child in pw.BudgetPanel(library).children}
    shared = {type(child).__name__ for child in pw.BudgetPanel(state).children}
    assert "MessageBar" in alone
    assert "MessageBar" not in shared


def test_sliders_and_fields_can_be_named_by_the_page(panel: pw.BudgetPanel) -> None:
    """Each row has what the page's script names its controls by."""
    for row in panel.rows:
        assert "pw-limit" in row._dom_classes
        assert f"<span class='pw-name'>{row.quantity.label}</span>" in row.name.value
        assert row.slider.tooltip
        assert row.slider.continuous_update


def test_one_layer_with_one_variant_has_usable_sliders() -> None:
    """Where nothing can be chosen, rows still have a span."""
    panel = pw.BudgetPanel(pw.random_library(1, 1))
    assert all(row.slider.min < row.slider.max for row in panel.rows)


def test_each_limit_says_whether_it_binds_and_what_is_left(panel: pw.BudgetPanel) -> None:
    """In the unit on screen, live, in full and short."""
    memory = row_of(panel, "Memory")
    row_of(panel, "Throughput").remove.click()
    memory.field.value = "4,000"
    used = panel.state.solution.totals[MEMORY]
    assert f"The limit: {4000 - used:.0f} MiB to spare" in memory.slack.value
    assert "pw-binds" in memory.slack.value
    assert ">the limit<" in memory.slack.value
    memory.field.value = "5,000"
    assert "Not the limit: 904 MiB to spare" in memory.slack.value
    assert ">904 to spare<" in memory.slack.value
    panel.share.value = True
    assert "Not the limit: 22.1 % to spare" in row_of(panel, "Memory").slack.value


def test_slack_is_of_the_newest_answer_only(panel: pw.BudgetPanel) -> None:
    """Old words stay while a search runs; without an answer there are none."""
    memory = row_of(panel, "Memory")
    words = memory.slack.value
    assert words
    panel.state._put(problem=panel.state.problem.with_budget(MEMORY), updating=True)
    assert memory.slack.value == words
    memory.field.value = "1"
    assert memory.slack.value == ""


def test_digits_typed_come_back_and_other_units_are_rounded(panel: pw.BudgetPanel) -> None:
    """2,000.123 stays as typed; 1 GB is shown as whole MiB, and held in full."""
    row = row_of(panel, "Memory")
    row.field.value = "2000.123 MiB"
    assert row.field.value == "2,000.123"
    row.field.value = "1 GB"
    assert budget_of(panel, "Memory").value == 1e9 / 2**20
    assert row.field.value == "954"


def test_weights_leave_the_rows_in_place(panel: pw.BudgetPanel, state: pw.ExplorerState) -> None:
    """What is typed into a limit while a weighted sum is being searched is not lost."""
    before = panel.rows
    state.set_objective(dict.fromkeys(state.library.scores[:1], 1), layer_weights={0: 2})
    assert state.library.sums
    assert panel.rows == before
