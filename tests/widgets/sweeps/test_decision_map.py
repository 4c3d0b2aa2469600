"""The decision map: searched on request, rows shown by click, list, buttons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.charts.palette import BLANK_VALUE, LIMIT, LINEAR_VALUE, SELECTED
from puzzle_widgets.library import SubBlock
from puzzle_widgets.library.quantity import MEMORY, THROUGHPUT
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.charts import CellChart
from puzzle_widgets.widgets.layers.panel import LayerView
from puzzle_widgets.widgets.sweeps.decision_map import DecisionMap
from tests.support.libraries import make_library
from tests.support.state import found_so_far

PARTS = (
    (SubBlock("sized", 8), SubBlock("sized", 100)),
    (SubBlock("sized", 4), SubBlock("linear")),
    (SubBlock("no_op"), SubBlock("sized", 25)),
)


def sized_library(layers: int = 5) -> pw.BlockLibrary:
    """Layers whose variants have known subblocks."""
    draws = np.random.default_rng(1).random((layers, 3))
    rows = [[(0.0, 30.0, 30.0), (a, 10 + 9 * b, 10 + 9 * b), (1 + b, c, c)] for a, b, c in draws]
    library = make_library(rows)
    made = (
        replace(
            layer,
            variants=tuple(
                replace(variant, attention=attention, ffn=ffn)
                for variant, (attention, ffn) in zip(layer.variants, PARTS, strict=True)
            ),
        )
        for layer in library.layers
    )
    return replace(library, layers=tuple(made))


@pytest.fixture
def state() -> ExplorerState:
    """State of a library with known subblocks, without limits."""
    made = ExplorerState(sized_library())
    made.set_budgets(tuple(replace(row, on=False) for row in made.budgets))
    return made


@pytest.fixture
def panel(state: ExplorerState) -> DecisionMap:
    """Panel whose map has been found."""
    made = DecisionMap(state)
    made.search.button.click()
    return made


def send(panel: DecisionMap, event: str, row: int, layer: int, chart: int = 0) -> None:
    """Send what the page sends of a cell."""
    key = "point" if event == "hover" else "data"
    content: dict[str, Any] = {"event": event, key: {"rowNum": row, "columnNum": layer}}
    panel.charts[chart].cells._handle_custom_msg(content, None)


def outlined(chart: CellChart, color: str) -> tuple[float, float] | None:
    """Low and high end of the rows that are outlined in a color."""
    for mark in chart.outlines:
        if mark.visible and mark.colors == [color]:
            return float(mark.y.min()), float(mark.y.max())
    return None


def test_nothing_is_searched_or_hung_before_the_button(state: ExplorerState) -> None:
    """Alone and new, the panel offers the search and hides the rest."""
    panel = DecisionMap(state)
    assert state.decisions is None
    assert panel.body.layout.display == "none"
    assert panel.box.children == ()
    assert "Not searched yet" in panel.search.said.value


def test_two_maps_show_the_sizes(panel: DecisionMap) -> None:
    """Attention above, FFN below: the parent's size 1, subblock 0.5, no-op 0, linear its own."""
    grid = panel.state.decisions
    assert grid is not None
    attention, ffn = (chart.cells.color[:-1, :-1] for chart in panel.charts)
    np.testing.assert_array_equal(attention, grid.attention)
    known = {"v0": 1.0, "v1": LINEAR_VALUE, "v2": 0.25}
    for place, solution in enumerate(grid.solutions):
        assert solution is not None
        np.testing.assert_allclose(ffn[place], [known[block.name] for block in solution.blocks])
    headings = [child.value for child in panel.box.children[::2]]
    assert headings == ["<h3>Attention</h3>", "<h3>FFN</h3>"]
    assert f"{grid.asked} rows: all proven optimal." in panel.search.said.value
    assert "linear" in panel.legend.value


def test_pointing_tells_target_layer_and_block(panel: DecisionMap) -> None:
    """The line has the target with its unit, the layer, and the block with its sizes."""
    grid = panel.state.decisions
    assert grid is not None
    send(panel, "hover", 2, 3, chart=1)
    assert grid.targets.words(2) in panel.line.value
    assert "tokens/s" in panel.line.value
    assert "layer 3" in panel.line.value
    assert "FFN" in panel.line.value
    assert panel.state.selection.kind == "current"


def test_a_click_shows_the_rows_architecture(panel: DecisionMap) -> None:
    """The row is shown, outlined on both maps, chosen in the list and named by other panels."""
    state = panel.state
    layers = LayerView(state)
    send(panel, "element_click", 4, 1, chart=1)
    assert state.decisions is not None
    assert state.shown is state.decisions.solutions[4]
    assert panel.walk.pick.value == 4
    for chart in panel.charts:
        assert outlined(chart, SELECTED) == (3.5, 4.5)
    words = state.decisions.targets.words(4)
    assert state.shown_name == f"Decision map: {words}"
    assert f"Decision map: {words}" in layers.head.value
    assert f"Shown: {words}" in panel.line.value


def test_buttons_and_list_walk_along_the_rows(panel: DecisionMap) -> None:
    """Next, previous, first, last and the list go where they say; the list lets go, too."""
    visited = []
    for step in (
        panel.walk.next,
        panel.walk.next,
        panel.walk.previous,
        panel.walk.last,
        panel.walk.next,
        panel.walk.first,
    ):
        step.click()
        visited.append(panel.state.selection.place)
    last = len(panel.state.decisions.solutions) - 1
    assert visited == [0, 1, 0, last, last, 0]
    panel.walk.pick.value = 5
    assert panel.state.selection.place == 5
    panel.walk.pick.value = -1
    assert panel.state.selection.kind == "current"
    assert outlined(panel.charts[0], SELECTED) is None


def test_the_row_of_the_present_budget_is_outlined(panel: DecisionMap) -> None:
    """The row nearest to the limit is outlined and said; without a limit there is none."""
    state = panel.state
    grid = state.decisions
    assert grid is not None
    place = next(n for n, row in enumerate(state.budgets) if row.resource == THROUGHPUT)
    state.set_budget(place, value=grid.targets.limits[3], on=True)
    chart = panel.charts[0]
    assert outlined(chart, LIMIT) == (2.5, 3.5)
    assert grid.targets.words(3) in panel.legend.value
    state.set_budget(place, value=0.5 * (grid.targets.limits[3] + grid.targets.limits[4]) + 1e-6)
    assert outlined(chart, LIMIT) == (3.5, 4.5)
    assert "nearest row" in panel.legend.value
    state.set_budget(place, on=False)
    assert outlined(chart, LIMIT) is None
    assert "Current budgets" not in panel.legend.value


def test_rows_over_another_budget(panel: DecisionMap) -> None:
    """Choosing memory searches the map over memory, with its unit on the axis."""
    panel.over.value = MEMORY
    grid = panel.state.decisions
    assert grid is not None
    assert grid.targets.resource == MEMORY
    assert panel.charts[0].figure.axes[1].label == "Memory (MiB)"
    assert panel.walk.pick.options[1][0] == f"1 of {grid.asked}: {grid.targets.words(0)}"


def test_it_says_when_it_is_out_of_date(panel: DecisionMap) -> None:
    """A limit on another resource outdates it; that on its own does not."""
    state = panel.state
    rows = {row.resource: n for n, row in enumerate(state.budgets)}
    state.set_budget(rows[THROUGHPUT], on=True)
    assert "Out of date" not in panel.search.said.value
    state.set_budget(rows[MEMORY], on=True)
    assert "Out of date" in panel.search.said.value
    assert "pw-dim" in panel.box._dom_classes
    panel.search.button.click()
    assert "Out of date" not in panel.search.said.value
    assert "Memory ≤" in panel.head.value


def test_progress_and_stop_while_it_is_searched(panel: DecisionMap) -> None:
    """While the search runs, rows not found are gray; Stop ends it and the rest is said."""
    grid = panel.state.decisions
    assert grid is not None
    rows = (*grid.solutions[:4], *[None] * 8)
    found_so_far(panel.state, "decisions", replace(grid, solutions=rows))
    assert panel.search.count.value == "4 of 12 rows"
    assert (panel.charts[0].cells.color[4:] == BLANK_VALUE).all()
    send(panel, "element_click", 9, 0)
    assert panel.state.selection.kind == "current"
    panel.search.button.click()
    assert "Stopped after 4 of 12 rows" in panel.search.said.value


@pytest.mark.parametrize("layers", [1, 200])
def test_one_layer_and_many(layers: int) -> None:
    """Libraries of one layer and of 200 are drawn and clicked."""
    panel = DecisionMap(ExplorerState(sized_library(layers)))
    panel.search.button.click()
    assert panel.charts[0].cells.color.shape[1] == layers + 1
    send(panel, "element_click", 0, layers - 1)
    assert panel.state.selection.kind == "map"


def test_blocks_of_unknown_kind_have_one_map() -> None:
    """Where no subblock is known there is one map of whole blocks, by a cost that the key names."""
    panel = DecisionMap(ExplorerState(pw.random_library(6, 5)))
    panel.search.button.click()
    assert len(panel.charts) == 1
    assert panel.box.children[0].value == "<h3>Whole blocks</h3>"
    assert "Memory of the block" in panel.key.value


def test_layer_names_are_escaped(state: ExplorerState) -> None:
    """A layer's name is words in the line, whatever it holds."""
    library = state.library
    layers = (replace(library.layers[0], name="<b>bold</b>"), *library.layers[1:])
    panel = DecisionMap(ExplorerState(replace(library, layers=layers)))
    panel.search.button.click()
    send(panel, "hover", 0, 0)
    assert "&lt;b&gt;bold" in panel.line.value
    assert "<b>bold" not in panel.line.value


def test_another_library_starts_afresh(panel: DecisionMap) -> None:
    """Opening a library hides the old map and lets go of its row."""
    panel.walk.next.click()
    panel.state.open_library(sized_library(3))
    assert panel.body.layout.display == "none"
    assert panel.box.children == ()
    panel.search.button.click()
    assert panel.charts[0].cells.color.shape[1] == 4


def test_close_lets_go_of_the_state(panel: DecisionMap) -> None:
    """A closed panel no longer follows the state."""
    before = panel.line.value
    panel.close()
    panel.state.show_row(3)
    assert panel.line.value == before
