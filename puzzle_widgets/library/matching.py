"""Two libraries of one parent: whether their layers match, and which blocks are the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.library.model import BlockLibrary, BlockVariant, Layer

_SHAPE = ("model_type", "hidden_size", "num_attention_heads", "head_dim")
_LISTED = 3


@dataclass(frozen=True)
class LayerMatch:
    """Whether the layers of two libraries match, and what differs where they do not.

    They match where both have as many layers, of the same names in the same order, each with the
    same block of the parent (kind and size of attention and FFN; the variant's name where these
    are not known), and where configurations of the parent that both carry have the same shape.
    Which other variants there are, and what they cost, does not count.

    Parameters
    ----------
    first, second
        The libraries.
    differences
        What differs, a sentence each; empty where the layers match.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> bool(pw.match_layers(library, library))
    True
    """

    first: BlockLibrary
    second: BlockLibrary
    differences: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.differences

    @property
    def words(self) -> str:
        """Say what differs, the first few in full; empty where the layers match."""
        if not self.differences:
            return ""
        left = len(self.differences) - _LISTED
        more = f" And {left:,} more." if left > 0 else ""
        return " ".join(self.differences[:_LISTED]) + more


def match_layers(first: BlockLibrary, second: BlockLibrary) -> LayerMatch:
    """Say whether two libraries' layers match, so that their architectures can be compared.

    Parameters
    ----------
    first, second
        Such as libraries of one parent, measured on different GPUs.

    Returns
    -------
    LayerMatch
        True where they match; else its ``differences`` say what does not, layer by layer.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> one, other = pw.random_library(2, 3), pw.random_library(3, 3)
    >>> pw.match_layers(one, other).differences
    ('2 layers against 3.',)
    """
    if first is second:
        return LayerMatch(first, second)
    counts = [len(library.layers) for library in (first, second)]
    if counts[0] != counts[1]:
        return LayerMatch(first, second, (f"{counts[0]:,} layers against {counts[1]:,}.",))
    pairs = zip(first.layers, second.layers, strict=True)
    by_layer = (_difference(place, a, b) for place, (a, b) in enumerate(pairs))
    found = (*_shapes(first, second), *filter(None, by_layer))
    return LayerMatch(first, second, found)


def _difference(place: int, one: Layer, other: Layer) -> str:
    """Say what differs in one layer; empty where nothing does."""
    if one.name != other.name:
        names = f"{short_repr(one.name)} against {short_repr(other.name)}"
        return f"Layer at place {place + 1}: named {names}."
    mine, theirs = one.parent_variant, other.parent_variant
    if same_block(mine, theirs):
        return ""
    blocks = f"{mine.label!r} against {theirs.label!r}"
    return f"Layer {short_repr(one.name)}: the parent's block is {blocks}."


def _shapes(first: BlockLibrary, second: BlockLibrary) -> Iterator[str]:
    """What the parents' configurations say otherwise, where both libraries carry one."""
    mine, theirs = _config(first), _config(second)
    for field in _SHAPE:
        if field in mine and field in theirs and mine[field] != theirs[field]:
            yield f"The parent's {field}: {mine[field]!r} against {theirs[field]!r}."


def _config(library: BlockLibrary) -> dict[str, Any]:
    """Give the parent's configuration; nothing where there is none that can be read."""
    try:
        found = json.loads(library.parent_config or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def same_block(one: BlockVariant, other: BlockVariant) -> bool:
    """Whether two variants, each of its own library, are the same block.

    By kind and size of attention and FFN, and by the block's config where both have one; by name
    where either is known by its name only.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> variants = pw.load_library("stdlib-2m-measured").layer(0).variants
    >>> same_block(variants[0], variants[0]), same_block(variants[0], variants[1])
    (True, False)
    """
    mine, theirs = (one.attention, one.ffn), (other.attention, other.ffn)
    if any(part.kind == "other" for part in (*mine, *theirs)):
        return one.name == other.name and mine == theirs
    if mine != theirs:
        return False
    configs = [one.block_config, other.block_config]
    return not all(configs) or configs[0] == configs[1] or _read(configs[0]) == _read(configs[1])


def _read(config: str) -> object:
    try:
        return json.loads(config)
    except ValueError:
        return config


def counterpart(variant: BlockVariant, layer: Layer) -> BlockVariant | None:
    """Find the same block in a layer of another library.

    The one of the same name, where it is the same block; else the only one that is. ``None``
    where there is none, or several of another name.
    """
    place = layer.positions.get(variant.name)
    if place is not None and same_block(variant, layer.variants[place]):
        return layer.variants[place]
    same = [one for one in layer.variants if same_block(variant, one)]
    return same[0] if len(same) == 1 else None


def library_words(library: BlockLibrary) -> str:
    """Name a library and how it was measured, such as ``"small (b1946f2a): H100, batch 64"``.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library_words(pw.load_library("stdlib-2m-measured")).partition(":")[0][:20]
    'stdlib-2m-measured ('
    """
    name = f"{library.name} ({library_digest(library)[:8]})"
    words = measurement_words(library)
    return f"{name}: {words}" if words else name


def measurement_words(library: BlockLibrary) -> str:
    """Say on what and for which workload costs were measured, as far as it is known."""
    measured = library.measurement
    given = measured.prefill_length
    prefill = "" if given is None else f" ({given:,} of them prefill)"
    batch, length = measured.batch_size, measured.sequence_length
    parts = [
        measured.gpu,
        measured.dtype,
        "" if batch is None else f"batch size {batch:,}",
        "" if length is None else f"sequence length {length:,}{prefill}",
    ]
    return ", ".join(part for part in parts if part)


def short_gpu(gpu: str) -> str:
    """A GPU's name without its maker and memory, such as ``"H100"``.

    Examples
    --------
    >>> short_gpu("NVIDIA H100 80GB HBM3"), short_gpu("CPU: AMD EPYC, 2 cores"), short_gpu("")
    ('H100', 'CPU', '')
    """
    words = gpu.replace(":", " ").replace(",", " ").replace("-", " ").split()
    named = [word for word in words if word.lower() not in ("nvidia", "amd", "intel", "geforce")]
    return " ".join(named[:1])
