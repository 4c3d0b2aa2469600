"""``subblock_stats.json``: what each part of a block costs, in one workload or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeGuard

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.checks import (
    Location,
    mapping,
    optional_count,
    sequence,
    short_repr,
    tidy,
)
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import PARTS, Measurement, Part
from puzzle_widgets.library.puzzletron.blocks import (
    NO_OP,
    Block,
    RunSubblock,
    Shape,
    canonical,
    part_of_kind,
    read_block,
    read_part,
)
from puzzle_widgets.library.puzzletron.candidates import Candidate, Values, costs_of, layer_number
from puzzle_widgets.library.quantity import COST_GROUP, format_number

_CLASSES: dict[str, Part] = {"AttentionConfig": "attention", "FFNConfig": "ffn"}
_USUAL = ("batch_size", "prefill_seq_len", "generation_seq_len", "weights_dtype")
_DTYPES = ("weights_dtype", "activations_dtype", "kv_cache_dtype")
_DTYPE_WORDS = ("weights", "activations", "KV cache")
_PartKey = tuple[Part, RunSubblock, int | None]
_KV_MEMORY = f"{COST_GROUP}kv_cache_memory_mib"
_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "int8": 1.0, "nvfp4": 1 / 1.7}
_FLOAT8 = "float8"
_CLOSE = 1e-6
_PLAIN = {"kv_heads", "query_heads"}


@dataclass(frozen=True)
class Workload:
    """One way to run the model for which the costs are given.

    Parameters
    ----------
    name
        What tells it from the other workloads, such as ``"batch_size 96"``.
    args
        All its arguments, as the file gives them.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> workload = pw.Workload("batch_size 96", {"batch_size": 96, "prefill_seq_len": 1024})
    >>> workload.fits({"batch_size": 96}), workload.measurement.sequence_length
    (True, 1024)
    """

    name: str
    args: FrozenMapping[str, Any]

    def fits(self, wanted: Mapping[str, Any]) -> bool:
        """Whether its arguments hold all of these."""
        return all(key in self.args and self.args[key] == value for key, value in wanted.items())

    @property
    def measurement(self) -> Measurement:
        """Batch size, prefill and generation together as sequence length, GPU and dtype."""
        lengths = [self.args.get(f"{phase}_seq_len") for phase in ("prefill", "generation")]
        place = Location("the workload's args")
        tokens = [optional_count(n, place) if n else 0 for n in lengths]
        return Measurement(
            optional_count(self.args.get("batch_size"), place.at(field="batch_size")),
            sum(n or 0 for n in tokens) or None,
            tidy(self.args.get("gpu") or "", 200),
            _dtype(self.args),
            tokens[0] or None,
            optional_count(self.args.get("prefill_queue_size") or None, place) or 0,
        )


@dataclass(frozen=True)
class WorkloadStats:
    """The costs of one workload: of parts by layer, of whole blocks, and non-block."""

    workload: Workload
    parts: FrozenMapping[_PartKey, Values]
    blocks: FrozenMapping[tuple[Block, int | None], Values]
    non_block: FrozenMapping[str, float | None]

    def costs(self, block: Block, layer: int) -> Values:
        """Sum a block's costs over its parts, with each subblock's own, and derive counts.

        What a part does not have, the block has not either.
        """
        subblocks = {place: self._of_subblock(block, place, layer) for place in PARTS}
        found: Values = {}
        for key in self.keys:
            mine = {place: subblocks[place].get(key) for place in PARTS}
            found[key] = _sum(list(mine.values()))
            found |= {f"{place}_{key}": value for place, value in mine.items()}
        whole = self.blocks.get((block, layer)) or self.blocks.get((block, None)) or {}
        return found | whole | counts_of(block)

    @cached_property
    def is_timed(self) -> bool:
        """Whether any part has a runtime."""
        return any(values.get("runtime_ms") is not None for values in self.parts.values())

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Costs that any part has."""
        return tuple(dict.fromkeys(key for values in self.parts.values() for key in values))

    def _of_subblock(self, block: Block, place: Part, layer: int) -> Values:
        parts = [subblock for where, subblock in block.parts if where == place]
        values = [self._of_part(place, subblock, layer) for subblock in parts]
        return {key: _sum([found.get(key) for found in values]) for key in self.keys}

    def _of_part(self, place: Part, subblock: RunSubblock, layer: int) -> Values:
        found = self.parts.get((place, subblock, layer))
        if found is None:
            found = self.parts.get((place, subblock, None))
        if found is None and subblock == NO_OP:
            return dict.fromkeys(self.keys, 0.0)
        return found or {}


def counts_of(block: Block) -> Values:
    """What a block has, as numbers that a budget can limit."""
    attention, ffn = block.attention, block.ffn
    attends = attention.kind not in ("no_op", "mamba")
    heads = dict(attention.facts).get("kv_heads", 0) if attends else 0
    experts = dict(ffn.facts).get("experts", 0) if ffn.kind == "moe" else 0
    return {
        "has_attention": float(attends),
        "has_ffn": float(ffn.kind != "no_op"),
        "has_moe": float(ffn.kind == "moe"),
        "not_no_op": float(attention.kind != "no_op" or ffn.kind != "no_op"),
        "num_kv_heads": float(heads),
        "num_local_experts": float(experts),
    }


def read_stats(content: object, shape: Shape, place: Location) -> tuple[WorkloadStats, ...]:
    """Read all workloads of the file, each named by the arguments in which it differs."""
    records = sequence(content if isinstance(content, list) else [content], place, "the file")
    found = [_read_workload(mapping(r, place, "a workload"), shape, place) for r in records]
    names = name_workloads([stats.workload.args for stats in found])
    return tuple(
        replace(stats, workload=replace(stats.workload, name=name))
        for stats, name in zip(found, names, strict=True)
    )


def name_workloads(args: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name workloads by the arguments that differ; one alone by its usual arguments."""
    keys = list(dict.fromkeys(key for found in args for key in found))
    differing = [key for key in keys if len({canonical(found.get(key)) for found in args}) > 1]
    shown_keys = differing or [key for key in _USUAL if key in keys]
    names = [_words(found, shown_keys) for found in args]
    return [
        name if names.count(name) == 1 else f"{name} ({place})"
        for place, name in enumerate(names, 1)
    ]


def choose(workloads: Sequence[Workload], wanted: str | Mapping[str, Any], file: str) -> int:
    """Find the place of the workload asked for, by name or by some of its arguments."""
    names = "; ".join(workload.name for workload in workloads) or "none"
    if not isinstance(wanted, str | Mapping):
        Location(file).fail(
            f"{short_repr(wanted)} names no workload.",
            f"Give a name in text, or arguments by name. There are: {names}.",
        )
    fitting = [i for i, known in enumerate(workloads) if known.name == wanted] or [
        i for i, known in enumerate(workloads) if _is_meant(known, wanted)
    ]
    if len(fitting) == 1:
        return fitting[0]
    count = len(fitting) or "no"
    raise LibraryError(
        f"{Location(file)}: {count} workloads fit {short_repr(wanted)}. There are: {names}. "
        "Name one, or give arguments that only one has."
    )


def _is_meant(workload: Workload, wanted: str | Mapping[str, Any]) -> bool:
    """Whether arguments, or their words such as ``"batch_size 96"``, are a workload's."""
    if not isinstance(wanted, str):
        return workload.fits(wanted)
    words = {part.strip() for part in wanted.replace("=", " ").split(",")}
    return words <= set(workload.name.split(", ")) | {
        f"{key} {_word(value)}" for key, value in workload.args.items()
    }


def _read_workload(record: Mapping[str, Any], shape: Shape, place: Location) -> WorkloadStats:
    args = record.get("args") or {}
    checked = mapping(args, place.at(field="args"), "it") if args else {}
    non_block = record.get("non_block") or {}
    here = place.at(field="non_block")
    parts: dict[_PartKey, Values] = {}
    blocks: dict[tuple[Block, int | None], Values] = {}
    rows = sequence(record.get("subblocks"), place.at(field="subblocks"), "it")
    for row in [*rows, *(record.get("blocks") or [])]:
        _read_row(mapping(row, place.at(field="subblocks"), "a part"), shape, place, parts, blocks)
    return WorkloadStats(
        Workload("", FrozenMapping(checked)),
        FrozenMapping(parts),
        FrozenMapping(blocks),
        FrozenMapping(costs_of(mapping(non_block, here, "it"), here) if non_block else {}),
    )


def _read_row(
    row: Mapping[str, Any],
    shape: Shape,
    file: Location,
    parts: dict[_PartKey, Values],
    blocks: dict[tuple[Block, int | None], Values],
) -> None:
    numbered = row.get("parent_layer_index") not in (None, -1)  # -1 is all layers in version 2
    layer = layer_number(row["parent_layer_index"], file) if numbered else None
    place = file if layer is None else file.at(layer=layer)
    values = costs_of(row, place)
    if "block_config" in row:
        blocks[read_block(row["block_config"], shape, place), layer] = values
        return
    part = _part_of(row, place)
    parts[part, read_part(part, row.get("subblock_config"), shape, place), layer] = values


def _part_of(row: Mapping[str, Any], place: Location) -> Part:
    config = row.get("subblock_config")
    if isinstance(config, Mapping) and "kind" in config:
        return part_of_kind(config["kind"], place)
    named = row.get("subblock_config_class")
    if not isinstance(named, str) or named not in _CLASSES:
        place.at(field="subblock_config_class").fail(
            f"{short_repr(named)} is not supported.", f"Supported are {', '.join(_CLASSES)}."
        )
    return _CLASSES[named]


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _words(args: Mapping[str, Any], keys: Sequence[str]) -> str:
    pairs = ", ".join(f"{key} {_word(args.get(key))}" for key in keys)
    return tidy(pairs, 500) or "the only workload"


def _word(value: object) -> str:
    return tidy(str(value).removeprefix("torch."), 60) or "none"


def _dtype(args: Mapping[str, Any]) -> str:
    names = [tidy(args.get(key) or "", 60).removeprefix("torch.") for key in _DTYPES]
    if len(set(names)) == 1:
        return names[0]
    pairs = zip(_DTYPE_WORDS, names, strict=True)
    return ", ".join(f"{word} {name}" for word, name in pairs if name)


def kv_notes(
    candidates: Sequence[Candidate], args: Mapping[str, Any], config: Mapping[str, Any]
) -> tuple[str, ...]:
    """Say where the parent's KV memory is not what its KV heads and head size give.

    Without ``head_dim`` in the parent's config, or of a block, nothing is said.
    """
    pairs = [
        (found, value, expected)
        for found in candidates
        if found.is_parent and (value := found.values.get(_KV_MEMORY)) is not None
        if (expected := _expected(found, args, config)) is not None
    ]
    wrong = [pair for pair in pairs if abs(pair[1] - pair[2]) > _CLOSE * max(pair[2], 1.0)]
    if not wrong:
        return ()
    found, value, expected = wrong[0]
    whole, right = sum(pair[1] for pair in pairs), sum(pair[2] for pair in pairs)
    heads = f"its {_kv_heads(found)} KV heads of {_head_dim(found, config)}"
    said = (
        f"KV memory does not fit head_dim of the parent's config: layer {found.layer} has "
        f"{format_number(value)} MiB, where {heads} need {format_number(expected)} MiB; in all "
        f"layers of the parent {format_number(whole)} MiB, where {format_number(right)} MiB are "
        "needed. Memory, and limits on it, are off by the difference."
    )
    return (said,)


def _expected(found: Candidate, args: Mapping[str, Any], config: Mapping[str, Any]) -> float | None:
    """KV memory of a block in MiB; ``None`` without a plain attention and all its sizes."""
    subblock = found.block.attention
    width = _bytes(args.get("kv_cache_dtype"))
    sizes = [args.get(key) for key in ("prefill_seq_len", "generation_seq_len", "batch_size")]
    head = _head_dim(found, config)
    plain = subblock.kind == "attention" and {name for name, _ in subblock.facts} <= _PLAIN
    if not plain or width is None or not head or not all(_is_count(size) for size in sizes):
        return None
    prefill, generation, batch = (int(str(size)) for size in sizes)
    queue = args.get("prefill_queue_size") or 0
    tokens = (prefill + generation) * (batch + (int(queue) if _is_count(queue) else 0))
    values = dict(subblock.extra).get("v_head_dim")
    both = head + (values if _is_count(values) else head)
    return float(_kv_heads(found) * both * tokens * width / 2**20)


def _kv_heads(found: Candidate) -> int:
    return int(dict(found.block.attention.facts).get("kv_heads", 0))


def _head_dim(found: Candidate, config: Mapping[str, Any]) -> int:
    """Head size that a block or the config says, 0 where neither does."""
    inner = config.get("text_config")
    said = (
        dict(found.block.attention.extra).get("qk_head_dim"),
        config.get("head_dim"),
        inner.get("head_dim") if isinstance(inner, Mapping) else None,
    )
    return next((value for value in said if _is_count(value)), 0)


def _bytes(dtype: object) -> float | None:
    name = str(dtype).removeprefix("torch.")
    return 1.0 if name.startswith(_FLOAT8) else _BYTES.get(name)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9
