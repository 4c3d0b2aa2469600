"""Relative sizes of blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, SubBlock
from puzzle_widgets.library.model import KINDS
from puzzle_widgets.solution.sizes import relative_sizes
from tests.support.libraries import make_library, published_files

NAN = float("nan")


def subblocks_library(*pairs: tuple[SubBlock, SubBlock], **stats: list[float]) -> pw.BlockLibrary:
    """One layer with these subblocks; the first is the parent's."""
    variants = tuple(
        pw.BlockVariant(
            f"v{place}",
            *pair,
            FrozenMapping(
                {"metrics.loss": 0.0} | {f"stats.{key}": row[place] for key, row in stats.items()}
            ),
        )
        for place, pair in enumerate(pairs)
    )
    return pw.BlockLibrary("subblocks", (pw.Layer(0, variants, "v0"),))


def test_sizes_are_shares_of_the_parent() -> None:
    """KV heads and FFN widths are divided by those of the parent; a no-op is 0."""
    sizes = relative_sizes(pw.load_files(published_files()))
    assert sizes.whole is None
    assert sizes.attention.shares.tolist() == [1.0, 0.5, 0.0] * 3
    assert np.array_equal(sizes.ffn.shares, [1.0, 1.0, NAN] * 3, equal_nan=True)
    assert sizes.ffn.has("linear")
    assert not sizes.attention.has("linear")


def test_kinds_run_over_all_variants() -> None:
    """Every variant has the place of its subblock's kind."""
    sizes = relative_sizes(pw.load_files(published_files()))
    assert [KINDS[kind] for kind in sizes.ffn.kinds[:3]] == ["sized", "sized", "linear"]
    assert [KINDS[kind] for kind in sizes.attention.kinds[:3]] == ["sized", "sized", "no_op"]


def test_a_parent_without_size_gives_way_to_the_largest() -> None:
    """Where the parent's subblock is linear, the layer's largest subblock counts as whole."""
    subblocks = [(SubBlock("linear"), SubBlock("sized", 10))]
    subblocks += [(SubBlock("sized", heads), SubBlock("sized", 5)) for heads in (2, 4)]
    sizes = relative_sizes(subblocks_library(*subblocks))
    assert np.array_equal(sizes.attention.shares, [NAN, 0.5, 1.0], equal_nan=True)
    assert sizes.ffn.shares.tolist() == [1.0, 0.5, 0.5]


def test_an_unknown_subblock_counts_by_its_own_cost() -> None:
    """A subblock known by name only takes its share of parameters, where these are known."""
    subblocks = [
        (SubBlock("sized", 8), SubBlock("sized", 4)),
        (SubBlock("other"), SubBlock("sized", 4)),
    ]
    known = relative_sizes(subblocks_library(*subblocks, attention_num_params=[200.0, 50.0]))
    assert known.attention.shares.tolist() == [1.0, 0.25]
    assert known.attention.basis == "stats.attention_num_params"
    bare = relative_sizes(subblocks_library(*subblocks))
    assert np.isnan(bare.attention.shares[1])
    assert bare.attention.basis == ""


def test_blocks_of_unknown_kind_count_whole() -> None:
    """Where no subblock is known, a block counts by its share of the parent's memory."""
    sizes = relative_sizes(make_library([[(0, 8, 1), (1, 2, 1)], [(0, 4, 1), (1, 4, 1)]]))
    assert sizes.whole is not None
    assert sizes.whole.basis == "stats.memory_mib"
    assert sizes.whole.shares.tolist() == [1.0, 0.25, 1.0, 1.0]


@pytest.mark.parametrize("memory", [(0.0, 3.0), (-1.0, 3.0), (3.0, -1.0)])
def test_a_share_of_nothing_is_unknown(memory: tuple[float, float]) -> None:
    """A parent at 0 or a negative cost gives no share, never infinity."""
    parent, other = memory
    sizes = relative_sizes(make_library([[(0, parent, 1), (1, other, 1)]]))
    assert sizes.whole is not None
    assert np.isnan(sizes.whole.shares[1])


def test_a_library_without_costs_has_no_sizes() -> None:
    """Scores alone tell no size: every share is unknown."""
    library = make_library([[(0.0,), (1.0,)]], keys=("metrics.loss",))
    sizes = relative_sizes(replace(library, name="scores only"))
    assert sizes.whole is not None
    assert sizes.whole.basis == ""
    assert np.isnan(sizes.whole.shares).all()
