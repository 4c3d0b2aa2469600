"""Findings: their layers in words, and the rules that avoid them."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export.findings import Finding, avoid, blocks_found
from tests.support.export import LINEAR, NO_OP, PARENT, chosen, export_library

LINEAR_FFN = (PARENT[0], LINEAR)


def is_linear(block: pw.BlockVariant, _: int) -> bool:
    """Whether the FFN is linear."""
    return block.ffn.kind == "linear"


def test_a_rule_bans_what_is_unfit_in_every_layer() -> None:
    """The finding names the layers that have it now; its rule keeps it from the others too."""
    library = export_library(LINEAR_FFN)
    solution = chosen(library, [0, 1, 1, 0])
    (found,) = blocks_found(solution, is_linear, "linear.", "no linear blocks")
    assert found.layers == (1, 2)
    assert found.text == "Layers 1, 2: linear."
    assert found.banned == {layer.name: {layer.variants[1].name} for layer in library.layers}
    problem = pw.SearchProblem(library, maximize="metrics.kl_div")
    assert pw.search(problem).blocks[0].ffn == LINEAR
    kept = pw.search(avoid(problem, found))
    assert [block.ffn for block in kept.blocks] == [PARENT[1]] * 4


def test_rules_add_up() -> None:
    """A second rule keeps the first."""
    library = export_library(LINEAR_FFN, (NO_OP, NO_OP))
    problem = pw.SearchProblem(
        library, maximize="metrics.kl_div", banned={0: ["no_op-None no_op-None"]}
    )
    (found,) = blocks_found(chosen(library, [1, 0, 0, 0]), is_linear, "linear.", "none")
    both = avoid(problem, found)
    assert both.banned[0] == {variant.name for variant in library.layer(0).variants[1:]}
    assert problem.banned[0] == {"no_op-None no_op-None"}


def test_there_is_no_rule_where_nothing_would_be_left() -> None:
    """A layer that has nothing else keeps the finding without a rule."""
    library = export_library()
    (found,) = blocks_found(chosen(library, [0] * 4), lambda *_: True, "all.", "no blocks")
    assert not found.avoidable
    with pytest.raises(pw.ExportError, match=r"No rule .*all\."):
        avoid(pw.SearchProblem(library, minimize="metrics.kl_div"), found)


def test_nothing_unfit_is_no_finding() -> None:
    """Without a layer there is nothing to say."""
    assert blocks_found(chosen(export_library(), [0] * 4), is_linear, "linear.") == []
    assert not Finding("note", "good to know").avoidable
