"""Measure on this machine's GPU how long each subblock of Llama-3.3-70B takes.

``python data/measure_runtimes.py OUTPUT`` needs PyTorch and an NVIDIA GPU with 40 GB or more. It
writes a JSON file of readings, which opens as a block library wherever one does: its runtimes are
those read, its scores those of the modeled library. Weights are random: they do not change how
long a matrix product takes.

For each batch size it measures, in bfloat16,

- the **prefill** of 176 tokens a sequence, of all sequences at once, and
- one **decode** step at several lengths of the KV cache, replayed as a CUDA graph.

Each graph runs through copies of the subblock, so that no weight or cache entry is found in the
GPU's own cache from the run before. Subblocks are measured in turn, round after round, in an order
that changes; the median of the rounds is written with the quartiles.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

HIDDEN, QUERY_HEADS, HEAD_SIZE, VOCABULARY = 8192, 64, 128, 128_256
KV_HEADS = (8, 4, 2, 1)
FFN_SIZES = (28672, 25088, 21504, 14336, 7168, 5632, 2816)
PREFILL, DECODE = 176, 1024  # tokens a sequence
LENGTHS = (176, 432, 688, 944, 1200)  # of the KV cache, tokens a sequence
BATCHES = (1, 8, 32, 64, 128, 256)  # sequences
COPIES = 4  # of a subblock in one graph
LEAST_MS = 4.0  # of one reading
DTYPE = torch.bfloat16

Step = Callable[[], Tensor]
Pool = tuple[int, int]


@dataclass(frozen=True)
class Subblock:
    """What is measured: an attention or FFN variant, or what surrounds the layers."""

    part: str  # attention, ffn or non_block
    kind: str  # sized, linear or outer
    size: int = 0  # KV heads or intermediate size

    @property
    def name(self) -> str:
        """A name for the line of progress."""
        return f"{self.part} {self.size or self.kind}"


@dataclass(frozen=True)
class Reading:
    """One thing that is timed, again and again."""

    subblock: Subblock
    phase: str  # prefill or decode
    tokens: int  # in the KV cache, of each sequence
    run: Callable[[], Any]
    times: int  # the subblock is passed in one run

    def milliseconds(self) -> float:
        """Time one pass of the subblock."""
        repeats = 1
        while True:
            taken = timed(self.run, repeats)
            if taken >= LEAST_MS:
                return taken / repeats / self.times
            repeats = 2 * repeats if taken <= 0 else round(repeats * LEAST_MS * 1.3 / taken) + 1


def timed(run: Callable[[], Any], repeats: int) -> float:
    """Give the GPU's milliseconds for so many runs."""
    begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begun.record()
    for _ in range(repeats):
        run()
    ended.record()
    torch.cuda.synchronize()
    return float(begun.elapsed_time(ended))


def subblocks() -> list[Subblock]:
    """List what is measured; a no-op takes no time."""
    sized = [Subblock("attention", "sized", heads) for heads in KV_HEADS]
    sized += [Subblock("ffn", "sized", size) for size in FFN_SIZES]
    linear = [Subblock("attention", "linear"), Subblock("ffn", "linear")]
    return [*sized, *linear, Subblock("non_block", "outer")]


def weights(rows: int, columns: int, device: str) -> Tensor:
    """Give a matrix of random weights."""
    return torch.randn(rows, columns, device=device, dtype=DTYPE).mul_(0.02)


@functools.cache
def kernel(piece: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Compile a piece to one kernel, as servers have it; without a GPU it runs as it stands."""
    if not torch.cuda.is_available():
        return piece
    compiled: Callable[..., Tensor] = torch.compile(piece, dynamic=True)
    return compiled


def rotated(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotate pairs of entries by their position."""
    first, second = heads.chunk(2, dim=-1)
    return heads * cosine + torch.cat((-second, first), dim=-1) * sine


def gated(both: Tensor) -> Tensor:
    """Apply SwiGLU to gate and up projection."""
    gate, up = both.chunk(2, dim=-1)
    return functional.silu(gate) * up


class Attention:
    """Grouped-query attention with its norm, its residual and its KV cache."""

    def __init__(self, heads: int, batch: int, device: str) -> None:
        """Make random weights, and room for the cache."""
        self.heads, self.batch = heads, batch
        self.norm = torch.ones(HIDDEN, device=device, dtype=DTYPE)
        self.inward = weights((QUERY_HEADS + 2 * heads) * HEAD_SIZE, HIDDEN, device)
        self.outward = weights(HIDDEN, QUERY_HEADS * HEAD_SIZE, device)
        shape = (2, batch, heads, max(LENGTHS), HEAD_SIZE)
        self.cache = torch.randn(shape, device=device, dtype=DTYPE)
        angles = torch.rand(max(LENGTHS), HEAD_SIZE, device=device)
        self.cosine, self.sine = angles.cos().to(DTYPE), angles.sin().to(DTYPE)

    def step(self, x: Tensor, cached: int) -> Tensor:
        """Pass tokens of each sequence, of which the last is the cache's last.

        Parameters
        ----------
        x
            Batch x tokens x hidden size.
        cached
            Tokens in the cache after the step.
        """
        tokens = x.shape[1]
        normed = functional.rms_norm(x, (HIDDEN,), self.norm)
        heads = functional.linear(normed, self.inward).view(self.batch, tokens, -1, HEAD_SIZE)
        place = slice(cached - tokens, cached)
        turning, value = heads.transpose(1, 2).split([QUERY_HEADS + self.heads, self.heads], dim=1)
        turned = kernel(rotated)(turning, self.cosine[place], self.sine[place])
        query, key = turned.split([QUERY_HEADS, self.heads], dim=1)
        self.cache[0, :, :, place] = key
        self.cache[1, :, :, place] = value
        seen = functional.scaled_dot_product_attention(
            query,
            self.cache[0, :, :, :cached],
            self.cache[1, :, :, :cached],
            is_causal=tokens > 1,
            enable_gqa=True,
        )
        return x + functional.linear(seen.transpose(1, 2).flatten(2), self.outward)


class Ffn:
    """A gated FFN with its norm and its residual."""

    def __init__(self, size: int, device: str) -> None:
        """Make random weights."""
        self.norm = torch.ones(HIDDEN, device=device, dtype=DTYPE)
        self.inward = weights(2 * size, HIDDEN, device)
        self.outward = weights(HIDDEN, size, device)

    def step(self, x: Tensor, _cached: int) -> Tensor:
        """Pass tokens of each sequence."""
        normed = functional.rms_norm(x, (HIDDEN,), self.norm)
        both = functional.linear(normed, self.inward)
        return x + functional.linear(kernel(gated)(both), self.outward)


class Linear:
    """A single matrix with its norm and its residual."""

    def __init__(self, device: str) -> None:
        """Make random weights."""
        self.norm = torch.ones(HIDDEN, device=device, dtype=DTYPE)
        self.matrix = weights(HIDDEN, HIDDEN, device)

    def step(self, x: Tensor, _cached: int) -> Tensor:
        """Pass tokens of each sequence."""
        return x + functional.linear(functional.rms_norm(x, (HIDDEN,), self.norm), self.matrix)


class Outer:
    """What surrounds the layers: embedding, last norm, output layer, the likeliest token."""

    def __init__(self, device: str) -> None:
        """Make random weights."""
        self.norm = torch.ones(HIDDEN, device=device, dtype=DTYPE)
        self.embedding = weights(VOCABULARY, HIDDEN, device)
        self.output = weights(VOCABULARY, HIDDEN, device)

    def step(self, tokens: Tensor, _cached: int) -> Tensor:
        """Embed the tokens, and find the next one of each sequence."""
        x = functional.embedding(tokens, self.embedding)[:, -1]
        logits = functional.linear(functional.rms_norm(x, (HIDDEN,), self.norm), self.output)
        return logits.argmax(dim=-1)


def made(subblock: Subblock, batch: int, device: str) -> Attention | Ffn | Linear | Outer:
    """Make one copy of a subblock."""
    if subblock.kind == "linear":
        return Linear(device)
    if subblock.part == "non_block":
        return Outer(device)
    if subblock.part == "attention":
        return Attention(subblock.size, batch, device)
    return Ffn(subblock.size, device)


def inputs(subblock: Subblock, batch: int, tokens: int, device: str) -> Tensor:
    """Give what a subblock is passed: token ids or hidden states."""
    if subblock.part == "non_block":
        return torch.randint(VOCABULARY, (batch, tokens), device=device)
    return torch.randn(batch, tokens, HIDDEN, device=device, dtype=DTYPE)


def graph_of(step: Step, pool: Pool) -> Callable[[], Any]:
    """Record a step once; give what replays it. Graphs run one by one, so they share a pool."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        step()

    def replay(_held: Step = step) -> None:  # the graph reads the weights that the step holds
        graph.replay()

    return replay


def through(copies: list[Any], x: Tensor, cached: int, *, outer: bool) -> Step:
    """Give a step through all copies, one after the other as layers are."""

    def step() -> Tensor:
        y = x
        for copy in copies:
            y = copy.step(x if outer else y, cached)
        return y

    return step


def readings(subblock: Subblock, batch: int, device: str, pool: Pool) -> Iterator[Reading]:
    """Prepare what is timed of a subblock at a batch size."""
    outer = subblock.part == "non_block"
    copies = [made(subblock, batch, device) for _ in range(2 if outer else COPIES)]
    lengths = LENGTHS if subblock.part == "attention" and subblock.size else LENGTHS[:1]
    one = inputs(subblock, batch, 1, device)
    for cached in lengths:
        run = graph_of(through(copies, one, cached, outer=outer), pool)
        yield Reading(subblock, "decode", cached, run, len(copies))
    many = inputs(subblock, batch, PREFILL, device)
    prefill = graph_of(through(copies[:1], many, PREFILL, outer=outer), pool)
    yield Reading(subblock, "prefill", PREFILL, prefill, 1)


def measured(batch: int, rounds: int, device: str) -> list[dict[str, Any]]:
    """Measure all subblocks at a batch size."""
    pool = torch.cuda.graph_pool_handle()
    found = [one for block in subblocks() for one in readings(block, batch, device, pool)]
    taken: dict[int, list[float]] = {i: [] for i in range(len(found))}
    for turn in range(rounds + 1):
        order = list(taken)
        random.Random(turn).shuffle(order)  # noqa: S311 - an order, no secret
        for i in order:
            milliseconds = found[i].milliseconds()
            if turn:  # the first round warms up
                taken[i].append(milliseconds)
    return [row(found[i], batch, values) for i, values in taken.items()]


def row(reading: Reading, batch: int, values: list[float]) -> dict[str, Any]:
    """Sum up the rounds of one reading."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    block = reading.subblock
    said = {"part": block.part, "kind": block.kind, "size": block.size, "batch_size": batch}
    figures = {"ms": middle, "lower_quartile_ms": low, "upper_quartile_ms": high}
    rounded = {key: float(f"{value:.6g}") for key, value in figures.items()}
    return {**said, "phase": reading.phase, "cached_tokens": reading.tokens, **rounded}


def head(rounds: int) -> dict[str, Any]:
    """Say what was measured, on what, and how."""
    gpu = torch.cuda.get_device_name()
    return {
        "format": "puzzle-widgets/subblock-runtimes",
        "version": 1,
        "name": f"Llama-3.3-70B on {gpu.removeprefix('NVIDIA ').split()[0]} (scores modeled)",
        "library": "llama-3.3-70b-modeled",
        "gpu": gpu,
        "software": f"PyTorch {torch.__version__.split('+')[0]}, CUDA {torch.version.cuda}",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "dtype": "bfloat16",
        "prefill_tokens": PREFILL,
        "decode_tokens": DECODE,
        "rounds": rounds,
        "copies": COPIES,
        "non_block_params": 2 * VOCABULARY * HIDDEN + HIDDEN,
    }


def file_text(told: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Give the file's text: a line for each fact and for each reading."""
    facts = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in told.items()]
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in rows)
    return "{" + ",\n".join(facts) + f',\n"readings": [\n{lines}]}}\n'


def main() -> None:
    """Measure every batch size, and write what was found after each."""
    parser = argparse.ArgumentParser(description="Measure the runtimes of Llama-3.3-70B's parts.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with torch.inference_mode():
        for batch in asked.batches:
            begun = time.monotonic()
            rows += measured(batch, asked.rounds, "cuda")
            torch.cuda.empty_cache()
            print(f"batch {batch}: {time.monotonic() - begun:.0f} s", flush=True)
            asked.output.write_text(file_text(head(asked.rounds), rows), encoding="utf-8")


if __name__ == "__main__":
    main()
