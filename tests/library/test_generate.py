"""Random libraries."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw


def test_default_size_and_parent() -> None:
    """32 layers of 100 variants; the parent loses nothing and costs most."""
    library = pw.random_library()
    assert {len(layer.variants) for layer in library.layers} == {100}
    assert len(library.layers) == 32
    assert library.parent_totals == {
        "metrics.loss": 0,
        "stats.memory_mib": 3200,
        "stats.runtime_ms": 3200,
    }
    assert library.total_range("stats.memory_mib")[1] == 3200
    assert library.provenance.origin == "generated"


def test_a_seed_makes_one_library() -> None:
    """The same seed gives the same library, another one another."""
    assert pw.random_library(3, 4, 5) == pw.random_library(3, 4, 5)
    assert pw.random_library(3, 4, 5) != pw.random_library(3, 4, 6)


@pytest.mark.parametrize(("layers", "variants"), [(0, 3), (3, 0), (-1, 3)])
def test_a_library_needs_a_layer_and_a_variant(layers: int, variants: int) -> None:
    """Nonsense sizes are refused in words."""
    with pytest.raises(pw.LibraryError, match="needs a layer and a variant"):
        pw.random_library(layers, variants)
