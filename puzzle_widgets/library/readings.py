"""Runtimes of subblocks as one GPU took them, and the library that they make of another's scores.

A file of readings says how long each attention and each FFN takes for one prefill and for one
decode step, at several batch sizes; ``data/measure_runtimes.py`` writes one. Layers, variants,
parameters and scores are those of an embedded library, which it names.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from puzzle_widgets.library.checks import (
    Location,
    all_of,
    mapping,
    number,
    optional_count,
    sequence,
    short_repr,
    text,
)
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import (
    BlockLibrary,
    BlockVariant,
    Kind,
    Part,
    Provenance,
    SubBlock,
)
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME
from puzzle_widgets.library.rescale import DTYPES, scale_of, with_workload

READINGS = "puzzle-widgets/subblock-runtimes"
VERSION = 1
NON_BLOCK = "non_block"
_MOST_STEPS, _MOST_BATCHES = 131_072, 32
_MIB = 2.0**20
_DIGITS = 4
"""Of a runtime in ms, behind the point: a sum is the same on every machine."""
Block = tuple[str, SubBlock]
"""A part, and which of its subblocks; ``("non_block", ...)`` is what surrounds the layers."""
_OUTSIDE: Block = (NON_BLOCK, SubBlock("other"))
_KINDS: dict[str, Kind] = {"sized": "sized", "linear": "linear", "outer": "other"}


@dataclass
class Times:
    """Milliseconds of one subblock at one batch size."""

    prefill: float | None = None
    decode: dict[int, float] | None = None

    def together(self, prefill: int, decode: int) -> float:
        """One prefill and all decode steps, each interpolated between the cache lengths read."""
        steps = self.decode or {}
        lengths = sorted(steps)
        cached = np.arange(prefill + 1, prefill + decode + 1)
        each = np.interp(cached, lengths, [steps[length] for length in lengths])
        return round(math.fsum([self.prefill or 0.0, *each.tolist()]), _DIGITS)


@dataclass(frozen=True)
class Readings:
    """A file of readings as it was read: the workload, and the runtimes that follow from it.

    Parameters
    ----------
    name, base
        Title for people, and name of the library whose scores and parameters count.
    gpu, dtype, software
        What was measured on, in which number format, and by which versions.
    prefill, decode
        Tokens of a sequence: those given, and those generated.
    non_block_params
        Parameters of what surrounds the layers.
    runtimes
        Milliseconds of the workload, by subblock and batch size.
    """

    name: str
    base: str
    gpu: str
    dtype: str
    software: str
    prefill: int
    decode: int
    non_block_params: int
    runtimes: Mapping[Block, Mapping[int, float]]

    @property
    def batches(self) -> list[int]:
        """Batch sizes at which everything was read."""
        each = [set(sizes) for sizes in self.runtimes.values()]
        return sorted(set.intersection(*each)) if each else []


def read_readings(content: Mapping[str, Any], file: str) -> Readings:
    """Read parsed JSON of this form; refuse what is missing, doubled or no time.

    Raises
    ------
    LibraryError
        Naming the field or the reading, and the fix.
    """
    place = Location(file)
    if content.get("version") != VERSION:
        found = short_repr(content.get("version"))
        place.at(field="version").fail(
            f"version {found} is not supported.", f"Version {VERSION} is."
        )
    words = {name: text(content.get(name), place.at(field=name), f"'{name}'") for name in _WORDS}
    if words["dtype"] not in DTYPES:
        place.at(field="dtype").fail(
            f"{short_repr(words['dtype'])} is not known.", f"One of {', '.join(DTYPES)} is."
        )
    prefill, decode = (_count(content, f"{name}_tokens", place) for name in ("prefill", "decode"))
    if decode > _MOST_STEPS:
        place.at(field="decode_tokens").fail(f"{decode:,} steps.", f"At most {_MOST_STEPS:,} are.")
    times = _times(content, place)
    _check_whole(times, prefill, prefill + decode, place)
    runtimes: defaultdict[Block, dict[int, float]] = defaultdict(dict)
    for (block, batch), one in times.items():
        runtimes[block][batch] = one.together(prefill, decode)
    outside = content.get("non_block_params") or None
    outside = optional_count(outside, place.at(field="non_block_params"))
    return Readings(
        words["name"],
        words["library"],
        words["gpu"],
        words["dtype"],
        words["software"],
        prefill,
        decode,
        outside or 0,
        dict(runtimes),
    )


_WORDS = ("name", "library", "gpu", "dtype", "software")


def _count(content: Mapping[str, Any], name: str, place: Location) -> int:
    here = place.at(field=name)
    found = optional_count(content.get(name), here)
    if found is None:
        here.fail("missing.", "Give a whole number from 1 on.")
    return found


def _times(content: Mapping[str, Any], place: Location) -> dict[tuple[Block, int], Times]:
    """Gather the readings of each subblock at each batch size."""
    found: defaultdict[tuple[Block, int], Times] = defaultdict(Times)
    for line, one in enumerate(sequence(content.get("readings"), place, "'readings'"), 1):
        here = Location(place.file, row=f"reading {line}")
        record = mapping(one, here, "a reading")
        _take(found[_block(record, here), _count(record, "batch_size", here)], record, here)
    if len({batch for _, batch in found}) > _MOST_BATCHES:
        place.fail("too many batch sizes.", f"At most {_MOST_BATCHES} are read.")
    return dict(found)


def _block(record: Mapping[str, Any], place: Location) -> Block:
    part, kind = record.get("part"), _KINDS.get(str(record.get("kind")))
    size = optional_count(record.get("size") or None, place.at(field="size"))
    if part not in ("attention", "ffn", NON_BLOCK) or kind is None:
        said = {name: record.get(name) for name in ("part", "kind", "size")}
        place.fail(
            f"{short_repr(said)} is no subblock.",
            "'part' is attention, ffn or non_block; 'kind' is sized, linear or outer.",
        )
    if (kind == "sized") != (size is not None) or (kind == "other") != (part == NON_BLOCK):
        place.fail("kind, part and size do not fit.", "Only a sized subblock has a size.")
    return str(part), SubBlock(kind, size)


def _take(times: Times, record: Mapping[str, Any], place: Location) -> None:
    here = place.at(field="ms")
    taken = number(record.get("ms"), here)
    if taken <= 0:
        here.fail(f"{taken:g} ms.", "Give a time above 0.")
    if record.get("phase") == "prefill" and times.prefill is None:
        times.prefill = taken
        return
    cached = _count(record, "cached_tokens", place)
    times.decode = times.decode or {}
    if record.get("phase") != "decode" or cached in times.decode:
        place.fail("given twice, or neither prefill nor decode.", "Give each reading once.")
    times.decode[cached] = taken


def _check_whole(
    times: Mapping[tuple[Block, int], Times], first: int, last: int, place: Location
) -> None:
    """Refuse a subblock without its prefill, and a cache that grows beyond what was read."""
    for ((part, subblock), batch), one in times.items():
        what = f"{part} {subblock.size or subblock.kind} at batch {batch:,}"
        if one.prefill is None or not one.decode:
            place.fail(f"{what}: prefill or decode is missing.", "Give both.")
        spans = min(one.decode) <= first + 1 and last <= max(one.decode)
        if part == "attention" and subblock.size and not spans:
            place.fail(
                f"{what}: decode is not read at all cache lengths.",
                f"Give readings from {first + 1:,} to {last:,} cached tokens.",
            )


def with_readings(base: BlockLibrary, found: Readings, file: str) -> BlockLibrary:
    """Give a library these runtimes, and memory in their number format.

    Parameters
    ----------
    base
        Whose layers, parameters and scores it has; it tells weights and KV cache apart.
    found
        The runtimes.
    file
        Where they are from, for errors and as the source.

    Raises
    ------
    LibraryError
        If a subblock of the library was not read.
    """
    batches = _batches(base, found, Location(file))
    own = scale_of(base.measurement).batch
    home = own if own in batches else batches[-1]
    empty = with_workload(
        base,
        batch_size=home,
        prefill=found.prefill,
        generation=found.decode,
        weights_dtype=found.dtype,
        kv_dtype=found.dtype,
    )
    times = _Timed(_columns(found, batches, int(home or 0)), base.keys)
    return replace(
        empty,
        name=found.name,
        layers=tuple(
            replace(one, variants=tuple(map(times.variant, one.variants))) for one in empty.layers
        ),
        measurement=replace(empty.measurement, gpu=found.gpu),
        provenance=Provenance("scores modeled", file, _note(base, found)),
        non_block_costs=FrozenMapping(_outside(found, times.columns)),
        notes=_notes(base, found, batches),
    )


def _batches(base: BlockLibrary, found: Readings, place: Location) -> list[int]:
    parts: tuple[Part, Part] = ("attention", "ffn")
    variants = [variant for layer in base.layers for variant in layer.variants]
    needed = {(part, getattr(one, part)) for one in variants for part in parts}
    missing = [
        f"{part} {one.describe(part)}" for part, one in needed if not _known(part, one, found)
    ]
    if missing or not found.batches:
        what = f"{', '.join(sorted(missing))} not read" if missing else "no batch size read whole"
        place.fail(f"{what}.", f"Give readings of every subblock of {base.name}, at each size.")
    return found.batches


def _known(part: str, one: SubBlock, found: Readings) -> bool:
    return one.kind == "no_op" or (part, one) in found.runtimes


Columns = Mapping[str, Callable[[str, SubBlock], float]]


def _columns(found: Readings, batches: list[int], home: int) -> Columns:
    """The runtime of a subblock by column: that of the library's own batch size, and of each."""

    def at(batch: int) -> Callable[[str, SubBlock], float]:
        return lambda part, one: found.runtimes.get((part, one), {}).get(batch, 0.0)

    return {RUNTIME: at(home), **{f"{RUNTIME}@batch {batch}": at(batch) for batch in batches}}


@dataclass
class _Timed:
    """Gives variants their runtimes; the same two subblocks take the same in every layer."""

    columns: Columns
    order: tuple[str, ...]

    def __post_init__(self) -> None:
        self.known: dict[tuple[SubBlock, SubBlock], dict[str, float]] = {}
        self.keys = tuple(dict.fromkeys((*self.order, *self.columns)))

    def variant(self, one: BlockVariant) -> BlockVariant:
        """Give a variant with its runtimes, in the order of the library's keys."""
        pair = one.attention, one.ffn
        if pair not in self.known:
            self.known[pair] = self._times(*pair)
        values = {**one.values, **self.known[pair]}
        kept = {key: values[key] for key in self.keys if key in values}
        return replace(one, values=FrozenMapping(kept))

    def _times(self, attention: SubBlock, ffn: SubBlock) -> dict[str, float]:
        return {
            key: round(of("attention", attention) + of("ffn", ffn), _DIGITS)
            for key, of in self.columns.items()
        }


def _outside(found: Readings, columns: Columns) -> dict[str, float]:
    """What surrounds the layers: parameters, their memory, and runtimes where they were read."""
    params = float(found.non_block_params)
    costs = {PARAMETERS: params, MEMORY: params * DTYPES[found.dtype] / _MIB}
    costs |= {key: of(*_OUTSIDE) for key, of in columns.items()}
    return {key: cost for key, cost in costs.items() if cost}


def _note(base: BlockLibrary, found: Readings) -> str:
    return (
        f"Scores are modeled, not measured: those of {base.name}. Runtimes are measured on one "
        f"{found.gpu}, each subblock alone, with random weights ({found.software}, {found.dtype}), "
        "not by a serving engine. Parameters and memory are exact."
    )


def _notes(base: BlockLibrary, found: Readings, batches: list[int]) -> tuple[str, ...]:
    sizes = all_of(f"{batch:,}" for batch in batches)
    measured = (
        f"Runtimes are measured on one {found.gpu} at batch {sizes}, each subblock alone, with "
        f"random weights and the kernels of {found.software}: not by a serving engine, and not "
        "with tensor parallelism."
    )
    return (
        f"Scores are modeled, not measured: those of {base.name}, of which no model was run.",
        measured,
        "Parameters and memory are exact for the architecture; activations are not counted.",
    )
