"""Sizes of blocks relative to the parent's, for pictures of whole architectures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from puzzle_widgets.library import BlockLibrary, Layer
from puzzle_widgets.library.model import KINDS, PARTS, FloatArray, Kind, Part, once_per_library
from puzzle_widgets.library.quantity import COST_GROUP, MEMORY, PARAMETERS, RUNTIME

KindArray = npt.NDArray[np.int8]

LINEAR_HEIGHT, UNKNOWN_HEIGHT = 0.06, 0.5
_BASES = tuple(key.removeprefix(COST_GROUP) for key in (PARAMETERS, MEMORY, RUNTIME))


@dataclass(frozen=True, eq=False)
class SubblockSizes:
    """One subblock, attention or FFN, of every variant.

    Parameters
    ----------
    kinds
        Index of the kind in ``KINDS``, shape (variants in all,).
    shares
        Size as a share of the parent's subblock in the same layer; 0 for a no-op, NaN where no size
        is known, shape (variants in all,).
    basis
        Dotted key that tells the share of subblocks of unknown kind; empty where nothing does.
    """

    kinds: KindArray
    shares: FloatArray
    basis: str = ""

    def has(self, kind: Kind) -> bool:
        """Whether any variant has a subblock of this kind."""
        return bool((self.kinds == KINDS.index(kind)).any())


@dataclass(frozen=True, eq=False)
class BlockSizes:
    """Sizes of all variants of a library, flat as the library's columns are.

    Parameters
    ----------
    attention, ffn
        The two subblocks.
    whole
        Whole blocks, where no subblock of any variant is known by its kind; else ``None``.
    """

    attention: SubblockSizes
    ffn: SubblockSizes
    whole: SubblockSizes | None


@once_per_library
def relative_sizes(library: BlockLibrary) -> BlockSizes:
    """Measure every variant's subblocks against those of its layer's parent.

    Attention is measured by KV heads, an FFN by its intermediate size. Where the parent's subblock
    has no size, the largest one of the layer takes its place. A subblock of unknown kind counts by
    its share of the parent's parameters, memory or runtime, where the library knows it.
    """
    attention, ffn = (_subblock_sizes(library, part) for part in PARTS)
    known = [
        subblock.has(kind) for subblock in (attention, ffn) for kind in KINDS if kind != "other"
    ]
    return BlockSizes(attention, ffn, None if any(known) else _whole_sizes(library))


def bar_heights(subblock: SubblockSizes) -> FloatArray:
    """Heights of bars, 1 for the parent's: linear and unknown subblocks have one of their own."""
    heights = subblock.shares.copy()
    heights[subblock.kinds == KINDS.index("linear")] = LINEAR_HEIGHT
    return np.nan_to_num(heights, nan=UNKNOWN_HEIGHT)


def _subblock_sizes(library: BlockLibrary, part: Part) -> SubblockSizes:
    blocks = [getattr(v, part) for layer in library.layers for v in layer.variants]
    kinds = np.array([KINDS.index(block.kind) for block in blocks], dtype=np.int8)
    shares = np.concatenate([_layer_shares(layer, part) for layer in library.layers])
    shares[kinds == KINDS.index("no_op")] = 0.0
    keys = [f"{COST_GROUP}{part}_{base}" for base in _BASES]
    basis = next((key for key in keys if key in library.keys), "")
    if basis:
        unknown = kinds == KINDS.index("other")
        shares[unknown] = _cost_shares(library, basis)[unknown]
    return SubblockSizes(kinds, shares, basis)


def _whole_sizes(library: BlockLibrary) -> SubblockSizes:
    keys = [*(COST_GROUP + base for base in _BASES), *library.costs]
    basis = next((key for key in keys if key in library.keys), "")
    count = int(library.starts[-1])
    shares = _cost_shares(library, basis) if basis else np.full(count, np.nan)
    return SubblockSizes(np.full(count, KINDS.index("other"), dtype=np.int8), shares, basis)


def _layer_shares(layer: Layer, part: Part) -> FloatArray:
    sizes = [getattr(variant, part).size for variant in layer.variants]
    whole = getattr(layer.parent_variant, part).size or max(filter(None, sizes), default=1)
    return np.array([np.nan if size is None else size / whole for size in sizes])


def _cost_shares(library: BlockLibrary, key: str) -> FloatArray:
    """Share of the parent's value in each layer; NaN where that is 0 or a value is negative."""
    column, counts = library.column(key), np.diff(library.starts)
    parents = [layer.parent_variant.values[key] for layer in library.layers]
    whole = np.repeat(np.array(parents), counts)
    known = (whole > 0) & (column >= 0)
    shares: FloatArray = np.divide(column, whole, out=np.full(column.shape, np.nan), where=known)
    return shares
