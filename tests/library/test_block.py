"""Subblocks of a block, read from names and from sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puzzle_widgets.library.model import SubBlock, block_from_name, block_from_size

NO_OP, LINEAR, OTHER = SubBlock("no_op"), SubBlock("linear"), SubBlock("other")


@pytest.mark.parametrize(
    ("name", "attention", "ffn"),
    [
        (
            "attention = 8 kv heads (parent * 100%)\t&&\tffn = intermediate size 29e3 (100%)",
            SubBlock("sized", 8),
            SubBlock("sized", 29000),
        ),
        ("attention = no_op (parent * 0%)\t&&\tffn = linear", NO_OP, LINEAR),
        ("attention: linear, mlp: no-op", LINEAR, NO_OP),
        ("attention_no_op_ffn_1024", NO_OP, SubBlock("sized", 1024)),
        ("linear_attention_mlp=512", LINEAR, SubBlock("sized", 512)),
        ("2 key value heads; FFN No Op", SubBlock("sized", 2), NO_OP),
        ("kv_heads=4 ffn intermediate_size: 7", SubBlock("sized", 4), SubBlock("sized", 7)),
        ("0 kv heads, ffn 0", NO_OP, NO_OP),
        ("ffn 16", OTHER, SubBlock("sized", 16)),
        ("mamba, ffn moe", OTHER, OTHER),
        ("collinear noopt", OTHER, OTHER),
        ("variant 3", OTHER, OTHER),
        ("", OTHER, OTHER),
    ],
)
def test_a_name_tells_both_subblocks(name: str, attention: SubBlock, ffn: SubBlock) -> None:
    """Sized, linear, no-op and unknown subblocks are told apart in many spellings."""
    assert block_from_name("attention", name) == attention
    assert block_from_name("ffn", name) == ffn


@pytest.mark.parametrize("size", ["1e400", "9" * 400, "1" * 29 + "e5", "1e15999999"])
def test_an_absurd_size_in_a_name_is_no_size(size: str) -> None:
    """A size that no block has leaves the subblock unknown instead of failing."""
    assert block_from_name("ffn", f"ffn {size}") == OTHER
    assert block_from_name("attention", f"{'9' * 50} kv heads") == OTHER


@given(st.text(max_size=60))
def test_every_name_is_read(name: str) -> None:
    """Any text gives a subblock whose size is a positive count, or none unless it is sized."""
    for part in ("attention", "ffn"):
        subblock = block_from_name(part, name)
        assert (subblock.kind == "sized") == (subblock.size is not None)
        assert subblock.size is None or subblock.size >= 1


def test_size_goes_before_name() -> None:
    """A measured size wins; size 0 is linear where the name says so, else a no-op."""
    assert block_from_size("ffn", 28672.0, "ffn 29e3") == SubBlock("sized", 28672)
    assert block_from_size("ffn", 0.0, "attention no_op, ffn linear") == LINEAR
    assert block_from_size("ffn", 0.0, "ffn gone") == NO_OP
    assert block_from_size("attention", -1.0, "ffn linear") == NO_OP


def test_subblocks_in_words() -> None:
    """Words for charts: heads, widths with thousands, and the kinds without a size."""
    assert SubBlock("sized", 1).describe("attention") == "1 KV head"
    assert SubBlock("sized", 8).describe("attention") == "8 KV heads"
    assert SubBlock("sized", 28672).describe("ffn") == "width 28,672"
    assert [subblock.describe("ffn") for subblock in (LINEAR, NO_OP, OTHER)] == [
        "linear",
        "no-op",
        "other",
    ]
