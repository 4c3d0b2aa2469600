"""A library for another workload: memory is worked out exactly, runtimes are taken or left out.

Memory of a block is its weights and its KV cache. The cache grows with the sequences, their tokens
and the bytes of an entry; weights with their bytes alone. So a library that tells the two apart
holds for any workload; what was measured, such as runtimes, does for its own only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary, Layer, Measurement, once_per_library
from puzzle_widgets.library.newest import Newest
from puzzle_widgets.library.quantity import (
    COST_GROUP,
    MEMORY,
    PARAMETERS,
    RUNTIME,
    format_number,
)
from puzzle_widgets.library.weighted import with_sums

KV_CACHE = f"{COST_GROUP}kv_cache_memory_mib"
DTYPES = {
    "float32": 4.0,
    "bfloat16": 2.0,
    "float16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "nvfp4": 1 / 1.7,
}
"""Number formats and their bytes; of nvfp4 with its scales, as Puzzletron counts them."""
_SAME = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
_MEMORIES = {"", "attention_", "ffn_"}
_FIXED = re.compile(r"num_params|num_kv_heads|intermediate_size|has_|not_no_op|num_local_experts")
_SPLIT_DTYPE = re.compile(r"(weights|KV cache) ([^,]+)")
_MOST, _CLOSE = 10**9, 1e-6
_MIB = 2.0**20


@dataclass(frozen=True)
class Serving:
    """How the model is to be served, where that differs from how its library was measured.

    Parameters
    ----------
    batch_size
        Sequences a batch.
    prefill, generation
        Tokens of a sequence: those given, and those generated.
    weights_dtype, kv_dtype
        Number formats, such as ``"bfloat16"`` and ``"fp8"``.
    non_block_costs
        Non-block costs by dotted key, in the cost's unit, in place of the library's.

    Examples
    --------
    >>> Serving(batch_size=8, kv_dtype="fp8").words
    'batch 8, KV cache fp8'
    """

    batch_size: int | None = None
    prefill: int | None = None
    generation: int | None = None
    weights_dtype: str = ""
    kv_dtype: str = ""
    non_block_costs: FrozenMapping[str, float] = FrozenMapping()

    @property
    def words(self) -> str:
        """Say what differs; empty where nothing does."""
        parts = [f"batch {self.batch_size:,}"] if self.batch_size else []
        parts += [f"prefill {self.prefill:,}"] if self.prefill is not None else []
        parts += [f"generation {self.generation:,}"] if self.generation is not None else []
        parts += [f"weights {self.weights_dtype}"] if self.weights_dtype else []
        parts += [f"KV cache {self.kv_dtype}"] if self.kv_dtype else []
        parts += ["own non-block costs"] if self.non_block_costs else []
        return ", ".join(parts)


AS_MEASURED = Serving()


@dataclass(frozen=True)
class Scale:
    """The workload of a library in the figures that memory follows from; ``None`` is unknown."""

    batch: int | None
    prefill: int | None
    sequence: int | None
    weights_dtype: str
    kv_dtype: str

    @property
    def generation(self) -> int | None:
        """Tokens that are generated."""
        known = self.sequence is not None and self.prefill is not None
        return (self.sequence or 0) - (self.prefill or 0) if known else None

    @property
    def dtype(self) -> str:
        """The formats as a measurement says them."""
        if self.weights_dtype == self.kv_dtype:
            return self.weights_dtype
        return f"weights {self.weights_dtype}, KV cache {self.kv_dtype}"


def scale_of(measurement: Measurement) -> Scale:
    """Read the workload that a library's costs hold for.

    Examples
    --------
    >>> scale_of(Measurement(8, 100, dtype="weights bf16, activations bf16, KV cache fp8")).kv_dtype
    'fp8'
    """
    said = dict(_SPLIT_DTYPE.findall(measurement.dtype))
    whole = "" if said else measurement.dtype
    return Scale(
        measurement.batch_size,
        measurement.prefill_length,
        measurement.sequence_length,
        _plain(said.get("weights", whole)),
        _plain(said.get("KV cache", whole)),
    )


def _plain(dtype: str) -> str:
    """A number format by the name that is used here; one that is not known by its own."""
    name = dtype.strip().removeprefix("torch.").lower()
    name = "fp8" if name.startswith("float8") else name
    return _SAME.get(name, name)


@once_per_library
def why_no_split(library: BlockLibrary) -> str:
    """Say why memory cannot be worked out for another workload; empty where it can.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> why_no_split(pw.load_library("stdlib-2m-measured"))
    ''
    >>> why_no_split(pw.random_library(2, 2))
    'It does not tell the KV cache apart from the weights (stats.kv_cache_memory_mib).'
    """
    if MEMORY not in library.keys or KV_CACHE not in library.keys:
        return f"It does not tell the KV cache apart from the weights ({KV_CACHE})."
    if library.measurement.tokens is None:
        return "It does not say for which batch size and sequence length its costs hold."
    return _beside_weights(library)


def _beside_weights(library: BlockLibrary) -> str:
    """Say which block takes memory that is neither weights nor KV cache, where that is known."""
    size = DTYPES.get(scale_of(library.measurement).weights_dtype)
    if size is None or PARAMETERS not in library.keys:
        return ""
    memory, kv = library.column(MEMORY), library.column(KV_CACHE)
    more = memory - kv - library.column(PARAMETERS) * size / _MIB
    wrong = np.flatnonzero(np.abs(more) > _CLOSE * np.maximum(memory, 1.0))
    if not wrong.size:
        return ""
    place = int(np.searchsorted(library.starts, wrong[0], side="right")) - 1
    return (
        f"Memory is not weights and KV cache alone: in layer {library.layers[place].name}, "
        f"{short_repr(library.variant_names[wrong[0]])} takes {format_number(more[wrong[0]])} MiB "
        "beside them."
    )


def with_workload(
    library: BlockLibrary,
    *,
    batch_size: int | None = None,
    prefill: int | None = None,
    generation: int | None = None,
    weights_dtype: str = "",
    kv_dtype: str = "",
    non_block_costs: Mapping[str, float] | None = None,
) -> BlockLibrary:
    """Give the library for another workload: memory exactly, runtimes only where they are known.

    A runtime or other measured cost of the new workload is taken where the library has it in a
    column of its own, such as ``stats.runtime_ms@batch 8``; else it is left out, with a note, and
    there is no throughput.

    Parameters
    ----------
    library
        One that tells weights and KV cache apart (``stats.kv_cache_memory_mib``).
    batch_size
        Sequences a batch; what is left out stays.
    prefill, generation
        Tokens of a sequence that are given, and that are generated.
    weights_dtype, kv_dtype
        One of ``float32``, ``bfloat16``, ``float16``, ``fp8``, ``int8``, ``nvfp4``.
    non_block_costs
        Non-block costs to have, ``{key: amount}`` in the cost's unit.

    Raises
    ------
    LibraryError
        If the library does not tell the two apart, or a figure makes no sense.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> half = pw.with_workload(library, batch_size=128)
    >>> library.parent_totals["stats.memory_mib"], half.parent_totals["stats.memory_mib"]
    (113281.25, 89281.25)
    >>> half.has_throughput, pw.with_workload(library, batch_size=100).has_throughput
    (True, False)
    """
    costs = FrozenMapping(dict(non_block_costs or {}))
    asked = Serving(batch_size, prefill, generation, weights_dtype, kv_dtype, costs)
    return served(library, asked)


def served(library: BlockLibrary, serving: Serving) -> BlockLibrary:
    """Give the library as :func:`with_workload` does; the library itself where nothing differs."""
    return with_sums(_served(library.plain, serving), library.sums.values())


def _served(library: BlockLibrary, serving: Serving) -> BlockLibrary:
    """Work a library out once for each of the newest workloads."""
    return _made(library).get(serving, lambda: _work_out(library, serving))


@once_per_library
def _made(library: BlockLibrary) -> Newest[Serving, BlockLibrary]:
    del library
    return Newest()


def _work_out(library: BlockLibrary, serving: Serving) -> BlockLibrary:
    before = scale_of(library.measurement)
    after = _scale_after(before, serving)
    found = library if after == before else _rescaled(library, before, after)
    return _with_non_block(found, serving.non_block_costs)


def _scale_after(before: Scale, serving: Serving) -> Scale:
    prefill = _count("prefill", serving.prefill, 0, before.prefill)
    generation = _count("generation", serving.generation, 0, before.generation)
    sequence = before.sequence
    if serving.prefill is not None or serving.generation is not None:
        if prefill is None or generation is None:
            raise LibraryError("Give both prefill= and generation=: the library says only the sum.")
        sequence = prefill + generation
        if not sequence:
            raise LibraryError("prefill=0, generation=0: a sequence needs a token.")
    return Scale(
        _count("batch_size", serving.batch_size, 1, before.batch),
        prefill,
        sequence,
        _format("weights_dtype", serving.weights_dtype, before.weights_dtype),
        _format("kv_dtype", serving.kv_dtype, before.kv_dtype),
    )


def _count(name: str, value: object, least: int, known: int | None) -> int | None:
    if value is None:
        return known
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not least <= int(str(value)) <= _MOST:
        raise LibraryError(f"{name}={short_repr(value)}: give a whole number from {least} on.")
    return int(str(value))


def _format(name: str, value: object, known: str) -> str:
    if value in (None, ""):
        return known
    found = _plain(str(value))
    if found not in DTYPES:
        raise LibraryError(f"{name}={short_repr(value)}: give one of {', '.join(DTYPES)}.")
    if known not in DTYPES:
        raise LibraryError(
            f"{name}={short_repr(value)}: the library does not say a format that is known here, "
            f"but {short_repr(known)}."
        )
    return found


def _rescaled(library: BlockLibrary, before: Scale, after: Scale) -> BlockLibrary:
    if reason := why_no_split(library):
        raise LibraryError(
            f"{library.name}: memory cannot be worked out for another workload. {reason}"
        )
    factors = _factors(library.measurement, before, after)
    alike = replace(before, batch=after.batch) == after  # in all but the batch size
    sized = _of_batch_sizes(library)
    taken = {key: base for key, (base, size) in sized.items() if alike and size == after.batch}
    lost = {} if alike else sized
    kept = [k for k in library.keys if (_stays(k) and k not in lost) or k in taken.values()]
    layers = tuple(_layer(layer, kept, taken, factors) for layer in library.layers)
    outside = {key: library.non_block_cost(key) for key in library.keys}
    costs = _values(outside, kept, taken, factors)
    missing = [key for key in library.keys if key not in (*kept, *taken.values(), *lost)]
    gone = [library.quantity(key).label for key in missing]
    had = [library.quantity(base).label for base in taken.values()]
    measurement = replace(
        library.measurement,
        batch_size=after.batch,
        sequence_length=after.sequence,
        prefill_length=after.prefill,
        dtype=after.dtype,
    )
    return replace(
        library,
        layers=layers,
        measurement=measurement,
        units=FrozenMapping({k: u for k, u in library.units.items() if k in kept or "@" not in k}),
        non_block_costs=FrozenMapping({k: v for k, v in costs.items() if v}),
        notes=(*_notes(library.measurement, measurement, gone, had), *library.notes),
    )


def _factors(measurement: Measurement, before: Scale, after: Scale) -> tuple[float, float]:
    """How weights and KV cache grow."""
    queue = measurement.prefill_queue
    tokens = [((one.batch or 0) + queue) * (one.sequence or 0) for one in (before, after)]
    weights = DTYPES.get(after.weights_dtype, 1.0) / DTYPES.get(before.weights_dtype, 1.0)
    entry = DTYPES.get(after.kv_dtype, 1.0) / DTYPES.get(before.kv_dtype, 1.0)
    return weights, entry * tokens[1] / tokens[0]


def _memory_part(key: str) -> tuple[str, str] | None:
    """Of a memory: whose it is, and whether all or the KV cache alone."""
    name = key.removeprefix(COST_GROUP)
    for kind in ("kv_cache_memory_mib", "memory_mib"):
        if name.endswith(kind) and name.removesuffix(kind) in _MEMORIES:
            return name.removesuffix(kind), kind
    return None


def _stays(key: str) -> bool:
    """Whether a figure holds, or is worked out, in any workload: scores, counts, memory."""
    if not key.startswith(COST_GROUP) or _memory_part(key) is not None or "@" in key:
        return True
    return _FIXED.search(key) is not None and "active" not in key


def _of_batch_sizes(library: BlockLibrary) -> dict[str, tuple[str, int]]:
    """Columns of a batch size, such as ``stats.runtime_ms@batch 8``: what, and the size."""
    sizes = {key: library.quantity(key).batch for key in library.costs}
    return {key: (key.partition("@")[0], size) for key, size in sizes.items() if size is not None}


def known_sizes(library: BlockLibrary) -> list[int]:
    """Batch sizes whose runtimes a library has: its own, and those with columns.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> known_sizes(pw.load_library("llama-3.3-70b-modeled"))
    [1, 8, 32, 64, 128, 256]
    """
    own = library.measurement.batch_size if library.has_throughput else None
    sized = _of_batch_sizes(library).values()
    return sorted({size for base, size in sized if base == RUNTIME} | ({own} if own else set()))


def _layer(
    layer: Layer, kept: list[str], taken: Mapping[str, str], factors: tuple[float, float]
) -> Layer:
    variants = tuple(
        replace(one, values=FrozenMapping(_values(one.values, kept, taken, factors)))
        for one in layer.variants
    )
    return replace(layer, variants=variants)


def _values(
    values: Mapping[str, float],
    kept: list[str],
    taken: Mapping[str, str],
    factors: tuple[float, float],
) -> dict[str, float]:
    found = {key: _scaled(key, values, factors) for key in kept}
    return found | {base: values[column] for column, base in taken.items()}


def _scaled(key: str, values: Mapping[str, float], factors: tuple[float, float]) -> float:
    part = _memory_part(key)
    if part is None:
        return values[key]
    whose, kind = part
    weights, cache = factors
    if kind == "kv_cache_memory_mib":
        return values[key] * cache
    kv = _kv_of(whose, values)
    return (values[key] - kv) * weights + kv * cache


def _kv_of(whose: str, values: Mapping[str, float]) -> float:
    """KV cache of a block or of one of its parts: an FFN has none, unless its own is given."""
    own = values.get(f"{COST_GROUP}{whose}kv_cache_memory_mib")
    if own is not None:
        return own
    return 0.0 if whose == "ffn_" else values.get(KV_CACHE, 0.0)


def _notes(before: Measurement, after: Measurement, gone: list[str], had: list[str]) -> list[str]:
    was, now = (f"batch {m.batch_size} x {m.sequence_length:,} tokens" for m in (before, after))
    formats = f", {after.dtype}" if after.dtype != before.dtype else ""
    said = [f"Memory is worked out for {now}{formats}; the library holds for {was}."]
    if had:
        said.append(f"Known for this batch size: {', '.join(had)}.")
    if gone:
        said.append(f"Not known for this workload, and left out: {', '.join(gone)}.")
    if formats:
        said.append(f"Scores stay those of {before.dtype}.")
    return said


def _with_non_block(library: BlockLibrary, costs: Mapping[str, float]) -> BlockLibrary:
    for key, amount in costs.items():
        if key not in library.costs:
            known = ", ".join(library.costs)
            raise LibraryError(f"A non-block cost of {short_repr(key)}: there are {known}.")
        number: Any = amount
        real = isinstance(number, int | float) and not isinstance(number, bool)
        if not real or not 0 <= number < math.inf:
            raise LibraryError(
                f"A non-block cost of {key}: {short_repr(amount)}. Give an amount, 0 or more."
            )
    if not costs:
        return library
    joined = {**library.non_block_costs, **{key: float(one) for key, one in costs.items()}}
    return replace(library, non_block_costs=FrozenMapping({k: v for k, v in joined.items() if v}))


def serving_out(serving: Serving) -> dict[str, Any]:
    """Write what differs for JSON."""
    found = {one.name: getattr(serving, one.name) for one in fields(serving)}
    found["non_block_costs"] = dict(serving.non_block_costs)
    return {name: value for name, value in found.items() if value not in (None, "", {})}


def serving_in(found: Mapping[str, Any]) -> Serving:
    """Read what :func:`serving_out` wrote; what makes no sense is refused when it is used."""
    costs = FrozenMapping(dict(found.get("non_block_costs") or {}))
    rest = {one.name: found[one.name] for one in fields(Serving) if one.name in found}
    return Serving(**{**rest, "non_block_costs": costs})
