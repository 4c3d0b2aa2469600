"""Blocks of a model as values: their parts, told apart by kind and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from puzzle_widgets.library.block import Part, SubBlock

Facts = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Shape:
    """What a block config takes from the model: its width, its query heads; ``None`` unknown."""

    hidden_size: int | None = None
    attention_heads: int | None = None


@dataclass(frozen=True)
class RunSubblock:
    """One part of a block, told apart from others by its kind and facts.

    Parameters
    ----------
    kind
        ``no_op``, ``linear``, ``attention``, ``ffn``, ``moe``, ``mamba`` or another name.
    facts
        Sizes that make it what it is, by name.
    extra
        Fields that rarely differ, such as the number format of the weights.
    """

    kind: str
    facts: Facts = ()
    extra: Facts = ()

    @property
    def words(self) -> str:
        """Short name, such as ``"kv_heads_8"`` or ``"moe experts_24 top_2"``."""
        sizes = " ".join(f"{name}_{value}" for name, value in self.facts)
        head = "" if self.kind in ("attention", "ffn") else self.kind
        return " ".join(filter(None, [head, sizes]))

    @property
    def subblock(self) -> SubBlock:
        """The subblock as the library knows it; ``other`` where its size is not all of it."""
        if self.kind in ("no_op", "linear"):
            return SubBlock("no_op" if self.kind == "no_op" else "linear")
        if self.kind in ("attention", "ffn") and len(self.facts) == 1:
            return SubBlock("sized", int(self.facts[0][1]))
        return SubBlock("other")


NO_OP = RunSubblock("no_op")
LINEAR = RunSubblock("linear")


@dataclass(frozen=True)
class Block:
    """A block of a layer: its parts in order, each in the attention's or the FFN's place."""

    parts: tuple[tuple[Part, RunSubblock], ...]

    @property
    def attention(self) -> RunSubblock:
        """What stands in the attention's place."""
        return self._joined("attention")

    @property
    def ffn(self) -> RunSubblock:
        """What stands in the FFN's place."""
        return self._joined("ffn")

    @property
    def name(self) -> str:
        """Name of the variant, such as ``"attention kv_heads_8, ffn intermediate_14336"``."""
        return f"attention {self.attention.words}, ffn {self.ffn.words}"

    @property
    def extra(self) -> Facts:
        """Fields of all parts that the name leaves out."""
        return tuple(
            (f"{part}.{key}", v) for part, subblock in self.parts for key, v in subblock.extra
        )

    def fits(self, other: Block) -> bool:
        """Whether two blocks are the same but for what rarely differs."""
        mine, theirs = ([(h.kind, h.facts) for h in (b.attention, b.ffn)] for b in (self, other))
        return mine == theirs

    def _joined(self, part: Part) -> RunSubblock:
        subblocks = [subblock for place, subblock in self.parts if place == part]
        if len(subblocks) < 2:
            return subblocks[0] if subblocks else NO_OP
        facts = tuple((subblock.kind, subblock.words) for subblock in subblocks)
        return RunSubblock(
            "several", facts, tuple(extra for subblock in subblocks for extra in subblock.extra)
        )
