"""The table of one layer's variants, and layers in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.layers.detail import (
    SHORT,
    LayerDetail,
    OpenLayer,
    block_words,
    changed_words,
    detail_title,
    layer_name,
    listed,
    variants_table,
)
from tests.support.libraries import HALF_NAME, LOSS, MEMORY, make_library, published_files

COSTLY = [
    [(score * n, size, time) for score, size, time in ((0, 10, 60), (1, 6, 40), (2.5, 1, 20))]
    for n in (1, 2, 3, 5)
]
NASTY = "<script>alert(1)</script>\tx"


@pytest.fixture
def opened() -> OpenLayer:
    """Layer 1 of the small published library, at half of its attention."""
    library = pw.load_files(published_files())
    return OpenLayer(library, 1, HALF_NAME, "metrics.kl_div")


def test_the_title_says_layer_and_block(opened: OpenLayer) -> None:
    """Without an architecture, the title is the layer alone."""
    assert detail_title(opened) == "Layer 1: 4 KV heads, FFN width 64"
    assert detail_title(replace(opened, chosen=None)) == "Layer 1"


def test_the_best_score_comes_first(opened: OpenLayer) -> None:
    """Losses sort upwards, gains downwards."""
    assert listed(opened) == [0, 1, 2]
    assert listed(replace(opened, gain=True)) == [2, 1, 0]


def test_chosen_and_parent_are_marked_in_words(opened: OpenLayer) -> None:
    """The chosen row stands out and says so; the parent's row says so."""
    html = variants_table(opened, listed(opened))
    rows = html.split("<tr")[2:]
    assert ">parent<" in rows[0]
    assert ">chosen<" in rows[1]
    assert [row.startswith(" class='pw-chosen'") for row in rows] == [False, True, False]


def test_every_figure_has_its_unit(opened: OpenLayer) -> None:
    """Heads name the units, and the difference is signed."""
    html = variants_table(opened, listed(opened))
    assert "Runtime (ms)" in html
    assert "Memory (MiB)" in html
    assert "+0.2" in html


def test_long_lists_are_shortened() -> None:
    """The best twelve are shown, with the chosen one and the parent among them."""
    rows = [(30.0, 1, 1)] + [(float(score), 1, 1) for score in range(29)]
    opened = OpenLayer(make_library([rows]), 0, "v25", LOSS)
    places = listed(opened, SHORT)
    assert places == [*range(1, SHORT + 1), 25, 0]
    assert len(listed(opened)) == 30


def test_names_are_escaped() -> None:
    """A name with markup stays text."""
    library = make_library([[(0, 1, 1)]])
    layer = library.layers[0]
    variant = replace(layer.variants[0], name=NASTY)
    library = replace(library, layers=(pw.Layer("<b>", (variant,), NASTY),))
    opened = OpenLayer(library, 0, NASTY, LOSS)
    html = variants_table(opened, listed(opened))
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "<b>" not in html


def test_equal_labels_are_told_apart_by_name() -> None:
    """Two variants of the same subblocks show their names."""
    library = pw.load_files(published_files())
    layer = library.layers[0]
    twin = replace(layer.variants[0], name="the other one")
    library = replace(library, layers=(replace(layer, variants=(*layer.variants, twin)),))
    opened = OpenLayer(library, 0, None, "metrics.kl_div")
    assert "[the other one]" in variants_table(opened, listed(opened))


@pytest.mark.parametrize(
    ("name", "words"), [(30, "Layer 30"), ("7", "Layer 7"), ("model\tlast", "model last")]
)
def test_layers_are_named_on_one_line(name: int | str, words: str) -> None:
    """Numbers are called layers, other names stay as they are."""
    layer = make_library([[(0, 1, 1)]]).layers[0]
    assert layer_name(pw.Layer(name, layer.variants, layer.parent)) == words


def test_a_block_is_told_with_the_parents_costs() -> None:
    """Subblocks with their shares, then the score, then costs of the parent's, with units."""
    library = pw.load_files(published_files())
    half, empty = library.layers[0].variants[1:]
    assert block_words(library, 0, half, "metrics.kl_div") == [
        "Layer 0: 4 KV heads (50 %), FFN width 64 (100 %)",
        "KL divergence 0.1",
        "Runtime 4.5 of 5.5 ms",
        "Memory 7.25 of 10.25 MiB",
    ]
    assert "no-op (0 %), FFN linear" in block_words(library, 0, empty, "metrics.kl_div")[0]


def test_changed_layers_are_counted() -> None:
    """The count agrees with its noun and its verb."""
    library = make_library([[(0, 8, 1), (1, 2, 1)]] * 2)
    problem = pw.SearchProblem(library, minimize=LOSS)
    assert changed_words(pw.search(problem)) == "Every layer has the parent's own block."
    tight = pw.search(problem.with_budget(MEMORY, upper=10))
    assert changed_words(tight) == "1 of 2 layers differs from the parent's."


def test_variants_are_ranked_by_what_they_would_cost() -> None:
    """Each with its difference in score; what a rule or the budgets rule out says why."""
    state = pw.ExplorerState(make_library(COSTLY))
    state.budgets = (pw.BudgetSetting(MEMORY, "at most", 25.0, on=True),)
    state.forbid(1, "v0")
    state.open_layer(1)
    detail = LayerDetail(state)
    costs = pw.inclusion_costs(state.problem)
    order = sorted(range(3), key=lambda place: costs.costs[3 + place])
    assert detail._of is not None
    assert listed(detail._of, None, state.layer_costs) == order
    assert "Would cost" in detail.table.value
    assert ">forbidden<" in detail.table.value
    figures = [cost for cost in costs.costs[3:6] if 0 < cost < 1e9]
    assert all(f">+{cost:g}<" in detail.table.value for cost in figures)
    detail.close()
    assert state.layer_costs is None


def test_a_block_is_kept_forbidden_and_let_go() -> None:
    """By the list and its buttons, which act on the open layer."""
    state = pw.ExplorerState(make_library(COSTLY))
    state.budgets = (pw.BudgetSetting(MEMORY, "at most", 25.0, on=True),)
    state.open_layer(2)
    choice = LayerDetail(state).choice
    assert choice.keep.disabled
    assert choice.forbid.disabled
    assert choice.free.layout.display == "none"
    choice.variants.value = "v2"
    choice.keep.click()
    assert dict(state.problem.fixed) == {2: "v2"}
    assert choice.free.layout.display == ""
    assert choice.variants.value == "v2"
    choice.forbid.click()
    assert dict(state.problem.banned) == {2: frozenset({"v2"})}
    choice.free.click()
    assert state.rules == ()
    choice.parent.click()
    assert dict(state.problem.fixed) == {2: "v0"}
    assert state.undoable == "rules"
