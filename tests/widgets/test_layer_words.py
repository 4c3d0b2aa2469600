"""Layers in words."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.layers.words import block_words, changed_words, layer_name
from tests.support.libraries import LOSS, MEMORY, make_library, published_files


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
