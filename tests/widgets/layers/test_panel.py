"""The panel of layers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.layers.panel import LayerView
from tests.support.libraries import make_library, published_files


@pytest.fixture
def panel() -> LayerView:
    """The panel on the small published library; only its memory (row 0) is limited."""
    made = LayerView(pw.load_files(published_files()))
    unlimit(made)
    made.state.set_budget(0, on=True)
    return made


def unlimit(panel: LayerView) -> None:
    """Turn all limits off."""
    panel.state.set_budgets(tuple(replace(row, on=False) for row in panel.state.budgets))


def send(panel: LayerView, event: str, place: float) -> None:
    """Act as the front end: point at a column of the chart, or click it."""
    chart = panel.view.chart
    assert chart is not None
    chart.columns._handle_custom_msgs(None, {"event": event, "data": {"x": place}}, [])


def bars(panel: LayerView) -> list[list[float]]:
    """Heights of the bars on screen."""
    chart = panel.view.chart
    assert chart is not None
    heights: list[list[float]] = chart.bars.y[:, 1:-1].tolist()
    return heights


def test_bars_follow_what_is_shown(panel: LayerView) -> None:
    """A tighter budget redraws the bars of the same figure."""
    figure = panel.box.children[0]
    panel.state.set_budget(0, value=3.75)
    assert bars(panel)[0] == [0.0, 0.0, 0.0]
    panel.state.set_budget(0, value=30.75)
    assert bars(panel)[0] == [1.0, 1.0, 1.0]
    assert panel.box.children == (figure,)


def test_a_reference_stays_outlined_while_the_answer_changes(panel: LayerView) -> None:
    """In place, in every view; the legend names it, and nothing is outlined without one."""
    chart = panel.view.chart
    assert chart is not None
    assert not chart.frames.visible
    panel.state.keep("<A>")
    before = panel.state.shown
    panel.state.set_reference("<A>")
    assert chart.frames.visible
    assert "Reference: &lt;A&gt;" in panel.legend.value
    framed = chart.frames.y.tolist()
    panel.state.set_budget(0, value=3.75)
    assert panel.state.shown != before
    assert bars(panel)[0] == [0.0, 0.0, 0.0]
    assert chart.frames.y.tolist() == framed
    panel.switch.value = "Choice"
    assert panel.view.chart is not chart
    assert panel.view.chart is not None
    assert panel.view.chart.frames.visible
    panel.state.rename("<A>", "B")
    assert "Reference: B" in panel.legend.value
    panel.state.delete("B")
    assert "Reference" not in panel.legend.value
    assert not panel.view.chart.frames.visible
    panel.switch.value = "Size"
    assert not chart.frames.visible


def test_a_click_opens_a_layer(panel: LayerView) -> None:
    """Click, menu and table follow the state; the table's button closes it."""
    send(panel, "element_click", 2.0)
    assert panel.state.layer == 2
    assert panel.picker.value == 2
    assert "Layer 2" in panel.detail.heading.value
    assert panel.detail.layout.display == ""
    panel.detail.close_button.click()
    assert panel.picker.value == -1
    assert panel.detail.layout.display == "none"


def test_columns_beyond_the_ends_open_nothing(panel: LayerView) -> None:
    """The unseen places beside the first and the last layer are no layers."""
    for place in (-1.0, 3.0):
        send(panel, "element_click", place)
    assert panel.state.layer is None


def test_the_open_layer_is_marked_in_every_view(panel: LayerView) -> None:
    """A pointer and a shaded column stand at the open layer, whatever view is on."""
    panel.state.open_layer(1)
    for name in panel.switch.options:
        panel.switch.value = name
        chart = panel.view.chart
        assert chart is not None
        assert chart.marker.visible
        assert chart.marker.x.tolist() == [1.0]
        assert [place for place, shade in enumerate(chart.columns.opacities) if shade] == [2]


def test_pointing_tells_the_layer(panel: LayerView) -> None:
    """The line says block, sizes, score and costs with units, of the layer pointed at."""
    panel.state.set_budget(0, value=30.75)
    send(panel, "hover", 1.0)
    assert "Layer 1: 8 KV heads (100 %), FFN width 64 (100 %)" in panel.line.value
    assert "Runtime 5.5 of 5.5 ms" in panel.line.value
    assert "Memory 10.25 of 10.25 MiB" in panel.line.value


def test_buttons_walk_along_the_layers(panel: LayerView) -> None:
    """Next begins at the first layer, previous at the last; both stop at the ends."""
    panel.following.click()
    assert panel.state.layer == 0
    panel.previous.click()
    assert panel.state.layer == 0
    panel.state.open_layer(None)
    panel.previous.click()
    assert panel.state.layer == 2
    panel.following.click()
    assert panel.state.layer == 2


def test_the_menu_opens_and_closes_layers(panel: LayerView) -> None:
    """Choosing a layer opens it, choosing none closes it."""
    panel.picker.value = 1
    assert panel.state.layer == 1
    panel.picker.value = -1
    assert panel.state.layer is None


def test_only_the_view_that_is_on_is_drawn(panel: LayerView) -> None:
    """Views that nobody has looked at are not made; one gone back to is up to date."""
    assert set(panel._views) == {"Size"}
    panel.switch.value = "Memory"
    panel.state.set_budget(0, value=3.75)
    panel.switch.value = "Size"
    assert bars(panel)[0] == [0.0, 0.0, 0.0]


def test_views_need_their_costs() -> None:
    """A library without memory and runtime offers size and choice only."""
    panel = LayerView(make_library([[(0.0,), (1.0,)]], keys=("metrics.loss",)))
    assert panel.switch.options == ("Size", "Choice")
    full = LayerView(make_library([[(0, 1, 1), (1, 1, 1)]]))
    assert full.switch.options == ("Size", "Choice", "Runtime", "Memory")


def test_without_an_answer_the_last_picture_stays(panel: LayerView) -> None:
    """An infeasible budget gives the reason, dims the picture, and marks nothing as chosen."""
    panel.state.open_layer(0)
    before = bars(panel)
    panel.state.set_budget(0, value=-1.0)
    assert "least possible" in panel.status.value
    assert "pw-dim" in panel.box._dom_classes
    assert bars(panel) == before
    assert ">chosen<" not in panel.detail.table.value
    panel.state.set_budget(0, value=30.75)
    assert "pw-dim" not in panel.box._dom_classes
    assert ">chosen<" in panel.detail.table.value


def test_before_the_first_answer_it_says_so() -> None:
    """While the first search runs there is a word and no empty chart; then the chart comes."""

    async def look() -> None:
        panel = LayerView(pw.load_files(published_files()))
        assert "Searching" in panel.status.value
        assert panel.box.children == ()
        for _ in range(1000):
            if panel.state.shown is not None:
                break
            await asyncio.sleep(0.01)
        assert len(panel.box.children) == 1
        panel.state.close()

    asyncio.run(look())


def test_another_library_takes_over(panel: LayerView) -> None:
    """Opening a library redraws everything for its own layers and closes the open one."""
    panel.switch.value = "Memory"
    panel.state.open_layer(2)
    panel.state.open_library(make_library([[(0, 8, 1), (1, 2, 1)]] * 5))
    assert len(bars(panel)[0]) == 5
    assert len(panel.picker.options) == 6
    assert panel.detail.layout.display == "none"
    panel.state.open_layer(4)
    assert "Layer 4" in panel.detail.heading.value


def test_long_lists_open_on_demand() -> None:
    """The button shows all variants, and the best ones only again."""
    panel = LayerView(pw.random_library(2, 30))
    panel.state.open_layer(0)
    assert panel.detail.table.value.count("<tr") < 20
    panel.detail.all_button.click()
    assert panel.detail.table.value.count("<tr") == 31
    panel.detail.all_button.click()
    assert panel.detail.table.value.count("<tr") < 20


def test_it_says_whose_blocks_they_are(panel: LayerView) -> None:
    """The title tells a saved solution from the current solution, its name escaped."""
    assert "Current solution" in panel.head.value
    panel.state.keep("<i>edge")
    panel.state.show_scenario(0)
    assert "Scenario \u2018&lt;i&gt;edge\u2019" in panel.head.value


def test_names_of_layers_are_escaped() -> None:
    """Markup in a layer's or a variant's name stays text in the line and the heading."""
    library = make_library([[(0, 1, 1)]])
    variant = replace(library.layers[0].variants[0], name="<u>v")
    panel = LayerView(replace(library, layers=(pw.Layer("<b>\tx", (variant,), "<u>v"),)))
    unlimit(panel)
    panel.state.open_layer(0)
    for html in (panel.line.value, panel.detail.heading.value, panel.detail.table.value):
        assert "<u>" not in html
        assert "<b>\t" not in html
    assert "&lt;u&gt;v" in panel.line.value


def test_closing_lets_the_state_go(panel: LayerView) -> None:
    """A closed panel follows nothing any more."""
    panel.close()
    status = panel.status.value
    panel.state.set_budget(0, value=-1.0)
    assert panel.status.value == status
