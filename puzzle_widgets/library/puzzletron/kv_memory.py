"""Whether the KV memory of a run fits the head size that the parent's config says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from puzzle_widgets.library.puzzletron.candidate import Candidate
from puzzle_widgets.library.quantity import COST_GROUP, format_number

_KV_MEMORY = f"{COST_GROUP}kv_cache_memory_mib"
_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "int8": 1.0, "nvfp4": 1 / 1.7}
_FLOAT8 = "float8"
_CLOSE = 1e-6
_PLAIN = {"kv_heads", "query_heads"}


def kv_notes(
    candidates: Sequence[Candidate], args: Mapping[str, Any], config: Mapping[str, Any]
) -> tuple[str, ...]:
    """Say where the parent's KV memory is not what its KV heads and head size give.

    Parameters
    ----------
    candidates
        The blocks, with ``stats.kv_cache_memory_mib``.
    args
        Arguments of the workload.
    config
        The parent's config. Without ``head_dim`` in it, here or of a block, nothing is said.
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
