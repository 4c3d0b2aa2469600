"""Find a model's blocks in a library: the variant of every layer, or what does not match."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from puzzle_widgets.library.checks import Location, mapping, parse_json
from puzzle_widgets.library.model import BlockLibrary, BlockVariant, Layer, LayerName, SubBlock
from puzzle_widgets.library.puzzletron.blocks import (
    LINEAR,
    NO_OP,
    Block,
    RunSubblock,
    Shape,
    read_block,
)
from puzzle_widgets.library.puzzletron.model_config import read_shape

_FACTS = {"attention": "kv_heads", "ffn": "intermediate"}


@dataclass(frozen=True)
class Mismatch:
    """A layer whose block the library does not have, or has more than once."""

    layer: LayerName
    wanted: str
    fitting: int


def match_blocks(
    library: BlockLibrary, blocks: Sequence[Block]
) -> tuple[dict[LayerName, str], tuple[Mismatch, ...]]:
    """Find each layer's block among its variants.

    Parameters
    ----------
    library
        As many layers as there are blocks.
    blocks
        One a layer, in the order of the network.

    Returns
    -------
    dict
        ``{layer: variant}`` as far as found.
    tuple of Mismatch
        The layers that do not match.
    """
    shape = shape_of(library)
    found: dict[LayerName, str] = {}
    wrong = []
    for layer, block in zip(library.layers, blocks, strict=True):
        names = _fitting(layer, block, shape)
        if len(names) == 1:
            found[layer.name] = names[0]
        else:
            wrong.append(Mismatch(layer.name, block.name, len(names)))
    return found, tuple(wrong)


def mismatch_words(library: BlockLibrary, wrong: Sequence[Mismatch]) -> str:
    """Name every layer that does not match, those that want the same block together."""
    groups: dict[tuple[str, int], list[LayerName]] = {}
    for one in wrong:
        groups.setdefault((one.wanted, one.fitting), []).append(one.layer)
    parts = []
    for (wanted, fitting), layers in groups.items():
        word = "layer" if len(layers) == 1 else "layers"
        count = f" fits {fitting} variants" if fitting else ""
        parts.append(f"{word} {', '.join(map(repr, layers))}: {wanted!r}{count}")
    return f"{library.name} has no such blocks: {'; '.join(parts)}."


def block_of(variant: BlockVariant, shape: Shape) -> Block | None:
    """The block that a variant is: by its config, else by its subblocks; ``None`` where unknown."""
    if variant.block_config:
        return _parsed(variant.block_config, shape)
    subblocks = (_subblock("attention", variant.attention), _subblock("ffn", variant.ffn))
    if subblocks[0] is None or subblocks[1] is None:
        return None
    return Block((("attention", subblocks[0]), ("ffn", subblocks[1])))


def _fitting(layer: Layer, wanted: Block, shape: Shape) -> list[str]:
    """Variants that are the block; where several are, those that are it in all details."""
    known = [(variant.name, block_of(variant, shape)) for variant in layer.variants]
    fitting = [(name, block) for name, block in known if block and block.fits(wanted)]
    exact = [name for name, block in fitting if block == wanted]
    return exact if len(exact) == 1 else [name for name, _ in fitting]


def shape_of(library: BlockLibrary) -> Shape:
    """Width and query heads of a library's parent, as far as its config says them."""
    if not library.parent_config:
        return Shape()
    place = Location(f"{library.name}, the parent's config")
    content = mapping(parse_json(library.parent_config.encode(), place), place, "it")
    return read_shape(content, place)


@lru_cache(maxsize=4096)
def _parsed(config: str, shape: Shape) -> Block:
    return read_block(json.loads(config), shape, Location("a block's config"))


def _subblock(part: str, subblock: SubBlock) -> RunSubblock | None:
    if subblock.kind in ("no_op", "linear"):
        return NO_OP if subblock.kind == "no_op" else LINEAR
    return RunSubblock(part, ((_FACTS[part], subblock.size),)) if subblock.kind == "sized" else None
