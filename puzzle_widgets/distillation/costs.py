"""Stage ``costs``: parameters, memory and runtime of every subblock, on this machine.

Runtimes are medians over rounds; a round measures every subblock once, so that a disturbance
hits all alike. The spread that is kept is the range of the middle half. One thread computes: with
two, the short steps of so small a model would measure how fast threads wake up.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import torch
from torch import Tensor, nn

from puzzle_widgets.distillation.model import (
    Attention,
    Decoder,
    KVCache,
    count_parameters,
    make_attention,
    make_ffn,
    tensor_bytes,
)
from puzzle_widgets.distillation.presets import ModelShape, Workload, attention_name, ffn_name
from puzzle_widgets.distillation.run import Progress, Run, load_json, machine, save_json

COSTS = "costs.json"
NON_BLOCK = "non-block costs"
MIB = 2**20
_WARM_UP, _STEPS_A_READING = 2, 8


@dataclass(frozen=True)
class Reading:
    """A measured time in ms: median, and the quartiles around it."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, seconds: list[float]) -> Reading:
        """Summarize repeats that were measured in seconds."""
        low, middle, high = statistics.quantiles(
            [1e3 * value for value in seconds], n=4, method="inclusive"
        )
        return cls(round(middle, 6), round(low, 6), round(high, 6))


def measure_costs(run: Run) -> None:
    """Measure all subblocks at all batch sizes; nothing is repeated where the file is there."""
    path = run.folder / COSTS
    if path.exists():
        run.say("costs: already measured")
        return
    workload, shape = run.preset.workload, run.preset.shape
    subblocks = make_subblocks(shape)
    batches = (workload.batch, *workload.other_batches)
    progress = Progress("costs: round", workload.repeats * len(batches), run.say)
    with one_thread():
        runtimes = {
            str(batch): measure_batch(subblocks, shape, workload, batch, progress)
            for batch in batches
        }
        facts = machine()
    report = {
        "machine": facts,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "workload": {"prefill": workload.prefill, "decode": workload.decode},
        "dtype": "float32",
        "sizes": {name: _sizes(module, workload) for name, module in subblocks.items()},
        "runtime_ms": runtimes,
    }
    save_json(report, path)
    run.say(f"costs: {len(subblocks)} subblocks at batch sizes {', '.join(map(str, batches))}")


def read_costs(run: Run) -> dict[str, Any]:
    """Read what was measured.

    Raises
    ------
    BuildError
        If costs are not measured yet.
    """
    return dict(load_json(run.file(COSTS, "costs")))


def make_subblocks(shape: ModelShape) -> dict[str, nn.Module]:
    """Every variant by name, with random weights: only their shapes cost.

    ``NON_BLOCK`` is a model without blocks: embedding, final norm and output layer.
    """
    attention = {attention_name(v): make_attention(shape, v) for v in shape.attention_variants}
    ffn = {ffn_name(v): make_ffn(shape, v) for v in shape.ffn_variants}
    outside: dict[str, nn.Module] = {NON_BLOCK: Decoder(shape, [])}
    return {name: module.eval() for name, module in (outside | attention | ffn).items()}


def kv_cache_bytes(module: nn.Module, batch: int, tokens: int) -> int:
    """Bytes that a subblock caches: ``2 x KV heads x head size x tokens x batch x 4``."""
    if not isinstance(module, Attention):
        return 0
    return 2 * module.kv_heads * module.head_size * tokens * batch * 4


def measure_batch(
    subblocks: dict[str, nn.Module],
    shape: ModelShape,
    workload: Workload,
    batch: int,
    progress: Progress | None = None,
) -> dict[str, dict[str, dict[str, float]]]:
    """Prefill of the whole batch, and one decode step at the mean cache length, of each subblock.

    Returns
    -------
    dict
        By subblock, ``{"prefill": ..., "decode_step": ...}`` with median and quartiles in ms.
    """
    actions = {
        name: (_prefill(module, shape, workload, batch), _decode(module, shape, workload, batch))
        for name, module in subblocks.items()
    }
    seconds: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in actions}
    for place in range(_WARM_UP + workload.repeats):
        for name, (whole, step) in actions.items():
            times = timed(whole), timed(step, _STEPS_A_READING)
            if place >= _WARM_UP:
                seconds[name][0].append(times[0])
                seconds[name][1].append(times[1])
        if place >= _WARM_UP and progress is not None:
            progress.step(f"batch {batch}")
    return {
        name: {"prefill": vars(Reading.of(wholes)), "decode_step": vars(Reading.of(steps))}
        for name, (wholes, steps) in seconds.items()
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread inside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def timed(action: Callable[[], object], times: int = 1) -> float:
    """Seconds of one call, as the mean over some."""
    with torch.inference_mode():
        begin = time.perf_counter()
        for _ in range(times):
            action()
        return (time.perf_counter() - begin) / times


def _prefill(
    module: nn.Module, shape: ModelShape, workload: Workload, batch: int
) -> Callable[[], object]:
    if isinstance(module, Decoder):
        prompts = torch.zeros(batch, workload.prefill, dtype=torch.long)
        return lambda: prefill(module, prompts, [])
    stream = torch.randn(batch, workload.prefill, shape.width)
    cache = _cache(module, batch, workload.tokens)

    def run_prefill() -> object:
        if cache is not None:
            cache.filled = 0
        return module(stream, cache)

    return run_prefill


def _decode(
    module: nn.Module, shape: ModelShape, workload: Workload, batch: int
) -> Callable[[], object]:
    if isinstance(module, Decoder):
        tokens = torch.zeros(batch, 1, dtype=torch.long)
        return lambda: decode_step(module, tokens, [])
    stream = torch.randn(batch, 1, shape.width)
    cache = _cache(module, batch, workload.tokens)

    def run_step() -> object:
        if cache is not None:
            cache.filled = workload.prefill + workload.decode // 2
        return module(stream, cache)

    return run_step


def _cache(module: nn.Module, batch: int, tokens: int) -> KVCache | None:
    return module.new_cache(batch, tokens) if isinstance(module, Attention) else None


def _sizes(module: nn.Module, workload: Workload) -> dict[str, int]:
    return {
        "num_params": count_parameters(module),
        "weight_bytes": tensor_bytes(module),
        "kv_cache_bytes": kv_cache_bytes(module, workload.batch, workload.tokens),
    }


Caches = list[KVCache | None]


def prefill(model: Decoder, prompts: Tensor, caches: Caches) -> Tensor:
    """Read prompts of shape (batch, tokens); gives the first generated tokens, (batch, 1)."""
    for cache in caches:
        if cache is not None:
            cache.filled = 0
    hidden = model.finish(model.embedding(prompts), caches=caches)
    return model.head(hidden[:, -1:]).argmax(dim=-1)


def decode_step(model: Decoder, tokens: Tensor, caches: Caches) -> Tensor:
    """Read the last tokens, (batch, 1); gives the next ones."""
    return model(tokens, caches).argmax(dim=-1)


def generate(model: Decoder, prompts: Tensor, steps: int, caches: Caches) -> Tensor:
    """Greedy generation: the tokens after the prompts, shape (batch, steps + 1)."""
    with torch.inference_mode():
        tokens = [prefill(model, prompts, caches)]
        for _ in range(steps):
            tokens.append(decode_step(model, tokens[-1], caches))
    return torch.cat(tokens, dim=1)


def model_bytes(model: Decoder, workload: Workload) -> int:
    """Bytes of all weights and of the KV caches that a workload fills."""
    caches = model.new_caches(workload.batch, workload.tokens)
    return tensor_bytes(model) + sum(cache.bytes for cache in caches if cache is not None)
