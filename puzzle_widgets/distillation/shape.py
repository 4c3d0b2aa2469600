"""The shape of a Llama-like decoder, and of the block variants that its layers may have."""

from __future__ import annotations

from dataclasses import dataclass

from puzzle_widgets.library.model import SubBlock

FFN_SHARES = (1.0, 0.875, 0.75, 0.5, 0.25, 0.2, 0.1)
"""Widths of the Puzzle paper's search space; its 87 % is 7/8."""
KV_HEADS = (8, 4, 2, 1)
"""KV heads of the paper's search space."""
LINEAR, NO_OP = SubBlock("linear"), SubBlock("no_op")

Subblocks = tuple[SubBlock, SubBlock]
"""Attention and FFN of one layer."""


@dataclass(frozen=True)
class ModelShape:
    """Sizes of a decoder; every layer of the parent has the same.

    Parameters
    ----------
    layers
        Decoder layers.
    width
        Hidden size.
    heads, kv_heads
        Query heads and KV heads; ``width / heads`` is the head size, an even number.
    ffn
        Intermediate size of the gated FFN.
    context
        Most tokens of a sequence.
    vocabulary
        Tokens there are: 256 for bytes.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    ffn: int
    context: int
    vocabulary: int = 256

    @property
    def head_size(self) -> int:
        """Width of one head."""
        return self.width // self.heads

    @property
    def parent_block(self) -> Subblocks:
        """The block that every layer of the parent has."""
        return SubBlock("sized", self.kv_heads), SubBlock("sized", self.ffn)

    @property
    def attention_variants(self) -> tuple[SubBlock, ...]:
        """The parent's attention first, then fewer KV heads, linear, no-op."""
        sizes = [heads for heads in KV_HEADS if heads <= self.kv_heads]
        return (*(SubBlock("sized", heads) for heads in sizes), LINEAR, NO_OP)

    @property
    def ffn_variants(self) -> tuple[SubBlock, ...]:
        """The parent's FFN first, then narrower ones, linear, no-op."""
        sizes = [round(share * self.ffn) for share in FFN_SHARES]
        return (*(SubBlock("sized", size) for size in sizes), LINEAR, NO_OP)

    @property
    def blocks(self) -> tuple[Subblocks, ...]:
        """Every pair of an attention and an FFN variant, the parent's first."""
        return tuple((a, f) for a in self.attention_variants for f in self.ffn_variants)


def block_name(attention: SubBlock, ffn: SubBlock) -> str:
    """Name of a variant in the library, such as ``"attention 4 KV heads | FFN 320"``."""
    return f"{attention_name(attention)} | {ffn_name(ffn)}"


def attention_name(attention: SubBlock) -> str:
    """Name of an attention variant."""
    return f"attention {attention.describe('attention')}"


def ffn_name(ffn: SubBlock) -> str:
    """Name of an FFN variant."""
    return f"FFN {ffn.size}" if ffn.kind == "sized" else f"FFN {ffn.describe('ffn')}"
