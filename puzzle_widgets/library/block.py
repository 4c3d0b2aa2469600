"""The two subblocks of a block, attention and FFN, as structured values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["sized", "linear", "no_op", "other"]
KINDS: tuple[Kind, ...] = ("sized", "linear", "no_op", "other")
Part = Literal["attention", "ffn"]

# An underscore ends a word here, as in "linear_ffn_1024"; \b would not see that.
_NO_OP = re.compile(r"(?<![^\W_])no[\s_-]?op(?![^\W_])", re.IGNORECASE)
_LINEAR = re.compile(r"(?<![^\W_])linear(?![^\W_])", re.IGNORECASE)
_KV_HEADS = (
    re.compile(r"(\d+)\s*(?:kv|key[\s_-]?value)[\s_-]*heads?", re.IGNORECASE),
    re.compile(r"kv[\s_-]*heads?[\s_:=-]*(\d+)", re.IGNORECASE),
)
_WIDTH = (
    re.compile(r"intermediate(?:[\s_-]*size)?[\s_:=-]*(\d+(?:e\d+)?)", re.IGNORECASE),
    re.compile(r"(?<![^\W_])(?:ffn|mlp)[\s_:=-]+(\d+(?:e\d+)?)", re.IGNORECASE),
)
_SIZES = {"attention": _KV_HEADS, "ffn": _WIDTH}
_SPLIT = re.compile(r"(?<![^\W_])(?=(?:ffn|mlp)(?![^\W_]))", re.IGNORECASE)
_MAX_SIZE = 1e15


@dataclass(frozen=True)
class SubBlock:
    """Attention or FFN of one variant.

    Parameters
    ----------
    kind
        ``"sized"`` (has ``size``), ``"linear"``, ``"no_op"``, or ``"other"`` for a kind that
        is known by the variant's name only.
    size
        KV heads of an attention, intermediate size of an FFN; ``None`` unless sized.
    """

    kind: Kind
    size: int | None = None

    def describe(self, part: Part) -> str:
        """Say the block in words, such as ``"8 KV heads"`` or ``"width 28,672"``."""
        if self.kind == "sized":
            heads = "1 KV head" if self.size == 1 else f"{self.size} KV heads"
            return heads if part == "attention" else f"width {self.size:,}"
        return {"linear": "linear", "no_op": "no-op", "other": "other"}[self.kind]


OTHER = SubBlock("other")


def block_from_name(part: Part, name: str) -> SubBlock:
    """Read one subblock of a block from a variant's name.

    A name is read as an attention subblock and, from the first word ``ffn`` or ``mlp`` on, an FFN
    subblock. A subblock that says nothing known is ``SubBlock("other")``.
    """
    text = _subblock(part, name)
    if _NO_OP.search(text):
        return SubBlock("no_op")
    for pattern in _SIZES[part]:
        if match := pattern.search(text):
            return _sized(float(match[1]))
    return SubBlock("linear") if _LINEAR.search(text) else OTHER


def block_from_size(part: Part, size: float, name: str) -> SubBlock:
    """Read a subblock from its measured size; size 0 is linear if the name says so, else no-op."""
    if size >= 1:
        return SubBlock("sized", round(size))
    named = block_from_name(part, name)
    return named if named.kind == "linear" else SubBlock("no_op")


def _sized(size: float) -> SubBlock:
    """Read a size from a name: 0 means that nothing is left, an absurd one means no size."""
    if size > _MAX_SIZE:
        return OTHER
    return SubBlock("sized", int(size)) if size >= 1 else SubBlock("no_op")


def _subblock(part: Part, name: str) -> str:
    subblocks = _SPLIT.split(name, maxsplit=1)
    if part == "attention":
        return subblocks[0]
    return subblocks[1] if len(subblocks) > 1 else ""
