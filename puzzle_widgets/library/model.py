"""The block library: every layer's variants with their scores and costs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, update_wrapper
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.quantity import COST_GROUP, RUNTIME, SCORE_GROUP, Quantity, describe_key
from puzzle_widgets.library.score_sum import ScoreSum
from puzzle_widgets.shown import Shown

Kind = Literal["sized", "linear", "no_op", "other"]
KINDS: tuple[Kind, ...] = ("sized", "linear", "no_op", "other")
Part = Literal["attention", "ffn"]
PARTS: tuple[Part, Part] = ("attention", "ffn")

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
LayerName = int | str
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Array = TypeVar("Array", FloatArray, IntArray)
P = ParamSpec("P")
T = TypeVar("T")
Origin = Literal["measured", "modeled", "scores modeled", "generated", "unknown"]
ORIGIN_WORDS: dict[Origin, str] = {
    "measured": "measured",
    "modeled": "modeled, not measured",
    "scores modeled": "scores modeled, runtimes measured",
    "generated": "generated at random, not measured",
    "unknown": "of unknown origin",
}


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
    text = _half(part, name)
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


def _half(part: Part, name: str) -> str:
    subblocks = _SPLIT.split(name, maxsplit=1)
    if part == "attention":
        return subblocks[0]
    return subblocks[1] if len(subblocks) > 1 else ""


@dataclass(frozen=True)
class BlockVariant:
    """One alternative block of one layer.

    Parameters
    ----------
    name
        Name as the file gives it: any Unicode, untrusted, unique in its layer.
    attention, ffn
        The two subblocks as structured values.
    values
        Scores and costs under dotted keys, such as ``{"stats.memory_mib": 1437.1}``.
    weight_paths
        Files of the block's weights as the input names them; often of another machine.
    block_config
        JSON text of the block's config as it was read; empty where there was none.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> variant = library.layer(0).variants[1]
    >>> variant.label, round(variant.values["stats.memory_mib"], 3)
    ('8 KV heads, FFN width 420', 10.01)
    """

    name: str
    attention: SubBlock
    ffn: SubBlock
    values: FrozenMapping[str, float]
    weight_paths: tuple[str, ...] = ()
    block_config: str = ""

    @property
    def label(self) -> str:
        """Short words for charts and tables; the name where the kind is unknown."""
        if "other" in (self.attention.kind, self.ffn.kind):
            return " ".join(self.name.split())
        attention = self.attention.describe("attention")
        if self.attention.kind != "sized":
            attention = f"attention {attention}"
        return f"{attention}, FFN {self.ffn.describe('ffn')}"


@dataclass(frozen=True)
class Layer(Shown):
    """One layer of the parent with its variants; ``parent`` names the variant that it has now.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> layer = library.layer(3)
    >>> len(layer.variants), layer.parent_variant.name == layer.parent
    (54, True)
    """

    name: LayerName
    variants: tuple[BlockVariant, ...]
    parent: str

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Index of each variant in ``variants``, by name."""
        return {variant.name: place for place, variant in enumerate(self.variants)}

    @property
    def parent_variant(self) -> BlockVariant:
        """The block that the parent has in this layer."""
        return self.variants[self.positions[self.parent]]

    def variant(self, name: str) -> BlockVariant:
        """Find a variant by its name."""
        return self.variants[self.positions[name]]

    def __repr__(self) -> str:
        own = self.parent_variant.label
        return f"Layer({self.name!r}: {len(self.variants)} variants, the parent's is {own!r})"


@dataclass(frozen=True)
class Measurement:
    """How costs were measured: sequences a batch, tokens a sequence, GPU and number format.

    ``prefill_length`` of the tokens are given; ``prefill_queue`` sequences wait, cached.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.Measurement(batch_size=64, sequence_length=2048, gpu="H100", dtype="fp8").tokens
    131072
    """

    batch_size: int | None = None
    sequence_length: int | None = None
    gpu: str = ""
    dtype: str = ""
    prefill_length: int | None = None
    prefill_queue: int = 0

    @property
    def tokens(self) -> int | None:
        """Tokens of one batch: batch size x sequence length."""
        if self.batch_size is None or self.sequence_length is None:
            return None
        return self.batch_size * self.sequence_length


@dataclass(frozen=True)
class Provenance:
    """Where a library comes from; ``modeled`` and ``generated`` figures were never measured.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> library.provenance.origin
    'measured'
    """

    origin: Origin = "unknown"
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class BlockLibrary(Shown):
    """Layers, their variants, and what was measured of them.

    Parameters
    ----------
    name
        Title for people.
    layers
        In the order of the network. Layers may differ in their variants; all variants have the
        same dotted keys.
    measurement
        Batch size, sequence length, GPU and dtype of the costs.
    units
        Unit of each dotted key; keys left out take the unit that their suffix tells.
    provenance
        Origin of the figures.
    non_block_costs
        Non-block costs, such as embeddings and head, by dotted key; part
        of every total. A key left out is 0.
    parent_config
        JSON text of the parent's Hugging Face config; empty where it is not known.
    notes
        What a person should know of how the library was read: what was left out, ignored or
        converted, a sentence each.
    sums
        Weighted sums of scores that it carries as further scores, by their dotted keys.

    Notes
    -----
    Flat arrays (``column``) run over all variants of layer 0, then of layer 1, and so on;
    ``starts[i]:starts[i + 1]`` is layer ``i``.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> len(library.layers), library.scores[0], library.measurement.sequence_length
    (8, 'metrics.kl_div', 256)
    >>> parent = library.parent_totals["stats.runtime_ms"]
    >>> round(library.throughput(parent))
    5349
    """

    name: str
    layers: tuple[Layer, ...]
    measurement: Measurement = Measurement()
    units: FrozenMapping[str, str] = field(default_factory=FrozenMapping)
    provenance: Provenance = Provenance()
    non_block_costs: FrozenMapping[str, float] = field(default_factory=FrozenMapping)
    parent_config: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)
    sums: FrozenMapping[str, ScoreSum] = field(default_factory=FrozenMapping)

    def __repr__(self) -> str:
        return (
            f"BlockLibrary({self.name!r}: {len(self.layers)} layers, "
            f"{int(self.starts[-1])} variants, {len(self.keys)} scores and costs)"
        )

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Of names and counts alone: libraries that differ in figures only are rare."""
        heads = tuple((layer.name, layer.parent, len(layer.variants)) for layer in self.layers)
        return hash((self.name, self.measurement, heads))

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what was derived from them is derived again elsewhere."""
        return {one.name: self.__dict__[one.name] for one in fields(self)}

    @cached_property
    def plain(self) -> BlockLibrary:
        """The library as it was opened, without weighted sums."""
        if not self.sums:
            return self
        costs = FrozenMapping({k: v for k, v in self.non_block_costs.items() if k not in self.sums})
        layers = tuple(_without(layer, self.sums) for layer in self.layers)
        return replace(self, layers=layers, non_block_costs=costs, sums=FrozenMapping())

    @cached_property
    def _derived(self) -> dict[object, Any]:
        """What :func:`once_per_library` remembers."""
        return {}

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Dotted keys that every variant has."""
        return tuple(self.layers[0].variants[0].values)

    @cached_property
    def scores(self) -> tuple[str, ...]:
        """Keys of the scores (``metrics.``)."""
        return tuple(key for key in self.keys if key.startswith(SCORE_GROUP))

    @cached_property
    def costs(self) -> tuple[str, ...]:
        """Keys of the costs (``stats.``)."""
        return tuple(key for key in self.keys if key.startswith(COST_GROUP))

    @cached_property
    def layer_positions(self) -> Mapping[LayerName, int]:
        """Index of each layer in the network, by name."""
        return {layer.name: place for place, layer in enumerate(self.layers)}

    def layer(self, name: LayerName) -> Layer:
        """Find a layer by its name."""
        return self.layers[self.layer_positions[name]]

    def quantity(self, key: str) -> Quantity:
        """Label and unit of a dotted key."""
        if key in self.sums:
            number = sorted(self.sums).index(key) + 1 if len(self.sums) > 1 else 0
            return self.sums[key].quantity(map(self.quantity, self.sums[key].weights), number)
        return describe_key(key, self.units.get(key))

    @cached_property
    def starts(self) -> IntArray:
        """Where each layer begins in the flat arrays, shape (layers + 1,)."""
        counts = [len(layer.variants) for layer in self.layers]
        return _read_only(np.concatenate([[0], np.cumsum(counts)]).astype(np.intp))

    @cached_property
    def _table(self) -> FloatArray:
        """All values, shape (keys, variants in all)."""
        every = (variant for layer in self.layers for variant in layer.variants)
        rows = [[variant.values[key] for key in self.keys] for variant in every]
        return _read_only(np.array(np.asarray(rows, dtype=np.float64).T, order="C"))

    @cached_property
    def variant_names(self) -> tuple[str, ...]:
        """Name of every variant, in the order of the flat arrays."""
        return tuple(variant.name for layer in self.layers for variant in layer.variants)

    def column(self, key: str) -> FloatArray:
        """Values of one key over all layers' variants, flat, shape (variants in all,).

        Raises
        ------
        LibraryError
            If the library has no such key.
        """
        if key not in self.keys:
            raise LibraryError(f"{self.name}: no {key!r} here; it has {', '.join(self.keys)}.")
        column: FloatArray = self._table[self.keys.index(key)]
        return column

    def non_block_cost(self, key: str) -> float:
        """The non-block part of a key's every total, in its unit."""
        return self.non_block_costs.get(key, 0.0)

    @property
    def non_block_words(self) -> str:
        """Say the non-block costs, embeddings and head; empty where there are none."""
        parts = [
            f"{self.quantity(key).label} {self.quantity(key).text(value)}"
            for key, value in self.non_block_costs.items()
            if value and self.quantity(key).batch is None
        ]
        return f"Every total includes the non-block costs: {', '.join(parts)}." if parts else ""

    @property
    def parent_architecture(self) -> dict[LayerName, str]:
        """The parent itself: its variant in every layer."""
        return {layer.name: layer.parent for layer in self.layers}

    @cached_property
    def parent_choice(self) -> IntArray:
        """Place of the parent's variant of every layer in the flat arrays, shape (layers,)."""
        places = [layer.positions[layer.parent] for layer in self.layers]
        return _read_only(self.starts[:-1] + np.array(places, dtype=np.intp))

    @cached_property
    def parent_totals(self) -> FrozenMapping[str, float]:
        """Sum of every key over the parent: its own blocks and the non-block costs."""
        return FrozenMapping(self.totals(self.parent_architecture))

    def totals(self, architecture: Mapping[LayerName, str]) -> dict[str, float]:
        """Sum every key over an architecture, ``{layer: variant}``, and the non-block costs."""
        places = [layer.positions[architecture[layer.name]] for layer in self.layers]
        chosen = self._table[:, self.starts[:-1] + places].tolist()
        return {
            key: math.fsum([self.non_block_cost(key), *column])
            for key, column in zip(self.keys, chosen, strict=True)
        }

    def total_range(self, key: str) -> tuple[float, float]:
        """Least and greatest sum that any architecture has of a key."""
        known = self._ranges
        if key not in known:
            known[key] = self._range_of(key)
        return known[key]

    @cached_property
    def _ranges(self) -> dict[str, tuple[float, float]]:
        """Ranges worked out so far: a slider asks for them at every move."""
        return {}

    def _range_of(self, key: str) -> tuple[float, float]:
        column, offset, firsts = self.column(key), self.non_block_cost(key), self.starts[:-1]
        ends = (np.minimum.reduceat(column, firsts), np.maximum.reduceat(column, firsts))
        least, most = (math.fsum([offset, *end.tolist()]) for end in ends)
        return least, most

    @property
    def has_throughput(self) -> bool:
        """Whether there are runtimes, of batches that are known."""
        return self.measurement.tokens is not None and RUNTIME in self.keys

    def throughput(self, runtime_ms: float) -> float | None:
        """Tokens per second: batch size x sequence length / summed runtime.

        ``None`` where batch size or sequence length is unknown; infinite at zero runtime.
        """
        return self._tokens_over(runtime_ms) if self.has_throughput else None

    def runtime_at(self, throughput: float) -> float:
        """Summed runtime of a batch, in ms, that gives a throughput; infinite for none at all."""
        return self._tokens_over(throughput)

    def _tokens_over(self, rate: float) -> float:
        """Throughput of a runtime, or runtime of a throughput: each is tokens over the other."""
        return 1000.0 * (self.measurement.tokens or 0) / rate if rate > 0 else math.inf


def once_per_library(
    function: Callable[Concatenate[BlockLibrary, P], T],
) -> Callable[Concatenate[BlockLibrary, P], T]:
    """Remember a function's answers for as long as its library lives; arguments are hashable."""

    def remembered(library: BlockLibrary, /, *args: P.args, **kwargs: P.kwargs) -> T:
        known = library._derived  # noqa: SLF001
        key = (function, args, tuple(kwargs.items()))
        if key not in known:
            known[key] = function(library, *args, **kwargs)
        answer: T = known[key]
        return answer

    update_wrapper(remembered, function)
    return remembered


def _without(layer: Layer, sums: Mapping[str, ScoreSum]) -> Layer:
    """A layer without the figures of weighted sums."""
    kept = [{k: v for k, v in one.values.items() if k not in sums} for one in layer.variants]
    pairs = zip(layer.variants, map(FrozenMapping[str, float], kept), strict=True)
    return replace(layer, variants=tuple(replace(one, values=own) for one, own in pairs))


def _read_only(array: Array) -> Array:
    array.setflags(write=False)
    return array
